/* An ignored signal interrupts nothing. */
#include "fault.h"

int main(void)
{
	pid_t parent = getpid(), child;
	struct timespec t = {.tv_nsec = 400000000};

	signal(SIGSEGV, SIG_IGN);
	child = fork();
	if (child == 0) {
		usleep(100000);
		kill(parent, SIGSEGV);
		_exit(0);
	}
	say("nanosleep %s\n", nanosleep(&t, NULL) == 0 ? "to its end" : name_of(errno));
	waitpid(child, NULL, 0);
}
