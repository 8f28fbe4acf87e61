/* SA_RESETHAND: the second fault meets the default action. */
#include "fault.h"

static void handler(int signal, siginfo_t *info, void *context)
{
	struct sigaction now;

	(void)info, (void)context;
	sigaction(signal, NULL, &now);
	say("first; now %s\n", now.sa_handler == SIG_DFL ? "SIG_DFL" : "something else");
}

int main(void)
{
	handle(SIGSEGV, handler, (int)SA_RESETHAND);
	fault();
	say("not reached\n");
}
