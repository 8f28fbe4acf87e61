/* A fault in another signal's handler. */
#include "fault.h"

static char *page;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info, (void)context;
	say("fault\n");
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}

static void on_user(int signal)
{
	(void)signal;
	say("before\n");
	*(volatile char *)page = 7;
	say("after, %d\n", *page);
}

int main(void)
{
	page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	handle(SIGSEGV, on_fault, 0);
	signal(SIGUSR1, on_user);
	raise(SIGUSR1);
}
