/* event_stale and event_notice may run in a signal handler. */
#include "events.h"

#include <stdatomic.h>
#include <string.h>

#include "modules.h"
#include "options.h"
#include "os.h"
#include "php.h"
#include "record.h"
#include "thread.h"
#include "unwind.h"

enum {
	NATIVE_FRAMES = 64,
	PHP_FRAMES = 40,
	IN_FLIGHT_FRAMES = 8, /* of each other thread: they are copied under OPcache's lock */
	RESTART_BYTES = 512 << 10,
	REQUESTED_BYTES = 16 << 10,
	TEXT_BYTES = 128,
};

/* Used under OPcache's lock, by one thread at a time. */
static char restart_bytes[RESTART_BYTES];
static struct record restart;
/* Who asked: written by that thread, read by the one that restarts. */
static char requested_bytes[REQUESTED_BYTES];
static size_t requested_length;
static _Atomic bool requested_busy;

/* Of the thread's request; it can have begun while the event was going on. */
static uint64_t age(const struct thread *t, uint64_t now)
{
	uint64_t since = atomic_load(&t->since_ns);

	return now > since ? now - since : 0;
}

/* The fields of a thread group that come from its entry. */
static void write_entry(struct record *r, const struct thread *t, uint64_t now, size_t php_frames)
{
	record_text(r, FIELD_THREAD_NAME, t->name, strnlen(t->name, sizeof t->name));
	if (atomic_load(&t->state) != THREAD_IDLE) {
		record_number(r, FIELD_SINCE_NS, age(t, now));
		record_number(r, FIELD_BEGAN_IN, atomic_load(&t->began));
		php_write_request(r, t, php_frames);
	}
}

static void write_thread(struct record *r, enum field_tag tag, const struct thread *t, uint64_t now, size_t php_frames)
{
	size_t group = record_group_begin(r, tag);

	record_number(r, FIELD_TID, (uint64_t)atomic_load(&t->tid));
	write_entry(r, t, now, php_frames);
	record_group_end(r, group);
}

/* --- restarts --- */

void event_restart_requested(void)
{
	struct thread *t = thread_self();
	struct record r;

	if (!t || atomic_exchange(&requested_busy, true)) {
		return; /* somebody else is asking at this very moment */
	}
	record_begin_in(&r, FRAME_RESTART, requested_bytes, sizeof requested_bytes);
	write_thread(&r, FIELD_REQUESTED_BY, t, os_monotonic_ns(), PHP_FRAMES);
	requested_length = r.length;
	atomic_store(&requested_busy, false);
}

static void write_requested(struct record *r)
{
	if (!atomic_exchange(&requested_busy, true)) {
		if (requested_length) {
			record_append(r, requested_bytes + sizeof(struct frame_header),
			              requested_length - sizeof(struct frame_header));
		}
		requested_length = 0;
		atomic_store(&requested_busy, false);
	}
}

static void write_in_flight(struct record *r, uint64_t now)
{
	const struct thread *me = thread_self();

	for (size_t i = 0; i < thread_count(); i++) {
		const struct thread *t = thread_at(i);
		if (t != me && atomic_load(&t->state) >= THREAD_BYSTANDER) {
			write_thread(r, FIELD_IN_FLIGHT, t, now, IN_FLIGHT_FRAMES);
		}
	}
}

static void write_figures(struct record *r, const struct opcache_figures *f)
{
	const struct opcache *o = generation_opcache();

	record_number(r, FIELD_REASON, f->reason);
	record_number(r, FIELD_MEMORY_TOTAL, o->memory_total);
	record_number(r, FIELD_MEMORY_USED, f->used);
	record_number(r, FIELD_MEMORY_FREE, f->free);
	record_number(r, FIELD_MEMORY_WASTED, f->wasted);
	record_number(r, FIELD_STRINGS_TOTAL, o->strings_total);
	record_number(r, FIELD_STRINGS_USED, f->strings_used);
	record_number(r, FIELD_STRINGS_COUNT, f->strings_count);
	record_number(r, FIELD_SCRIPTS, f->scripts);
	record_number(r, FIELD_KEYS, f->keys);
	record_number(r, FIELD_KEYS_MAX, o->keys_max);
}

void event_restart_begins(const struct restart_event *e)
{
	struct thread *me = thread_self();

	record_begin_in(&restart, FRAME_RESTART, restart_bytes, sizeof restart_bytes);
	record_number(&restart, FIELD_NUMBER, e->number);
	write_figures(&restart, &e->figures);
	write_requested(&restart);
	if (me) {
		write_thread(&restart, FIELD_CARRIED_OUT_BY, me, e->started_ns, IN_FLIGHT_FRAMES);
	}
	write_in_flight(&restart, e->started_ns);
}

void event_restart_ends(const struct restart_event *e)
{
	record_number(&restart, FIELD_PAUSE_NS, e->pause_ns);
	record_number(&restart, FIELD_RESTART_NS, os_monotonic_ns() - e->started_ns);
	if (e->waited_ns) {
		record_number(&restart, FIELD_WAITED_NS, e->waited_ns);
	}
	record_number(&restart, FIELD_SLOTS, e->slots);
	record_number(&restart, FIELD_REWOUND, e->rewound);
	record_number(&restart, FIELD_KEPT_BYTES, e->kept_bytes);
	record_number(&restart, FIELD_RECYCLED, e->recycled);
	record_write(&restart);
}

/* --- stale accesses --- */

static void write_object(struct record *r, const struct object *o)
{
	char text[TEXT_BYTES];
	size_t n;

	record_number(r, FIELD_OBJECT, o->kind);
	if (o->kind != OBJECT_UNKNOWN && o->size) {
		record_number(r, FIELD_OBJECT_ADDRESS, o->start);
		record_number(r, FIELD_OBJECT_SIZE, o->size);
	}
	if (o->name && !(options.redact && o->kind == OBJECT_STRING)) {
		n = php_string(o->name, text, sizeof text);
		record_text(r, FIELD_OBJECT_TEXT, text, n);
	}
}

static void write_where(struct record *r, const struct stale_access *a, const struct location *where)
{
	record_number(r, FIELD_GENERATION, where->generation);
	record_number(r, FIELD_CURRENT, where->current);
	if (where->retired_ns) {
		/* Restart n ends generation n - 1. */
		record_number(r, FIELD_STALE_SINCE, where->generation + 1);
		record_number(r, FIELD_STALE_NS, a->started_ns - where->retired_ns);
	}
}

static void write_native(struct record *r, const struct stale_access *a)
{
	uintptr_t addresses[NATIVE_FRAMES];
	bool more;
	size_t n = a->ucontext ? unwind_signal(a->ucontext, addresses, NATIVE_FRAMES, &more)
	                       : unwind_here(addresses, NATIVE_FRAMES, &more);

	record_addresses(r, FIELD_NATIVE, addresses, n);
	if (more) {
		record_number(r, FIELD_TRUNCATED, 1);
	}
}

void event_stale(const struct stale_access *a, const struct location *where)
{
	struct thread *t = thread_self();
	struct record r;
	size_t group;

	if (!record_begin(&r, FRAME_STALE)) {
		return;
	}
	record_number(&r, FIELD_ADDRESS, a->address);
	record_number(&r, FIELD_ACCESS, a->access);
	record_number(&r, FIELD_VIA, a->via);
	write_object(&r, &a->object);
	write_where(&r, a, where);
	group = record_group_begin(&r, FIELD_THREAD);
	write_native(&r, a);
	record_number(&r, FIELD_TID, (uint64_t)os_tid());
	if (t) {
		write_entry(&r, t, a->started_ns, PHP_FRAMES);
	}
	record_group_end(&r, group);
	record_number(&r, FIELD_HANDLER_NS, os_thread_cpu_ns() - a->started_cpu_ns);
	record_write(&r);
}

void event_notice(enum notice notice, uint64_t count, const char *text)
{
	struct record r;

	if (!record_begin(&r, FRAME_NOTICE)) {
		return;
	}
	record_number(&r, FIELD_NOTICE, notice);
	record_number(&r, FIELD_COUNT, count);
	record_string(&r, FIELD_TEXT, text);
	record_write(&r);
}
