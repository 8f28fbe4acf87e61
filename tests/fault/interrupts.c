/* SA_RESTART decides whether a read goes on. */
#include "fault.h"

static void handler(int signal)
{
	(void)signal;
}

static void read_under(int flags)
{
	struct sigaction a = {.sa_handler = handler, .sa_flags = flags};
	pid_t parent = getpid(), child;
	int ends[2];
	char byte;
	ssize_t n;

	sigaction(SIGSEGV, &a, NULL);
	pipe(ends);
	child = fork();
	if (child == 0) {
		usleep(100000);
		kill(parent, SIGSEGV);
		usleep(100000);
		write(ends[1], "x", 1);
		_exit(0);
	}
	n = read(ends[0], &byte, 1);
	say("%s\n", n == 1 ? "read" : name_of(errno));
	waitpid(child, NULL, 0);
}

int main(void)
{
	read_under(0);
	read_under(SA_RESTART);
}
