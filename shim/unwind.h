/* Native stacks as raw addresses; symbols are the reader's work. Any thread, any handler. */
#ifndef OPSAN_UNWIND_H
#define OPSAN_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Once, not in a handler: libunwind sets itself up on first use, with malloc. */
void unwind_prepare(void);
/* Addresses from the context of a signal, innermost first, at most `max`; `more` if it goes on. */
size_t unwind_signal(void *ucontext, uintptr_t *addresses, size_t max, bool *more);
/* Of the caller. */
size_t unwind_here(uintptr_t *addresses, size_t max, bool *more);
/* The calling thread is unwinding: dl_iterate_phdr is then answered from the snapshot. */
bool unwind_active(void);

#endif
