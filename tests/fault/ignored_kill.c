/* Ignored signals that are sent do nothing. */
#include "fault.h"

int main(void)
{
	signal(SIGSEGV, SIG_IGN);
	signal(SIGBUS, SIG_IGN);
	kill(getpid(), SIGSEGV);
	raise(SIGBUS);
	sigqueue(getpid(), SIGSEGV, (union sigval){.sival_int = 1});
	say("still here\n");
}
