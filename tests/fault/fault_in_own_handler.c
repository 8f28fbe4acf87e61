/* A fault in the SIGSEGV handler, which is blocked there, ends the process. */
#include "fault.h"

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info, (void)context;
	say("handler\n");
	fault();
}

int main(void)
{
	handle(SIGSEGV, handler, 0);
	fault();
}
