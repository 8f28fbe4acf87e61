/* The fault handler. */
#ifndef OPSAN_TRAP_H
#define OPSAN_TRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Puts the handler in front; once, not in a handler. */
void trap_prepare(void);
/* Returns when no handler reads old generations any more. Not in a handler. */
void trap_wait(void);
/* Reads one byte of each page of the range that lies in the reservation, so that what the kernel
 * was given faults here first. True if any of it lies there. */
bool trap_touch(const void *start, size_t bytes);
/* In a forked child. */
void trap_forked(void);
/* Whether the range touches an area of generations. Cheap. */
bool trap_is_ours(const void *start);

#endif
