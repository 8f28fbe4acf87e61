/* What is blocked in the handler, and afterwards. */
#include "fault.h"

static void show(const char *when)
{
	static const int signals[] = {SIGUSR1, SIGUSR2, SIGTERM, SIGSEGV, SIGBUS};
	sigset_t now;

	sigprocmask(SIG_BLOCK, NULL, &now);
	say("%s:", when);
	for (size_t i = 0; i < 5; i++) {
		if (sigismember(&now, signals[i])) {
			say(" %s", sigabbrev_np(signals[i]));
		}
	}
	say("\n");
}

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info, (void)context;
	show("inside");
}

int main(void)
{
	struct sigaction a = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
	sigset_t mine;

	sigemptyset(&mine);
	sigaddset(&mine, SIGUSR2);
	sigprocmask(SIG_SETMASK, &mine, NULL);
	sigaddset(&a.sa_mask, SIGUSR1);
	sigaddset(&a.sa_mask, SIGTERM);
	sigaction(SIGSEGV, &a, NULL);
	show("before");
	raise(SIGSEGV);
	show("after");
	a.sa_flags |= SA_NODEFER;
	sigaction(SIGSEGV, &a, NULL);
	raise(SIGSEGV);
}
