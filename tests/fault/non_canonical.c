/* An address that no page can have: the kernel names no address. */
#include "fault.h"

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)context;
	say("signal %d, code %s, address %p\n", signal, info->si_code == SI_KERNEL ? "SI_KERNEL" : "another",
	    info->si_addr);
	_exit(3);
}

int main(void)
{
	handle(SIGSEGV, handler, 0);
	return *nowhere(0x8000000000000000);
}
