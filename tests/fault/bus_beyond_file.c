/* Memory behind the end of its file. */
#include "fault.h"

int main(void)
{
	int fd = memfd_create("one page", 0);
	volatile char *p;

	ftruncate(fd, PAGE);
	p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	say("within %d\n", p[PAGE - 1]);
	say("beyond %d\n", p[PAGE]);
}
