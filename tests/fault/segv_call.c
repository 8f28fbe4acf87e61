/* A call to nowhere. */
#include "fault.h"

int main(void)
{
	void (*f)(void);
	volatile char *p = nowhere(0);

	memcpy(&f, &p, sizeof f);
	f();
	say("not reached\n");
}
