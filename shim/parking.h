/* Closing an area in time that does not depend on how much of it is populated: its page tables are moved
 * to a place of their own (os_close_range) and taken down later. Each of these system calls waits for
 * every thread that faults a page in, so as few of them as possible are made under OPcache's lock: the
 * places are made before, and emptied after.
 *
 * Any thread; not in a handler. */
#ifndef OPSAN_PARKING_H
#define OPSAN_PARKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes a place for an area that will be closed. */
void parking_prepare(uintptr_t area, size_t bytes);
/* Makes the area inaccessible; false if that failed. */
bool parking_close(uintptr_t area, size_t bytes);
/* Takes the page tables of closed areas down, and forgets what was prepared. */
void parking_empty(void);
/* In a forked child. */
void parking_forked(void);
/* Forgets all places: the areas are going away. */
void parking_forget(void);

#endif
