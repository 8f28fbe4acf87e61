/* The areas of generations: where they lie, opening and closing them. Under OPcache's allocation lock, but
 * for the geometry, which does not change after area_set_geometry. */
#ifndef OPSAN_AREA_H
#define OPSAN_AREA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "opcache.h"

struct area_geometry {
	size_t data_stride, strings_stride; /* bytes from one area to the next, guard page included */
	uint32_t data_areas, string_areas;  /* how many there can be */
};
extern struct area_geometry geometry;

/* From the verified OPcache; once for each segment. */
void area_set_geometry(void);
/* Start of a generation's data area, and of a string area by its place in the window. */
uintptr_t area_data(uint32_t generation);
uintptr_t area_strings(uint32_t index);
/* Whole pages without the guard page behind. */
size_t area_data_bytes(void);
size_t area_strings_bytes(void);
/* False with interned_strings_buffer=0. */
bool area_needs_strings(void);
/* Place of the string area that comes next. */
uint32_t area_next_strings(void);

bool area_open(uintptr_t start, size_t bytes);
/* The areas of the generation after the current one; false if they could not be opened. */
bool area_open_next(uint32_t next);
/* Points OPcache at the generation's areas, and makes it the current one. */
void area_move_to(uint32_t next);
/* Closes the areas of a generation, with what OPcache says of it at its end. */
void area_retire(uint32_t generation, const struct opcache_figures *f);

#endif
