/* SIGSEGV and SIGBUS: the program sees and gets its own handlers, ours stays in front.
 *
 * signals_set is what the interposed sigaction() calls for these two; the kernel only ever knows
 * our handler. A fault that is not ours is handed over by signals_forward as if we were not there:
 * with the program's mask, flags, stack and restart behaviour. */
#ifndef OPSAN_SIGNALS_H
#define OPSAN_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

typedef void signals_handler(int, siginfo_t *, void *);

/* Puts `handler` in front of what the program has set; once, not in a handler. */
void signals_take(signals_handler *handler);
/* There are old generations to be caught from now on: until then a signal that the program ignores is
 * left ignored, since the kernel then interrupts nothing. Not in a handler. */
void signals_needed(void);
/* SIGSEGV or SIGBUS, once the handler is in front. */
bool signals_ours(int signal);
/* As sigaction(2), for the two. Any thread, any handler. */
int signals_set(int signal, const struct sigaction *new, struct sigaction *old);
/* As signal(3) with these flags: BSD's SA_RESTART, System V's SA_RESETHAND | SA_NODEFER. */
void (*signals_set_simple(int signal, void (*handler)(int), int flags))(int);
/* Hands the signal over to the program, or to the default action. From our handler only; after it
 * our handler returns. */
void signals_forward(int signal, siginfo_t *info, void *ucontext);

#endif
