/* A handler that jumps out, a thousand times. */
#include "fault.h"

static sigjmp_buf out;
static volatile int faults;

static void handler(int signal)
{
	faults += signal == SIGSEGV;
	siglongjmp(out, 1);
}

int main(void)
{
	sigset_t now;

	signal(SIGSEGV, handler);
	for (volatile int i = 0; i < 1000; i++) {
		if (sigsetjmp(out, 1) == 0) {
			fault();
		}
	}
	sigprocmask(SIG_BLOCK, NULL, &now);
	say("%d faults, SIGSEGV %s\n", faults, sigismember(&now, SIGSEGV) ? "blocked" : "not blocked");
}
