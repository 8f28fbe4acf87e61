/* System V's SIG_HOLD blocks, a handler unblocks, and nobody sees a handler that is not the program's. */
#include "fault.h"

/* Programs still call sigset, which glibc deprecates. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static void mine(int signal)
{
	(void)signal;
}

static const char *name(__sighandler_t h)
{
	return h == SIG_DFL ? "SIG_DFL" : h == SIG_HOLD ? "SIG_HOLD" : h == mine ? "mine" : "foreign";
}

static const char *blocked(void)
{
	sigset_t now;

	sigprocmask(SIG_BLOCK, NULL, &now);
	return sigismember(&now, SIGSEGV) ? "blocked" : "not blocked";
}

int main(void)
{
	__sighandler_t was = sigset(SIGSEGV, mine);

	say("%s, %s\n", name(was), blocked());
	was = sigset(SIGSEGV, SIG_HOLD);
	say("%s, %s\n", name(was), blocked());
	was = sigset(SIGSEGV, SIG_HOLD);
	say("%s, %s\n", name(was), blocked());
	was = sigset(SIGSEGV, SIG_DFL);
	say("%s, %s\n", name(was), blocked());
}
