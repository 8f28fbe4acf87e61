/* A library whose constructor comes before everybody else's uses what opsan stands in front of.
 * cc: -Llib -learly_memory -Wl,-rpath,$ORIGIN/lib */
#include "fault.h"

extern int early;

int main(void)
{
	say("%d\n", early);
	fault();
}
