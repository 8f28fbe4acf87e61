/* The library's options on the command line: shim/options.def, one --name for each. */
#ifndef OPSAN_RUN_OPTIONS_H
#define OPSAN_RUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct run_options {
	char text[8192];      /* name=value:…, for OPSAN_OPTIONS */
	const char *log_path; /* NULL: not given */
	bool help;
};

/* Returns the index of the command in `arguments`; a negative number: a message was printed. */
int run_options_parse(int count, char **arguments, struct run_options *options);

/* Appends name=value. False: a message was printed. */
bool run_options_add(struct run_options *options, const char *name, const char *value);

void run_options_print_help(void);

#endif
