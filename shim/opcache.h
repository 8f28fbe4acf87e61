/* OPcache's structures in the segment, read and written through the shim's own view.
 *
 * All functions but opcache_verify want a verified `o`. Those that write, and those that walk the
 * hash table, want OPcache's allocation lock (byte 0) to be held by the caller. None allocates. */
#ifndef OPSAN_OPCACHE_H
#define OPSAN_OPCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"
#include "segment.h"

struct opcache {
	const struct segment *segment;
	const struct layout *layout;
	/* Addresses in the main view */
	uintptr_t descriptor; /* zend_shared_segment */
	uintptr_t app;        /* zend_accel_shared_globals */
	uintptr_t strings;    /* zend_string_table; positions count from here */
	uintptr_t jit;        /* the JIT's buffer; 0: none */
	size_t jit_bytes;
	size_t position_unit;    /* bytes a position in the string table counts in */
	uint32_t keys_max;       /* entries that the hash table has room for */
	size_t hash_bytes;       /* of table and entries */
	size_t data_capacity;    /* bytes for scripts in a generation, exactly as without the shim */
	size_t strings_capacity; /* bytes for interned strings in a generation; 0: no buffer */
	size_t strings_total;    /* bytes of the whole buffer, as PHP counts it */
	size_t memory_total;     /* opcache.memory_consumption in bytes */
	uint32_t jit_traces_max; /* opcache.jit_max_root_traces; by the caller of opcache_verify */
	bool preloading;
	bool file_cache; /* opcache.file_cache is set; by the caller of opcache_verify */
};

enum opcache_check { OPCACHE_VALID, OPCACHE_NOT_YET, OPCACHE_WRONG };

/* Holds the layout against the segment: every pointer inside it, sizes and counts as OPcache
 * computes them, and each permanent interned string's hash recomputed. Fills `o` if all of it
 * agrees. OPCACHE_NOT_YET while OPcache is still starting or scripts are cached already;
 * OPCACHE_WRONG with a sentence in `why`. */
enum opcache_check opcache_verify(struct opcache *o, const struct segment *s, const struct layout *l, const char **why);

struct opcache_figures {
	uint32_t reason;
	uint64_t free, wasted, used;
	uint64_t strings_used, strings_count;
	uint32_t keys, scripts;
	uint64_t slots;                  /* map_ptr_last */
	uintptr_t data_top, strings_top; /* one past the last byte in use, main view */
};
void opcache_figures(const struct opcache *o, struct opcache_figures *f);

bool opcache_restart_pending(const struct opcache *o);
/* Off while a restart is pending: requests that start then do without OPcache. */
bool opcache_enabled(const struct opcache *o);
uint32_t opcache_restart_reason(const struct opcache *o);
uint64_t opcache_slots(const struct opcache *o);
uint32_t opcache_keys(const struct opcache *o);

/* Lets OPcache allocate from `data` on, as much as it had. */
void opcache_move_data(const struct opcache *o, uintptr_t data);
/* Lets interned strings grow from `top`, `capacity` bytes. */
void opcache_move_strings(const struct opcache *o, uintptr_t top, size_t capacity);
/* Declares the strings of this generation old: a restart then wipes none of them. */
void opcache_forget_strings(const struct opcache *o);
/* Gives the hash table other, zeroed arrays: `hash_bytes` at `arrays`. */
void opcache_exchange_hash(const struct opcache *o, uintptr_t arrays);

/* Nothing more can be compiled: the buffer or the traces are used up. */
bool opcache_jit_full(const struct opcache *o);

struct opcache_jit_state {
	uint32_t trace[4];
	bool kept;
};
/* Before OPcache rewinds the JIT: makes "rewound" mean "as it is now", and remembers the traces'
 * counters. After it: puts the counters back. */
void opcache_jit_keep(const struct opcache *o, struct opcache_jit_state *saved);
void opcache_jit_restore(const struct opcache *o, const struct opcache_jit_state *saved);

/* Takes links out of the hash that were added from the `first` entry on and lead to another
 * generation's entries; calls `unlinked` with the address that each led to. Returns how many. */
size_t opcache_remove_old_links(const struct opcache *o, uint32_t first, void (*unlinked)(uintptr_t));

#endif
