#include "recycling.h"

#include <sched.h>

#include "area.h"
#include "fault.h"
#include "generation.h"
#include "generation_state.h"
#include "options.h"
#include "os.h"
#include "parking.h"
#include "thread.h"

#define KILLED_NS UINT64_C(2000000000)

/* The oldest generation that a request could hold a pointer into. One more stays: the hash of the
 * generation that a request began in can hold keys of the one before. */
static uint32_t oldest_reachable(void)
{
	uint32_t oldest = atomic_load(&generations->current);

	if ((opcache.preloading && !BROKEN("preload")) || thread_unknown()) {
		/* Preloaded classes keep inheritance_cache entries in old generations. */
		return 0;
	}
	for (size_t i = 0; i < thread_count(); i++) {
		struct thread *t = thread_at(i);
		uint32_t began = atomic_load(&t->began);
		if (atomic_load(&t->state) != THREAD_IDLE && began < oldest && !thread_is_gone(t)) {
			oldest = began;
		}
	}
	return BROKEN("grace") || oldest == 0 ? oldest : oldest - 1;
}

static uint64_t budget(void)
{
	return options.quarantine_mb > UINT64_MAX >> 20 ? UINT64_MAX : options.quarantine_mb << 20;
}

/* A quarter of the mappings that the process may have; the rest is the program's. */
static uint64_t islands_bound(void)
{
	static uint64_t bound;

	if (!bound) {
		bound = os_mappings_max() / 4 / 2;
	}
	return bound;
}

/* A handler counts an island first for its generation and then for all: between the two the sum can be
 * too low. */
static bool too_many(uint64_t islands)
{
	return (int64_t)islands > (int64_t)islands_bound();
}

static size_t kept_by(const struct generation *g)
{
	return os_pages(g->data_used) + os_pages(g->strings_used);
}

static void recycle(uint32_t generation)
{
	struct generation *g = &generations->generations[generation];

	atomic_store(&g->recycled, 1);
	os_protect(area_data(generation), area_data_bytes(), OS_NONE);
	if (g->has_strings) {
		os_protect(g->strings_start - STRINGS_LEAD, area_strings_bytes(), OS_NONE);
	}
	atomic_fetch_sub(&generations->islands, atomic_load(&g->islands));
	generations->kept_bytes -= kept_by(g);
}

static bool over_budget(void)
{
	return generations->kept_bytes > budget() || too_many(atomic_load(&generations->islands)) || BROKEN("eager");
}

/* Only at the end of a restart, after the hash was exchanged: the hash before could hold keys of
 * any generation. As late as the budget allows: what is kept can still be reported on. */
void recycling_run(void)
{
	uint32_t reachable = BROKEN("recycle") ? atomic_load(&generations->current) : oldest_reachable();

	while (generations->recycled < reachable && (over_budget() || BROKEN("recycle"))) {
		recycle(atomic_fetch_add(&generations->recycled, 1));
	}
}

static void punch(const struct generation *g, uint32_t generation)
{
	const struct segment *s = opcache.segment;

	os_punch(s->fd, area_data(generation) - s->start, os_pages(g->data_used));
	if (g->has_strings) {
		os_punch(s->fd, g->strings_start - STRINGS_LEAD - s->start, area_strings_bytes());
	}
}

/* What the next restart needs. */
static void prepare_restart(void)
{
	uint32_t current = atomic_load(&generations->current);
	const struct generation *g = &generations->generations[current];

	parking_prepare(area_data(current), area_data_bytes());
	if (g->has_strings) {
		parking_prepare(g->strings_start - STRINGS_LEAD, area_strings_bytes());
	}
	area_open_next(current + 1);
}

/* One generation at a time: a restart that wants a string area again waits for it. */
static bool punch_next(void)
{
	bool more;

	generation_lock(&generation_punching);
	more = atomic_load(&generation_attached) && generations->punched < atomic_load(&generations->recycled);
	if (more) {
		punch(&generations->generations[generations->punched], generations->punched);
		generations->punched++;
	}
	atomic_store(&generation_punching, false);
	return more;
}

void generation_chores(void)
{
	generation_lock(&generation_preparing);
	parking_empty();
	if (atomic_load(&generation_attached)) {
		prepare_restart();
	}
	atomic_store(&generation_preparing, false);
	while (punch_next()) {
	}
}

void generation_wait_closed(void)
{
	/* Whoever closes is not held up by us, only by the scheduler; the bound is for one that was killed. */
	uint64_t give_up = os_monotonic_ns() + KILLED_NS;

	while (atomic_load(&generation_attached) && atomic_load(&generations->closing) && os_monotonic_ns() < give_up) {
		sched_yield();
	}
}

bool recycling_fits(void)
{
	struct opcache_figures f;
	uint64_t kept = generations->kept_bytes, islands = atomic_load(&generations->islands), next;
	uint32_t reachable = oldest_reachable();

	opcache_figures(&opcache, &f);
	next = kept + (f.data_top - area_data(atomic_load(&generations->current)));
	for (uint32_t i = generations->recycled; i < reachable; i++) {
		next -= kept_by(&generations->generations[i]);
		islands -= atomic_load(&generations->generations[i].islands);
	}
	/* Nothing older than the generation before is pinned: waiting would give back no more. */
	return (next <= budget() && !too_many(islands)) || reachable + 1 >= atomic_load(&generations->current);
}
