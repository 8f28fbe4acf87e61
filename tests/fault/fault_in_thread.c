/* Faults in several threads at a time, each handled in its own. */
#include "fault.h"

static char *pages;
static __thread volatile uintptr_t expected;
static _Atomic int right, wrong;

static void handler(int signal, siginfo_t *info, void *context)
{
	char *page = pages + ((char *)info->si_addr - pages) / PAGE * PAGE;

	(void)signal, (void)context;
	*((uintptr_t)info->si_addr == expected ? &right : &wrong) += 1;
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}

static void *run(void *start)
{
	for (size_t i = 0; i < 100; i++) {
		expected = (uintptr_t)start + i * PAGE;
		*(volatile char *)expected = 1;
	}
	return NULL;
}

int main(void)
{
	pthread_t t[8];

	pages = mmap(NULL, 800 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	handle(SIGSEGV, handler, 0);
	for (size_t i = 0; i < 8; i++) {
		pthread_create(&t[i], NULL, run, pages + i * 100 * PAGE);
	}
	for (size_t i = 0; i < 8; i++) {
		pthread_join(t[i], NULL);
	}
	say("%d right, %d wrong\n", right, wrong);
}
