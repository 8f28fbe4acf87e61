/* Generations: what a restart does instead of rewinding into used memory. design and proof of each
 * step: docs/internals.md.
 *
 * A generation has a data area (the hash table's arrays, then scripts) and a string area. Data
 * areas ascend and are never used twice; string areas descend. A restart retires the current
 * generation: its areas keep their content but become inaccessible, until no request can hold a
 * pointer into them any more and the budget wants their memory back; then they are recycled. */
#ifndef OPSAN_GENERATION_H
#define OPSAN_GENERATION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diagnose.h"
#include "opcache.h"

/* Bytes that the table of generations needs at the start of a reservation. */
size_t generation_table_bytes(void);

/* --- by OPcache's lock calls; the caller holds OPcache's allocation lock (byte 0) --- */

/* Takes the verified segment over: its first generation moves before a script is cached. */
bool generation_attach(const struct opcache *o);
/* The segment is going away: nothing is ours any more. Returns one past the highest data address
 * that was in use. */
uintptr_t generation_detach(void);

/* Whether a pending restart may be carried out now. If not, it stays pending and is asked for again
 * by the next request. */
bool generation_may_restart(void);
/* OPcache begins and ends its restart. */
void generation_restart_begin(void);
void generation_restart_end(void);
/* OPcache rewinds the run-time-cache slots, in the middle of the restart. True: let it. False: the
 * counter must not go back, extend it to the value in `slots` instead. */
bool generation_may_rewind_slots(uint64_t *slots);

/* OPcache's lock was taken, and is about to be given back. */
void generation_locked(void);
void generation_unlocking(void);

/* --- outside of OPcache's lock, not in a handler --- */

/* What restarts left to be done, which takes milliseconds: takes old page tables down, and gives the
 * memory of recycled generations back. Any thread. */
void generation_chores(void);
/* Returns when no area is being closed. Any thread. */
void generation_wait_closed(void);

/* In a forked child. */
void generation_forked(void);

/* --- by the fault handler, and by whoever has an address; any thread, any handler --- */

enum address_kind {
	ADDRESS_FOREIGN, /* not in a reservation of ours, or in the segment itself */
	ADDRESS_CURRENT, /* in an area in use */
	ADDRESS_STALE,   /* in an area of a retired generation */
	ADDRESS_RECYCLED,
	ADDRESS_GUARD, /* inside the reservation, where nothing ever was */
};

struct location {
	enum address_kind kind;
	bool in_strings;
	uint32_t generation;
	uint32_t current;     /* generation that is current */
	uint64_t retired_ns;  /* CLOCK_MONOTONIC; 0 if it is not retired */
	uintptr_t area_start; /* the whole area, in pages */
	size_t area_bytes;
	struct area content; /* for diagnose_data or diagnose_string */
};
struct location generation_locate(uintptr_t address);
/* The object that the address, which lies at `where`, belonged to. */
struct object generation_object(const struct location *where, uintptr_t address);
/* Makes the pages that hold the range accessible again, or the whole area if the process cannot
 * have more mappings. Returns the bytes opened; 0: failed. */
size_t generation_open(const struct location *where, uintptr_t start, size_t bytes);

/* The verified OPcache, or NULL if none is attached. */
const struct opcache *generation_opcache(void);
/* Restarts that have begun; changes before anything of OPcache's is moved. */
uint32_t generation_restarts_begun(void);
uint32_t generation_current(void);
/* Epoch of the slots: a thread whose own is older rewinds its counter when its next request starts. */
uint32_t generation_slot_epoch(void);
/* Accessible whatever the kernel is told: the range of mprotect calls that OPcache makes for the
 * whole segment (opcache.protect_memory), cut to what is in use. Returns the number of ranges. */
size_t generation_ranges_in_use(uintptr_t start[3], size_t bytes[3]);

#endif
