/* A fault cannot be ignored. */
#include "fault.h"

int main(void)
{
	signal(SIGSEGV, SIG_IGN);
	fault();
	say("not reached\n");
}
