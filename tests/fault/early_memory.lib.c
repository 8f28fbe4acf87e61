/* A constructor that runs before that of a preloaded library. */
#include "fault.h"

int early;

__attribute__((constructor)) static void begin(void)
{
	early =
	    1 + (munmap(mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), 64 << 20) == 0);
}
