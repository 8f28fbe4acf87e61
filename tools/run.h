/* opsan run: a command with libopsan.so in it, in place of this process. */
#ifndef OPSAN_RUN_H
#define OPSAN_RUN_H

/* `arguments` are those after "run" or after the program's name, with one before them that is
 * ignored. Returns only if the command was not started: the exit status. */
int run_main(int count, char **arguments);
void run_print_help(void);

#endif
