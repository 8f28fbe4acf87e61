/* A constructor that runs before that of a preloaded library. */
#include "fault.h"

int early;

__attribute__((constructor)) static void begin(void)
{
	struct sigaction old;

	early = 1 + (sigaction(SIGSEGV, NULL, &old) == 0);
}
