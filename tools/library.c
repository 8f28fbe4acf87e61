/* libopsan.so: where it is, and whether it can be preloaded on this machine at all. */
#include "refuse.h"

#include "message.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* LD_PRELOAD separates by colons and blanks and has no way to quote them. */
static char *accept(char *path)
{
	if (strpbrk(path, ": \t\n") == NULL)
		return path;
	message_print("%s: LD_PRELOAD cannot hold a path with a blank or a colon; move opsan, or set OPSAN_LIBRARY to a "
	              "symbolic link elsewhere",
	              path);
	free(path);
	return NULL;
}

char *refuse_library(void)
{
	static const char *const places[] = {"libopsan.so", "../lib/libopsan.so", "../lib/opsan/libopsan.so"};
	const char *given = getenv("OPSAN_LIBRARY");
	char own[PATH_MAX], path[PATH_MAX + 64];
	if (given != NULL && *given != '\0') {
		char *found = realpath(given, NULL);
		if (found != NULL)
			return accept(found);
		message_print("%s: OPSAN_LIBRARY names it, but: %s; unset OPSAN_LIBRARY or correct it", given, strerror(errno));
		return NULL;
	}
	ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
	own[length < 0 ? 0 : length] = '\0';
	char *slash = strrchr(own, '/');
	if (slash != NULL)
		slash[1] = '\0';
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		snprintf(path, sizeof path, "%s%s", own, places[i]);
		char *found = realpath(path, NULL);
		if (found != NULL)
			return accept(found);
	}
	message_print("libopsan.so: not found beside opsan (%s), nor in ../lib or ../lib/opsan; install it there, or set "
	              "OPSAN_LIBRARY to its path",
	              own);
	return NULL;
}

static _Noreturn void run_trial(const char *library, int errors)
{
	char own[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
	own[length < 0 ? 0 : length] = '\0';
	char *const arguments[] = {own, (char[]){TRIAL_ARGUMENT}, NULL};
	dup2(errors, STDERR_FILENO);
	setenv("LD_PRELOAD", library, 1);
	unsetenv("OPSAN_OPTIONS"); /* the trial must not write into the record of the run */
	execv(own, arguments);
	_exit(STATUS_NOT_FOUND);
}

/* Reads what the trial says, the first line of it at most. */
static void read_errors(int from, char *text, size_t room)
{
	size_t length = 0;
	char rest[256];
	for (;;) {
		bool full = length + 1 >= room;
		/* cppcheck-suppress legacyUninitvar ; read() only writes to it */
		ssize_t got = read(from, full ? rest : text + length, full ? sizeof rest : room - 1 - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (!full)
			length += (size_t)got;
	}
	text[length] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

bool refuse_failing_library(const char *library)
{
	int ends[2], status = 0;
	char errors[512];
	if (pipe(ends) != 0)
		return true; /* nothing was learnt; the command itself will tell */
	pid_t child = fork();
	if (child == 0)
		run_trial(library, ends[1]);
	close(ends[1]);
	read_errors(ends[0], errors, sizeof errors);
	close(ends[0]);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return true;
	if (status == 0 && strstr(errors, "cannot be preloaded") == NULL)
		return true;
	message_print(
	    "%s: a program that does nothing fails with it preloaded%s%s; install what it needs (see \"ldd %s\"), or "
	    "use the build for this system",
	    library, errors[0] != '\0' ? ": " : "", errors, library);
	return false;
}
