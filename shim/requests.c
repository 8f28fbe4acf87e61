#include "requests.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "events.h"
#include "fault.h"
#include "generation.h"
#include "opcache.h"
#include "os.h"
#include "output.h"
#include "php.h"
#include "real.h"
#include "status.h"
#include "thread.h"

static php_handler *opcache_reset;
static _Atomic bool was_pending; /* when OPcache's lock was last given back */

/* --- who asks for a restart --- */

/* opcache_reset() schedules a restart without OPcache's lock; the others do it under the lock. */
static void on_reset(void *execute_data, void *return_value)
{
	const struct opcache *o = generation_opcache();
	bool before = o && opcache_restart_pending(o);

	opcache_reset(execute_data, return_value);
	if (o && !before && opcache_restart_pending(o)) {
		event_restart_requested();
	}
}

void requests_attached(void)
{
	php_handler *there = php_wrap_function("opcache_reset", on_reset);

	/* After a reload of PHP in the process the function is there anew. */
	if (there) {
		opcache_reset = there;
	}
	status_wrap();
	output_wrap();
}

void requests_unlocking(void)
{
	const struct opcache *o = generation_opcache();
	bool pending = o && opcache_restart_pending(o);

	if (pending && !atomic_exchange(&was_pending, true) && opcache_restart_reason(o) != RESTART_USER) {
		event_restart_requested();
	} else if (!pending) {
		atomic_store(&was_pending, false);
	}
}

/* --- who is in flight --- */

/* A restart is pending and OPcache is switched off for who starts now. */
static bool switched_off(void)
{
	const struct opcache *o = generation_opcache();

	return o && opcache_restart_pending(o) && !opcache_enabled(o);
}

static __thread uint32_t restarts_at_start;
static __thread bool pending_at_start;

void requests_starting(void)
{
	struct thread *t = thread_self();
	uint32_t epoch;

	restarts_at_start = self.restarts_seen = generation_restarts_begun();
	pending_at_start = switched_off();
	if (!t) {
		return;
	}
	if (php_storage) {
		atomic_store(&t->storage, (uintptr_t)php_storage());
	}
	atomic_store(&t->since_ns, os_monotonic_ns());
	/* The generation first, then the state, then the first look-up of the request (sequentially
	 * consistent): a restart that does not see this request in flight has exchanged the hash
	 * before the request looks into it. */
	atomic_store(&t->began, generation_current());
	atomic_store(&t->state, THREAD_STARTING);
	epoch = generation_slot_epoch();
	if (t->epoch != epoch && real_zend_map_ptr_reset) {
		t->epoch = epoch;
		real_zend_map_ptr_reset();
	}
	output_wrap();
}

void requests_started(void)
{
	struct thread *t = self.shared;
	/* Pending before and after and no restart in between: OPcache was off when the request's
	 * start asked, so it is off until the request ends. */
	bool off = pending_at_start && switched_off() && restarts_at_start == generation_restarts_begun();

	if (t) {
		atomic_store(&t->purged, atomic_load(&t->began));
		atomic_store(&t->state, off ? THREAD_BYSTANDER : THREAD_HOLDER);
	}
	if (self.chores) {
		self.chores = false;
		generation_chores();
	}
}

void requests_ended(void)
{
	struct thread *t = self.shared;

	if (t) {
		/* PHP leaves ub_write by longjmp when the client has gone: then it is still published. */
		atomic_store(&t->out_start, 0);
		atomic_store(&t->state, THREAD_IDLE);
	}
}
