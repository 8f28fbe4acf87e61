/* What the parts of the generations share: generation.c (restarts), area.c (where they lie, opening and
 * closing), recycling.c (giving back), quiet.c (holding a restart back, slots), address.c (whose is an
 * address). Nobody else includes this. Written under OPcache's allocation lock unless said otherwise. */
#ifndef OPSAN_GENERATION_STATE_H
#define OPSAN_GENERATION_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "opcache.h"

enum {
	GENERATIONS_MAX = 1 << 18,
	STRING_AREAS_MAX = 1 << 15,
	ISLANDS_MAX = 500, /* ranges of one generation that are opened one by one */
	STRINGS_LEAD = 64, /* bytes before the first string: its collision position lies there */
};

struct generation {
	/* Set before the areas are closed, so that a fault on them finds it. */
	_Atomic uint64_t retired_ns;
	_Atomic uint32_t recycled;
	uint32_t has_strings;
	uintptr_t strings_start; /* of the first string */
	size_t data_used;        /* from the area's start, hash arrays included */
	size_t strings_used;
	_Atomic uint32_t islands; /* ranges that were opened again, each of them two mappings more */
};

/* In the reservation, so that forked processes share it. */
struct generation_table {
	_Atomic uint32_t current;
	_Atomic uint32_t begun; /* restarts that have begun */
	_Atomic uint32_t slot_epoch;
	_Atomic uint32_t closing;   /* an area is being closed */
	uint32_t punched;           /* memory of all generations below is given back */
	_Atomic uint32_t recycled;  /* all generations below are given back */
	uint32_t string_areas_left; /* not used since the window was last empty */
	uint64_t kept_bytes;
	_Atomic uint64_t islands; /* of all generations that are kept */
	uint64_t slots_bound;
	uint64_t held_since_ns; /* of the pending restart; 0: not held back */
	uint64_t waited_ns;     /* of the restart that goes on */
	bool quiet;             /* in the restart that goes on: nobody else holds anything */
	bool next_open;         /* the next generation's areas are accessible */
	bool next_strings;      /* a string area among them */
	/* Generation in each string area, from the lowest; the window can be used again. */
	uint32_t string_owner[STRING_AREAS_MAX];
	struct generation generations[GENERATIONS_MAX];
};

/* Valid while generation_attached. */
extern struct opcache opcache;
extern struct generation_table *generations;
extern _Atomic bool generation_attached;

/* Spinning: between a restart and what is prepared for the next one; and between giving memory back and
 * using a string area again. The second is held while the memory of one
 * generation is given back. */
extern _Atomic bool generation_preparing, generation_punching;
void generation_lock(_Atomic bool *lock);

#endif
