/* What stands in the way of preloading a library into a command, found out before anything is
 * started: the loader would say nothing, or would stop every program. */
#ifndef OPSAN_REFUSE_H
#define OPSAN_REFUSE_H

#include <stdbool.h>

/* Checks a command as execvp() would find it, a script's interpreters included. 0: it can be run;
 * otherwise a message was printed and this is the exit status. */
int refuse_command(const char *command);

/* Finds libopsan.so: $OPSAN_LIBRARY, beside this program, ../lib, ../lib/opsan. NULL: a message was
 * printed. The path is the caller's to free. */
char *refuse_library(void);

/* Runs a program that does nothing with the library preloaded. False: a message was printed. */
bool refuse_failing_library(const char *library);

/* The hidden first argument of that program. */
#define TRIAL_ARGUMENT "--opsan-trial"

#endif
