/* What is ignored stays ignored in a program that is executed. */
#include "fault.h"

int main(int argc, char **argv)
{
	struct sigaction now;

	if (argc == 1) {
		signal(SIGSEGV, SIG_IGN);
		execl(argv[0], argv[0], "executed", (char *)NULL);
	}
	sigaction(SIGSEGV, NULL, &now);
	say("%s\n", now.sa_handler == SIG_IGN ? "SIG_IGN" : now.sa_handler == SIG_DFL ? "SIG_DFL" : "foreign");
	kill(getpid(), SIGSEGV);
	say("still here\n");
}
