/* Sent by the thread to itself: it does not come again by itself. */
#include "fault.h"

int main(void)
{
	raise(SIGSEGV);
	say("not reached\n");
}
