#include "arm.h"

#include <pthread.h>
#include <stdatomic.h>

#include "cgroup.h"
#include "generation.h"
#include "modules.h"
#include "options.h"
#include "os.h"
#include "parking.h"
#include "record.h"
#include "takeover.h"
#include "thread.h"
#include "trap.h"
#include "unwind.h"

static _Atomic bool done;

static void forked(void)
{
	os_forked();
	thread_forked();
	takeover_forked();
	generation_forked();
	parking_forked();
	trap_forked();
	record_forked();
	modules_forked();
}

/* Old generations are charged to the control group like everything else. */
static void bound_quarantine(void)
{
	uint64_t half_mb = cgroup_memory_limit("") / 2 >> 20;

	if (options.quarantine_mb > half_mb) {
		options.quarantine_mb = half_mb;
	}
}

bool arm(void)
{
	if (armed()) {
		return true;
	}
	if (!thread_table_create()) {
		return false;
	}
	bound_quarantine();
	record_place();
	modules_refresh();
	unwind_prepare();
	trap_prepare();
	pthread_atfork(NULL, NULL, forked);
	atomic_store(&done, true);
	return true;
}

bool armed(void)
{
	return atomic_load(&done);
}
