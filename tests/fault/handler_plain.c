/* A handler without SA_SIGINFO; errno is the program's own when it is back. */
#include "fault.h"

static char *page;

static void handler(int signal)
{
	say("signal %d\n", signal);
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
	errno = 0;
}

int main(void)
{
	struct sigaction a = {.sa_handler = handler};

	page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigaction(SIGSEGV, &a, NULL);
	*(volatile char *)page = 1;
	say("repeated\n");
}
