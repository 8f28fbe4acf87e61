/* A handler gets what the kernel knows. */
#include "fault.h"

static void handler(int signal, siginfo_t *info, void *context)
{
	say("signal %d, code %s, address %p, context %s\n", signal,
	    info->si_code == SEGV_MAPERR ? "SEGV_MAPERR" : "another", info->si_addr, context ? "there" : "missing");
	_exit(3);
}

int main(void)
{
	handle(SIGSEGV, handler, 0);
	fault();
}
