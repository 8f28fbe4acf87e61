/* Puts the records together: one function per kind of event. */
#ifndef OPSAN_EVENTS_H
#define OPSAN_EVENTS_H

#include <stdint.h>

#include "format.h"
#include "generation.h"
#include "opcache.h"

struct restart_event {
	uint32_t number;
	uint64_t started_ns; /* CLOCK_MONOTONIC */
	uint64_t pause_ns;   /* spent in opsan */
	uint64_t waited_ns;
	struct opcache_figures figures;
	struct opcache_jit_state jit;
	uint64_t kept_bytes;
	uint32_t recycled;
	bool rewound;
	uint64_t slots;
};

/* --- under OPcache's allocation lock --- */

/* Collects what is true at the restart's beginning: who is in flight, and where. */
void event_restart_begins(const struct restart_event *e);
/* Writes the record. */
void event_restart_ends(const struct restart_event *e);
/* The calling thread's request has just scheduled a restart. Keeps it for the record; not under
 * the lock in the case of opcache_reset(). */
void event_restart_requested(void);

/* --- any thread, any handler --- */

struct stale_access {
	uintptr_t address;
	enum access_kind access;
	enum access_via via;
	void *ucontext;          /* of the signal; NULL: the stack of here */
	uint64_t started_ns;     /* CLOCK_MONOTONIC */
	uint64_t started_cpu_ns; /* processor time of the thread */
	struct object object;
};
/* Writes the record of a stale access, before anything is opened. */
void event_stale(const struct stale_access *a, const struct location *where);
/* Something that a reader must know; `text` is a sentence. */
void event_notice(enum notice notice, uint64_t count, const char *text);

#endif
