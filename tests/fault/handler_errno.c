/* What a handler does to errno is what the program finds in it. */
#include "fault.h"

static void handler(int signal)
{
	(void)signal;
	errno = ENOTTY;
}

int main(void)
{
	signal(SIGSEGV, handler);
	errno = EILSEQ;
	kill(getpid(), SIGSEGV);
	say("errno %s\n", name_of(errno));
}
