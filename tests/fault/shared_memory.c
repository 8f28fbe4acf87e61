/* Shared mappings of the size of a cache are the program's own. */
#include "fault.h"

enum { BYTES = 16 << 20 };

static void check(const char *what, int right)
{
	say("%s: %s\n", what, right ? "yes" : "no");
}

static char *map(int more)
{
	return mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | more, -1, 0);
}

int main(void)
{
	char *p = map(0), *q;
	unsigned char there;

	p[0] = 1;
	if (fork() == 0) {
		p[BYTES - 1] = 2;
		_exit(0);
	}
	wait(NULL);
	check("a child's write is seen", p[BYTES - 1] == 2);
	q = mremap(p, BYTES, 2 * BYTES, MREMAP_MAYMOVE);
	check("grows", q != MAP_FAILED && q[0] == 1 && q[BYTES - 1] == 2);
	check("part of it goes", munmap(q + PAGE, PAGE) == 0 && mincore(q + PAGE, PAGE, &there) == -1 && errno == ENOMEM);
	check("the rest stays", q[0] == 1 && q[2 * PAGE] == 0);
	check("part is closed", mprotect(q + 8 * PAGE, PAGE, PROT_NONE) == 0 && write(-1, q, 1) == -1 && errno == EBADF);
	check("is opened", mprotect(q + 8 * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0 && q[8 * PAGE] == 0);
	check("all of it goes", munmap(q, 2 * BYTES) == 0 && mincore(q, PAGE, &there) == -1);
	p = mmap((void *)0x600000000000, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
	         -1, 0);
	check("is where it was wanted", p == (char *)0x600000000000);
	check("is not put over another",
	      mmap(p, BYTES, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED &&
	          errno == EEXIST);
	check("zero bytes are refused",
	      mmap(NULL, 0, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
	check("an end that is none is refused", munmap(p + 1, PAGE) == -1 && errno == EINVAL);
	p = map(MAP_HUGETLB);
	check("huge pages as the kernel says", p != MAP_FAILED ? munmap(p, BYTES) == 0 : errno == ENOMEM);
}
