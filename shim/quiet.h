/* Moments in which nobody else can hold a pointer into any generation: waiting for them, and what can only
 * be done in them. Under OPcache's allocation lock. */
#ifndef OPSAN_QUIET_H
#define OPSAN_QUIET_H

#include <stdbool.h>

/* In a restart, after generation_may_rewind_slots. Whether no thread can hold a string of a generation
 * before the one that ends. */
bool quiet_strings_are_gone(void);
/* Then string areas are taken from the top of their window again. */
void quiet_reuse_strings(void);

#endif
