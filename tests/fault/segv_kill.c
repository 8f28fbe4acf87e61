/* Sent by another process. */
#include "fault.h"

int main(void)
{
	pid_t parent = getpid();

	if (fork() == 0) {
		kill(parent, SIGSEGV);
		_exit(0);
	}
	sleep(5);
	say("not reached\n");
}
