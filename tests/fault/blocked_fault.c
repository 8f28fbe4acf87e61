/* A fault while the signal is blocked ends the process, handler or not. */
#include "fault.h"

static void handler(int signal)
{
	say("handler %d\n", signal);
	_exit(1);
}

int main(void)
{
	sigset_t s;

	signal(SIGSEGV, handler);
	sigemptyset(&s);
	sigaddset(&s, SIGSEGV);
	sigprocmask(SIG_BLOCK, &s, NULL);
	fault();
}
