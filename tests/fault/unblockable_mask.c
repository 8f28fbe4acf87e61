/* SIGKILL cannot be blocked, and is not in the mask that comes back. */
#include "fault.h"

int main(void)
{
	struct sigaction a = {.sa_handler = SIG_IGN}, now;

	sigfillset(&a.sa_mask);
	sigaction(SIGSEGV, &a, NULL);
	sigaction(SIGSEGV, NULL, &now);
	say("KILL %d STOP %d USR1 %d\n", sigismember(&now.sa_mask, SIGKILL), sigismember(&now.sa_mask, SIGSTOP),
	    sigismember(&now.sa_mask, SIGUSR1));
}
