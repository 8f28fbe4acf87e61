#include "run.h"

#include "decode.h"
#include "follow.h"
#include "message.h"
#include "record_file.h"
#include "refuse.h"
#include "run_options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void run_print_help(void)
{
	fputs("Usage: opsan run [-o FILE] [OPTIONS] [--] COMMAND [ARGUMENTS]\n"
	      "       opsan COMMAND [ARGUMENTS]\n"
	      "Runs a PHP server with libopsan.so in it: same process, same output, same exit status. What happens to\n"
	      "OPcache is written to a record file, and each new finding is named on stderr.\n"
	      "\n"
	      "  -o FILE                the record file (default: opsan.<pid>.rec in the working directory)\n",
	      stdout);
	run_options_print_help();
	fputs("\n"
	      "Exit status: the command's; 127 if it was not found, 126 if it cannot be run with opsan, 2 for a wrong\n"
	      "command line.\n",
	      stdout);
}

/* The path with %p as the process id, absolute: the command may change its directory. */
static bool make_log_path(const char *pattern, char path[PATH_MAX])
{
	char here[PATH_MAX] = "";
	size_t used = 0;
	if (pattern[0] != '/' && getcwd(here, sizeof here) == NULL) {
		message_print("the working directory: %s; change to one that exists, or give an absolute path with -o FILE",
		              strerror(errno));
		return false;
	}
	if (here[0] != '\0')
		used = (size_t)snprintf(path, PATH_MAX, "%s/", strcmp(here, "/") == 0 ? "" : here);
	for (; *pattern != '\0' && used < PATH_MAX - 24; pattern++) {
		if (pattern[0] == '%' && pattern[1] == 'p') {
			used += (size_t)snprintf(path + used, PATH_MAX - used, "%d", (int)getpid());
			pattern++;
		} else {
			path[used++] = *pattern;
		}
	}
	path[used] = '\0';
	if (strchr(path, ':') == NULL && *pattern == '\0')
		return true;
	message_print("%s: a record's path must be shorter than %d bytes and hold no colon; give another with -o FILE",
	              path, PATH_MAX - 24);
	return false;
}

/* Where the record goes: the command line, the environment, the default. */
static bool choose_log_path(const struct run_options *options, char path[PATH_MAX])
{
	char from_environment[PATH_MAX];
	const char *pattern = options->log_path;
	struct span value = option_value(span_from(getenv("OPSAN_OPTIONS")), "log_path");
	if (pattern == NULL && value.length > 0) {
		snprintf(from_environment, sizeof from_environment, "%.*s", (int)value.length, value.bytes);
		pattern = from_environment;
	}
	return make_log_path(pattern == NULL || *pattern == '\0' ? "opsan.%p.rec" : pattern, path);
}

/* `value` after what the variable holds already, or before it. */
static bool join_environment(const char *name, const char *value, bool before)
{
	const char *present = getenv(name);
	char *joined = NULL;
	if (present == NULL || *present == '\0')
		return setenv(name, value, 1) == 0;
	if (asprintf(&joined, "%s:%s", before ? value : present, before ? present : value) < 0)
		return false;
	bool set = setenv(name, joined, 1) == 0;
	free(joined);
	return set;
}

static bool set_environment(struct run_options *options, const char *library, const char *log_path)
{
	if (!run_options_add(options, "log_path", log_path) || !run_options_add(options, "log_at_start", "1"))
		return false;
	if (join_environment("OPSAN_OPTIONS", options->text, false) && join_environment("LD_PRELOAD", library, true))
		return true;
	message_print("the environment: %s; start opsan with a smaller one", strerror(errno));
	return false;
}

static int start(char **command, struct run_options *options)
{
	char log_path[PATH_MAX];
	int refused = refuse_command(command[0]);
	if (refused != 0)
		return refused;
	char *library = refuse_library();
	if (library == NULL || !refuse_failing_library(library) || !choose_log_path(options, log_path) ||
	    !record_file_create(log_path) || !set_environment(options, library, log_path)) {
		free(library);
		return STATUS_REFUSED;
	}
	free(library);
	follow_start(log_path, command[0]);
	execvp(command[0], command);
	message_print("%s: could not be started: %s; check that it runs without opsan", command[0], strerror(errno));
	return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_REFUSED;
}

int run_main(int count, char **arguments)
{
	struct run_options options;
	int command = run_options_parse(count, arguments, &options);
	if (command < 0)
		return STATUS_USAGE;
	if (options.help) {
		run_print_help();
		return STATUS_OK;
	}
	if (command >= count) {
		message_print(
		    "no command was given; use \"opsan run [OPTIONS] COMMAND\", for example \"opsan frankenphp run\"");
		return STATUS_USAGE;
	}
	return start(arguments + command, &options);
}
