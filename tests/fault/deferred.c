/* Without SA_NODEFER the signal waits until the handler is left. */
#include "fault.h"

static volatile int times, inside;

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)info, (void)context;
	say("enter %d, %d inside\n", ++times, inside++);
	if (times < 3) {
		raise(signal);
	}
	inside--;
}

int main(void)
{
	handle(SIGSEGV, handler, 0);
	raise(SIGSEGV);
}
