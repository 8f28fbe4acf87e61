/* SA_NODEFER: the handler is entered again inside of itself. */
#include "fault.h"

static volatile int depth;

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)info, (void)context;
	say("enter %d\n", ++depth);
	if (depth < 3) {
		raise(signal);
	}
	say("leave %d\n", depth--);
}

int main(void)
{
	handle(SIGSEGV, handler, SA_NODEFER);
	raise(SIGSEGV);
}
