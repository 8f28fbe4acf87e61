/* Restarts. Under OPcache's allocation lock, one thread at a time, but for the accessors at the end: they
 * may be called by any thread and in a signal handler. */
#include "generation.h"

#include <sched.h>
#include <string.h>

#include "area.h"
#include "events.h"
#include "fault.h"
#include "generation_state.h"
#include "options.h"
#include "os.h"
#include "parking.h"
#include "quiet.h"
#include "record.h"
#include "recycling.h"
#include "thread.h"

struct opcache opcache;
struct generation_table *generations;
_Atomic bool generation_attached;
_Atomic bool generation_preparing, generation_punching;

void generation_lock(_Atomic bool *lock)
{
	while (atomic_exchange(lock, true)) {
		sched_yield();
	}
}

size_t generation_table_bytes(void)
{
	return sizeof(struct generation_table);
}

static struct restart_event event;

/* Without the shim a restart would empty the JIT's buffer; with it, what is compiled stays. */
static void say_if_jit_is_full(void)
{
	static bool said;

	if (!said && opcache_jit_full(&opcache)) {
		said = true;
		event_notice(NOTICE_JIT_FULL, event.number,
		             "the JIT's buffer or its traces are used up: machine code stays when the cache restarts, and what "
		             "is not compiled by now is interpreted (opcache.jit_buffer_size, opcache.jit_max_root_traces)");
	}
}

void generation_restart_begin(void)
{
	uint64_t started = os_monotonic_ns();
	uint32_t ending;

	if (!atomic_load(&generation_attached)) {
		return;
	}
	ending = atomic_load(&generations->current);
	self.in_restart = true;
	record_open(); /* here, and not in the first handler */
	/* Before anything moves: a store into opcache.file_cache that goes on compares it. */
	atomic_fetch_add(&generations->begun, 1);
	event = (struct restart_event){.number = atomic_load(&generations->begun),
	                               .waited_ns = generations->waited_ns,
	                               .started_ns = started};
	opcache_figures(&opcache, &event.figures);
	if (!BROKEN("hash")) {
		opcache_exchange_hash(&opcache, area_data(ending + 1));
	}
	if (!BROKEN("jit")) {
		opcache_jit_keep(&opcache, &event.jit);
	}
	if (!BROKEN("protect")) {
		area_retire(ending, &event.figures);
	}
	opcache_forget_strings(&opcache);
	say_if_jit_is_full();
	event_restart_begins(&event);
	event.pause_ns = os_monotonic_ns() - started;
}

void generation_restart_end(void)
{
	uint64_t started = os_monotonic_ns();
	uint32_t next;
	struct thread *me;

	if (!atomic_load(&generation_attached) || !self.in_restart) {
		return;
	}
	me = thread_self();
	next = atomic_load(&generations->current) + 1;
	opcache_jit_restore(&opcache, &event.jit);
	if (area_needs_strings() && !generations->next_strings) {
		if (generations->string_areas_left == 0 && quiet_strings_are_gone()) {
			quiet_reuse_strings();
		} else {
			event_notice(
			    NOTICE_STRINGS_FULL, next,
			    "no string area is to be had within reach of OPcache's string table: strings of this generation go "
			    "into its data area");
		}
	}
	area_move_to(next);
	if (me && atomic_load(&me->state) != THREAD_IDLE) {
		/* The request whose start carried the restart out has looked nothing up yet. */
		atomic_store(&me->began, next);
	}
	recycling_run();
	self.in_restart = false;
	self.chores = true;
	self.keys_at_lock = 0;
	event.kept_bytes = generations->kept_bytes;
	event.recycled = generations->recycled;
	event.rewound = generations->quiet;
	event.slots = opcache_slots(&opcache);
	event.pause_ns += os_monotonic_ns() - started;
	event_restart_ends(&event);
}

/* --- links into old generations --- */

/* Everyone in flight could have followed the link: they count as having begun where it leads. */
static void began_where(uintptr_t target)
{
	struct location l = generation_locate(target);

	if (l.kind != ADDRESS_STALE) {
		return;
	}
	for (size_t i = 0; i < thread_count(); i++) {
		struct thread *t = thread_at(i);
		uint32_t began = atomic_load(&t->began);
		while (atomic_load(&t->state) != THREAD_IDLE && began > l.generation &&
		       !atomic_compare_exchange_weak(&t->began, &began, l.generation)) {
		}
	}
}

void generation_locked(void)
{
	if (atomic_load(&generation_attached)) {
		self.holds_lock = true;
		self.keys_at_lock = opcache_keys(&opcache);
	}
}

void generation_unlocking(void)
{
	size_t removed;

	if (!atomic_load(&generation_attached) || !self.holds_lock) {
		return;
	}
	self.holds_lock = false;
	removed = BROKEN("links") ? 0 : opcache_remove_old_links(&opcache, self.keys_at_lock, began_where);
	if (removed) {
		event_notice(NOTICE_LINK_REMOVED, removed,
		             "a key that led to a script of an old generation was taken out of the hash table again");
	}
	self.restarts_seen = atomic_load(&generations->begun);
}

/* --- attach --- */

bool generation_attach(const struct opcache *o)
{
	opcache = *o;
	generations = segment_view(o->segment, o->segment->start, sizeof *generations);
	area_set_geometry();
	if (geometry.data_areas < 2 || (area_needs_strings() && geometry.string_areas < 2)) {
		return false;
	}
	generations->string_areas_left = geometry.string_areas;
	memset(generations->string_owner, 0xff, (size_t)geometry.string_areas * sizeof generations->string_owner[0]);
	generations->slots_bound = opcache_slots(&opcache) + options.max_slots;
	for (size_t i = 0; i < thread_count(); i++) {
		atomic_store(&thread_at(i)->began, 0);
	}
	if (!area_open_next(0)) {
		return false;
	}
	/* With preloading it holds scripts already: then it moves at the first restart, which puts them
	 * into the new one. */
	if (!BROKEN("hash") && opcache_keys(&opcache) == 0) {
		opcache_exchange_hash(&opcache, area_data(0));
	}
	area_move_to(0);
	atomic_store(&generation_attached, true);
	return true;
}

uintptr_t generation_detach(void)
{
	uintptr_t end = 0;

	if (atomic_exchange(&generation_attached, false)) {
		/* Whoever does chores has left when these are free. */
		generation_lock(&generation_preparing);
		generation_lock(&generation_punching);
		end = area_data(atomic_load(&generations->current)) + geometry.data_stride;
		parking_forget();
		atomic_store(&generation_punching, false);
		atomic_store(&generation_preparing, false);
	}
	return end;
}

void generation_forked(void)
{
	atomic_store(&generation_preparing, false);
	atomic_store(&generation_punching, false);
}

/* --- accessors --- */

const struct opcache *generation_opcache(void)
{
	return atomic_load(&generation_attached) ? &opcache : NULL;
}

uint32_t generation_restarts_begun(void)
{
	return atomic_load(&generation_attached) ? atomic_load(&generations->begun) : 0;
}

uint32_t generation_current(void)
{
	return atomic_load(&generation_attached) ? atomic_load(&generations->current) : 0;
}

uint32_t generation_slot_epoch(void)
{
	return atomic_load(&generation_attached) ? atomic_load(&generations->slot_epoch) : 0;
}
