/* A fault that nobody handles. */
#include "fault.h"

int main(void)
{
	fault();
	say("not reached\n");
}
