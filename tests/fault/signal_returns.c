/* The older functions return the handler before, and set what their manual pages say. */
#include "fault.h"

/* Programs still call sigset, which glibc deprecates. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

__sighandler_t bsd_signal(int signal, __sighandler_t handler);
__sighandler_t sysv_signal(int signal, __sighandler_t handler);
static void one(int signal)
{
	(void)signal;
}
static void two(int signal)
{
	(void)signal;
}

static const char *name(__sighandler_t h)
{
	return h == SIG_DFL   ? "SIG_DFL"
	       : h == SIG_IGN ? "SIG_IGN"
	       : h == SIG_ERR ? "SIG_ERR"
	       : h == one     ? "one"
	       : h == two     ? "two"
	                      : "foreign";
}

static void show(const char *function, __sighandler_t was)
{
	struct sigaction now;

	sigaction(SIGSEGV, NULL, &now);
	say("%s: was %s, now %s, flags %x\n", function, name(was), name(now.sa_handler),
	    (unsigned)now.sa_flags & 0xf8000007);
}

int main(void)
{
	show("signal", signal(SIGSEGV, one));
	show("bsd_signal", bsd_signal(SIGSEGV, two));
	show("sysv_signal", sysv_signal(SIGSEGV, one));
	show("ssignal", ssignal(SIGSEGV, two));
	show("sigset", sigset(SIGSEGV, SIG_IGN));
	show("signal", signal(SIGSEGV, SIG_DFL));
	errno = 0;
	show("signal", signal(SIGSEGV, SIG_ERR));
	say("errno %s\n", name_of(errno));
}
