/* What sigaction returns as the old action is the program's own. */
#include "fault.h"

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info, (void)context;
}

static void show(const char *when, const struct sigaction *a)
{
	enum { SA_RESTORER_OF_LIBC = 0x04000000 };

	say("%s: %s, flags %x, mask%s%s%s\n", when,
	    a->sa_handler == SIG_DFL     ? "SIG_DFL"
	    : a->sa_handler == SIG_IGN   ? "SIG_IGN"
	    : a->sa_sigaction == handler ? "mine"
	                                 : "foreign",
	    (unsigned)a->sa_flags & ~(unsigned)SA_RESTORER_OF_LIBC, sigismember(&a->sa_mask, SIGUSR1) ? " USR1" : "",
	    sigismember(&a->sa_mask, SIGSEGV) ? " SEGV" : "", sigismember(&a->sa_mask, SIGKILL) ? " KILL" : "");
}

int main(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS};
	struct sigaction a = {.sa_sigaction = handler, .sa_flags = (int)(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND)}, old;

	sigaddset(&a.sa_mask, SIGUSR1);
	for (int i = 0; i < 2; i++) {
		sigaction(signals[i], NULL, &old);
		show("at first", &old);
		sigaction(signals[i], &a, &old);
		show("replaced", &old);
		sigaction(signals[i], NULL, &old);
		show("asked", &old);
		signal(signals[i], SIG_IGN);
		sigaction(signals[i], &a, &old);
		show("ignored", &old);
		sigaction(signals[i], &(struct sigaction){.sa_handler = SIG_DFL}, &old);
		show("at last", &old);
	}
}
