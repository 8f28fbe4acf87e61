/* A blocked signal is waited for. */
#include "fault.h"

int main(void)
{
	struct timespec t = {.tv_sec = 5};
	siginfo_t info;
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, SIGSEGV);
	sigprocmask(SIG_BLOCK, &s, NULL);
	sigqueue(getpid(), SIGSEGV, (union sigval){.sival_int = 9});
	say("signal %d", sigtimedwait(&s, &info, &t));
	say(", value %d\n", info.si_value.sival_int);
}
