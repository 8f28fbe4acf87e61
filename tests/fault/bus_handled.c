/* The same with a handler: both signals have their own. */
#include "fault.h"

static char *page;

static void on_bus(int signal, siginfo_t *info, void *context)
{
	(void)context;
	say("signal %d, code %s, page %ld\n", signal, info->si_code == BUS_ADRERR ? "BUS_ADRERR" : "another",
	    ((char *)info->si_addr - page) / PAGE);
	_exit(3);
}

static void on_segv(int signal)
{
	say("wrong handler for %d\n", signal);
	_exit(1);
}

int main(void)
{
	int fd = memfd_create("one page", 0);

	signal(SIGSEGV, on_segv);
	handle(SIGBUS, on_bus, 0);
	ftruncate(fd, PAGE);
	page = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	return ((volatile char *)page)[PAGE];
}
