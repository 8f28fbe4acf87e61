/* The reservation that OPcache gets instead of the segment it asked for.
 *
 *   control | segment | guard | string areas, newest lowest | data areas, newest highest | guard
 *
 * All of it is one memory file, mapped twice. The main view is what PHP sees: inaccessible but for
 * the segment and the areas in use; `control` is the guard before the segment. The alias view is
 * the shim's own: always readable and writable, and no pointer of PHP's leads there. So the shim
 * reads old generations without opening them, and writes OPcache's structures even while
 * opcache.protect_memory holds them read-only. */
#ifndef OPSAN_SEGMENT_H
#define OPSAN_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct segment {
	_Atomic uintptr_t base; /* of OPcache's segment, in the main view; 0: unused entry */
	size_t length;          /* bytes that OPcache asked for */
	uintptr_t start;        /* of the main view: base - control bytes */
	size_t reserved;        /* bytes of the whole reservation */
	uintptr_t alias;        /* of the alias view */
	int fd;
	uintptr_t strings; /* window of the string areas */
	size_t strings_bytes;
	uintptr_t data; /* window of the data areas */
	size_t data_bytes;
};

/* Reserves for a segment of `length` bytes and fills `s`. False, with errno, if it cannot. */
bool segment_reserve(struct segment *s, size_t length);
/* Gives the memory back. The addresses below `keep_below` stay taken and inaccessible, so that a
 * pointer that outlives the segment does not hit somebody else's mapping; 0 keeps none. */
void segment_release(struct segment *s, uintptr_t keep_below);

/* Whether the address lies in the main view. Any thread, any handler. */
bool segment_contains(const struct segment *s, uintptr_t address);
/* The shim's own view of `bytes` at an address of the main view; NULL if they are not all in it.
 * Any thread, any handler. The content can change while it is read. */
void *segment_view(const struct segment *s, uintptr_t address, size_t bytes);

#endif
