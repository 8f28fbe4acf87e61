/* A handler that repairs the page and returns: the instruction is repeated. */
#include "fault.h"

static char *pages;

static void handler(int signal, siginfo_t *info, void *context)
{
	char *page = pages + ((char *)info->si_addr - pages) / PAGE * PAGE;

	(void)signal, (void)context;
	say("page %ld, code %s\n", (page - pages) / PAGE, info->si_code == SEGV_ACCERR ? "SEGV_ACCERR" : "another");
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}

int main(void)
{
	pages = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	handle(SIGSEGV, handler, 0);
	for (int i = 3; i >= 0; i--) {
		((volatile char *)pages)[i * PAGE + 5] = (char)i;
	}
	say("%d %d\n", pages[5], pages[3 * PAGE + 5]);
}
