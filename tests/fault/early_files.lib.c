/* A constructor that runs before that of a preloaded library. */
#include "fault.h"

int early;

__attribute__((constructor)) static void begin(void)
{
	early = 1 + (close(open("/dev/null", O_WRONLY)) == 0);
}
