/* Moments in which nobody else can hold a pointer into any generation: waiting for them, and what can only
 * be done in them. Under OPcache's allocation lock. */
#ifndef OPSAN_QUIET_H
#define OPSAN_QUIET_H

#include <stdbool.h>
#include <stdint.h>

/* In a restart, after generation_may_rewind_slots. Whether no thread can hold a string of a generation
 * before the one that ends. */
bool quiet_strings_are_gone(void);
/* Whether the area in this place of the window was never used, or no thread keeps a string that was in it. */
bool quiet_string_area_is_free(uint32_t index);
/* Then string areas are taken from the top of their window again. */
void quiet_reuse_strings(void);

#endif
