/* Sent with a value: a handler sees it, the default action ends the process. */
#include "fault.h"

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)context;
	say("signal %d, code %d, value %d, from %s\n", signal, info->si_code, info->si_value.sival_int,
	    info->si_pid == getpid() ? "myself" : "somebody else");
}

int main(void)
{
	handle(SIGSEGV, handler, 0);
	sigqueue(getpid(), SIGSEGV, (union sigval){.sival_int = 42});
	signal(SIGSEGV, SIG_DFL);
	sigqueue(getpid(), SIGSEGV, (union sigval){.sival_int = 43});
	say("not reached\n");
}
