/* Children of every kind keep working. */
#include "fault.h"

#include <spawn.h>

static void handler(int signal)
{
	say("handler %d\n", signal);
	_exit(4);
}

static void wait_for(const char *what, pid_t child)
{
	int status;

	waitpid(child, &status, 0);
	if (WIFSIGNALED(status)) {
		say("%s: signal %d\n", what, WTERMSIG(status));
	} else {
		say("%s: exit %d\n", what, WEXITSTATUS(status));
	}
}

int main(int argc, char **argv)
{
	extern char **environ;
	char *again[] = {argv[0], "executed", NULL};
	pid_t child;

	if (argc > 1) {
		fault();
	}
	signal(SIGSEGV, handler);
	if ((child = fork()) == 0) {
		fault();
	}
	wait_for("fork", child);
	if ((child = fork()) == 0) {
		execv(argv[0], again);
	}
	wait_for("fork and exec", child);
	if ((child = vfork()) == 0) {
		execv(argv[0], again);
		_exit(127);
	}
	wait_for("vfork and exec", child);
	posix_spawn(&child, argv[0], NULL, NULL, again, environ);
	wait_for("posix_spawn", child);
	say("system: %d\n", WEXITSTATUS(system("exit 9")));
}
