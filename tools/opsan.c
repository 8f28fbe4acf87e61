/* opsan: runs PHP servers with libopsan.so, and reads what it recorded. */
#include "layout.h"
#include "message.h"
#include "refuse.h"
#include "report.h"
#include "run.h"

#include <stdio.h>
#include <string.h>

struct command {
	const char *name;
	int (*run)(int count, char **arguments);
	const char *summary;
};

static int help_main(int count, char **arguments);
static int version_main(int count, char **arguments);

static const struct command commands[] = {
    {"run", run_main, "run a command with opsan: opsan run [OPTIONS] COMMAND, or just opsan COMMAND"},
    {"report", report_main, "show what a record file holds: opsan report FILE"},
    {"layout", layout_main, "print a row of the layout table from debug information (for maintainers)"},
    {"help", help_main, "this text, or opsan help COMMAND"},
    {"version", version_main, "the version"},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static const struct command *find_command(const char *name)
{
	for (int i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void print_help(FILE *out)
{
	fputs("opsan, the OPcache sanitizer: finds requests that use memory of a cache that was reset.\n\n"
	      "Usage: opsan [OPTIONS] COMMAND [ARGUMENTS]\n",
	      out);
	for (int i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  opsan %-8s %s\n", commands[i].name, commands[i].summary);
	fputs("\nFor example:\n"
	      "  opsan frankenphp run --config Caddyfile\n"
	      "  opsan report opsan.4711.rec\n",
	      out);
}

static int help_main(int count, char **arguments)
{
	const struct command *command = count > 1 ? find_command(arguments[1]) : NULL;
	if (count > 1 && command == NULL) {
		message_print("%s: not a command of opsan; see \"opsan help\"", arguments[1]);
		return STATUS_USAGE;
	}
	if (command != NULL && command->run != help_main && command->run != version_main)
		return command->run(2, (char *[]){arguments[1], (char[]){"--help"}, NULL});
	print_help(stdout);
	return STATUS_OK;
}

static int version_main(int count, char **arguments)
{
	(void)count, (void)arguments;
	puts("opsan " OPSAN_VERSION);
	return STATUS_OK;
}

int main(int count, char **arguments)
{
	if (count < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	const char *first = arguments[1];
	/* A program that does nothing, to see whether the library loads. */
	if (strcmp(first, TRIAL_ARGUMENT) == 0)
		return STATUS_OK;
	if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0)
		return help_main(1, arguments);
	if (strcmp(first, "--version") == 0)
		return version_main(1, arguments);
	const struct command *command = find_command(first);
	if (command != NULL)
		return command->run(count - 1, arguments + 1);
	return run_main(count, arguments);
}
