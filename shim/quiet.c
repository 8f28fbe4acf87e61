#include "quiet.h"

#include "area.h"
#include "events.h"
#include "fault.h"
#include "generation.h"
#include "generation_state.h"
#include "options.h"
#include "os.h"
#include "recycling.h"
#include "thread.h"

/* Nobody but the calling thread can hold a pointer into any generation. A thread that is only
 * starting its request has looked nothing up yet; one that started while the restart was pending
 * has OPcache switched off until its end. */
static bool is_quiet(void)
{
	const struct thread *me = thread_self();
	/* With opcache.file_cache a switched-off OPcache still loads scripts, which take slots. */
	uint32_t least = opcache.file_cache && !BROKEN("bystanders") ? THREAD_BYSTANDER : THREAD_HOLDER;

	if (opcache.preloading || thread_unknown()) {
		return false;
	}
	for (size_t i = 0; i < thread_count(); i++) {
		struct thread *t = thread_at(i);
		if (t != me && atomic_load(&t->state) >= least && !thread_is_gone(t)) {
			return false;
		}
	}
	return true;
}

/* Where nobody will ever let go there is no use in waiting. */
static bool wants_quiet(void)
{
	return opcache_slots(&opcache) > generations->slots_bound && !opcache.preloading && !thread_unknown();
}

static bool hold_back(const char *why)
{
	if (!generations->held_since_ns) {
		generations->held_since_ns = os_monotonic_ns();
		event_notice(NOTICE_WAIT, atomic_load(&generations->begun) + 1, why);
	}
	return false;
}

bool generation_may_restart(void)
{
	uint64_t held;
	bool opened;

	if (!atomic_load(&generation_attached)) {
		return true;
	}
	if (!recycling_fits()) {
		return hold_back("the restart is held back until requests end: old generations fill the quarantine and none "
		                 "can be recycled yet (quarantine_mb)");
	}
	held = generations->held_since_ns ? os_monotonic_ns() - generations->held_since_ns : 0;
	if (wants_quiet() && !is_quiet() && held / 1000000U < options.defer_ms) {
		return hold_back(
		    "the restart is held back for a quiet moment, to give run-time-cache slots back (max_slots, defer_ms)");
	}
	generation_lock(&generation_preparing);
	opened = area_open_next(atomic_load(&generations->current) + 1);
	atomic_store(&generation_preparing, false);
	if (!opened) {
		return hold_back(
		    "the restart is held back: no memory can be made accessible for a new generation (vm.max_map_count?)");
	}
	generations->waited_ns = held;
	generations->held_since_ns = 0;
	return true;
}

/* --- slots (ZCSG(map_ptr_last)) --- */

bool generation_may_rewind_slots(uint64_t *slots)
{
	*slots = opcache_slots(&opcache);
	if (BROKEN("slots")) {
		return true;
	}
	/* First the epoch, then the look: a thread that starts now either sees the new epoch and
	 * rewinds its own counter, or is seen. */
	atomic_fetch_add(&generations->slot_epoch, 1);
	generations->quiet = is_quiet();
	if (generations->quiet) {
		return true;
	}
	if (*slots > generations->slots_bound) {
		/* Nobody let go in time: do not make every restart wait for what will not come. */
		generations->slots_bound = *slots * 2;
		event_notice(NOTICE_SLOTS_KEPT, *slots,
		             "run-time-cache slots could not be given back: a request or a worker outlasts every restart "
		             "(defer_ms); each request clears them, so requests get slower as they grow");
	}
	return false;
}

/* Whether no thread keeps a string of the generation, or of one before it, across requests. PHP purges
 * what it keeps at the start of the first request after a restart (accel_reset_pcre_cache). */
static bool is_purged(uint32_t generation)
{
	for (size_t i = 0; i < thread_count(); i++) {
		struct thread *t = thread_at(i);
		uint32_t purged = atomic_load(&t->purged);
		if (t != thread_self() && atomic_load(&t->tid) && purged <= generation && !thread_is_gone(t)) {
			return false;
		}
	}
	return true;
}

bool quiet_strings_are_gone(void)
{
	uint32_t ending = atomic_load(&generations->current);

	return generations->quiet && (ending == 0 || is_purged(ending - 1));
}

bool quiet_string_area_is_free(uint32_t index)
{
	uint32_t owner = generations->string_owner[index];

	return owner == UINT32_MAX || is_purged(owner);
}

/* The string window from its top again. */
void quiet_reuse_strings(void)
{
	/* Not while string areas of before are being punched: they become current ones here. */
	generation_lock(&generation_punching);
	for (uint32_t i = generations->punched; i <= atomic_load(&generations->current); i++) {
		struct generation *g = &generations->generations[i];
		if (g->has_strings && !atomic_load(&g->recycled)) {
			generations->kept_bytes -= os_pages(g->strings_used);
			g->strings_used = 0;
		}
		g->has_strings = false;
	}
	atomic_store(&generation_punching, false);
	os_protect(opcache.segment->strings, (size_t)geometry.string_areas * geometry.strings_stride, OS_NONE);
	os_punch(opcache.segment->fd, opcache.segment->strings - opcache.segment->start,
	         (size_t)geometry.string_areas * geometry.strings_stride);
	generations->string_areas_left = geometry.string_areas;
	generations->next_strings = area_open(area_strings(area_next_strings()), area_strings_bytes());
}
