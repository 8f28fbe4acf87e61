#include "run_options.h"

#include "message.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum option_type { NUMBER, BOOL, TEXT, CHOICE };

struct library_option {
	const char *name, *help;
	enum option_type type;
};

static const struct library_option library_options[] = {
#define OPTION(name, type, value, text) {#name, text, type},
#include "../shim/options.def"
#undef OPTION
};

enum { OPTION_COUNT = sizeof library_options / sizeof library_options[0], FIRST_LETTER = 256 };

static void fill_known(struct option known[OPTION_COUNT + 1])
{
	for (int i = 0; i < OPTION_COUNT; i++)
		known[i] = (struct option){
		    .name = library_options[i].name,
		    .has_arg = library_options[i].type == BOOL ? optional_argument : required_argument,
		    .val = FIRST_LETTER + i,
		};
	known[OPTION_COUNT] = (struct option){0};
}

static bool is_number(const char *value)
{
	return *value != '\0' && strspn(value, "0123456789") == strlen(value) && strlen(value) < 19;
}

bool run_options_add(struct run_options *options, const char *name, const char *value)
{
	size_t used = strlen(options->text);
	if (strchr(value, ':') != NULL) {
		message_print("--%s=%s: a colon separates options, a value cannot hold one; choose another value", name, value);
		return false;
	}
	int wanted =
	    snprintf(options->text + used, sizeof options->text - used, "%s%s=%s", used > 0 ? ":" : "", name, value);
	if (wanted < 0 || (size_t)wanted >= sizeof options->text - used) {
		message_print("--%s: the options are longer than %zu bytes in all; give fewer", name, sizeof options->text);
		return false;
	}
	return true;
}

static bool take_option(struct run_options *options, const struct library_option *option, const char *value)
{
	if (strcmp(option->name, "help") == 0) {
		options->help = true;
		return true;
	}
	if (strcmp(option->name, "log_path") == 0) {
		options->log_path = value;
		return true;
	}
	if (option->type == NUMBER && !is_number(value)) {
		message_print("--%s=%s: not a number; give one without a unit (%s)", option->name, value, option->help);
		return false;
	}
	if (option->type == BOOL && strcmp(value, "0") != 0 && strcmp(value, "1") != 0) {
		message_print("--%s=%s: not a choice; use 0 or 1", option->name, value);
		return false;
	}
	return run_options_add(options, option->name, value);
}

int run_options_parse(int count, char **arguments, struct run_options *options)
{
	struct option known[OPTION_COUNT + 1];
	int letter;
	fill_known(known);
	*options = (struct run_options){0};
	optind = 1;
	opterr = 0;
	/* "+": what follows the command is the command's. */
	while ((letter = getopt_long(count, arguments, "+:o:h", known, NULL)) != -1) {
		if (letter == 'o')
			options->log_path = optarg;
		else if (letter == 'h')
			options->help = true;
		else if (letter >= FIRST_LETTER) {
			if (!take_option(options, &library_options[letter - FIRST_LETTER], optarg == NULL ? "1" : optarg))
				return -1;
		} else {
			message_print("%s: %s; see \"opsan run --help\"", arguments[optind - 1],
			              letter == ':' ? "its value is missing" : "not an option of \"opsan run\"");
			return -1;
		}
	}
	return optind;
}

void run_options_print_help(void)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		const struct library_option *option = &library_options[i];
		if (strcmp(option->name, "help") == 0)
			continue;
		char form[64];
		snprintf(form, sizeof form, "--%s%s", option->name,
		         option->type == BOOL     ? "[=0|1]"
		         : option->type == NUMBER ? "=N"
		                                  : "=…");
		printf("  %-22s %s\n", form, option->help);
	}
}
