/* A child that was forked while another thread gave memory back can do so itself. */
#include "fault.h"

static _Atomic int done;

static void *run(void *unused)
{
	while (!done) {
		munmap(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), PAGE);
	}
	return unused;
}

int main(void)
{
	pthread_t t[2];
	int status = 0;

	pthread_create(&t[0], NULL, run, NULL);
	pthread_create(&t[1], NULL, run, NULL);
	for (int i = 0; i < 1000 && status == 0; i++) {
		pid_t child = fork();
		if (child == 0) {
			alarm(3);
			munmap(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), PAGE);
			_exit(0);
		}
		waitpid(child, &status, 0);
	}
	done = 1;
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	say("%s\n", status == 0 ? "all children ended" : "a child hung");
}
