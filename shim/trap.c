/* Runs in a signal handler. It reads like its list of decisions, at the end of the file. */
#include "trap.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <ucontext.h>

#include "events.h"
#include "fault.h"
#include "generation.h"
#include "os.h"
#include "signals.h"
#include "thread.h"

enum { RETRIES_MAX = 100 };

/* --- what the processor says of the fault --- */

#if defined(__x86_64__)
static uintptr_t instruction(const ucontext_t *c)
{
	return (uintptr_t)c->uc_mcontext.gregs[REG_RIP];
}

static enum access_kind access_of(const ucontext_t *c)
{
	/* Page-fault error code: bit 1 write, bit 4 instruction fetch. */
	long error = (long)c->uc_mcontext.gregs[REG_ERR];

	return error & 16 ? ACCESS_EXECUTE : error & 2 ? ACCESS_WRITE : ACCESS_READ;
}
#elif defined(__aarch64__)
static uintptr_t instruction(const ucontext_t *c)
{
	return (uintptr_t)c->uc_mcontext.pc;
}

static enum access_kind access_of(const ucontext_t *c)
{
	const struct _aarch64_ctx *record = (const struct _aarch64_ctx *)c->uc_mcontext.__reserved;

	for (int n = 0; n < 16 && record->magic; n++) {
		if (record->magic == ESR_MAGIC) {
			uint64_t esr = ((const struct esr_context *)record)->esr;
			/* Exception class 0x20: instruction abort; bit 6 of a data abort: write. */
			return esr >> 26 == 0x20 ? ACCESS_EXECUTE : esr & 64 ? ACCESS_WRITE : ACCESS_READ;
		}
		record = (const struct _aarch64_ctx *)((const char *)record + record->size);
	}
	return ACCESS_UNKNOWN;
}
#endif

/* --- steps --- */

/* Records the access, then makes the object accessible: once it is open, another thread can run on
 * and write what we describe. False if it could not be opened. */
static bool serve(uintptr_t address, const struct location *where, const ucontext_t *context, void *ucontext)
{
	struct stale_access a = {
	    .address = address,
	    .access = access_of(context),
	    .via = self.for_kernel ? VIA_KERNEL : VIA_CPU,
	    .ucontext = ucontext,
	    .started_ns = os_monotonic_ns(),
	    .started_cpu_ns = os_thread_cpu_ns(),
	    .object = generation_object(where, address),
	};

	event_stale(&a, where);
	return generation_open(where, BROKEN("object") ? address : a.object.start, BROKEN("object") ? 1 : a.object.size) !=
	       0;
}

/* The page was closed when the access was made and is not any more: another thread opened it, or
 * the generation became current. The instruction only has to be repeated. */
static bool accessible_by_now(uintptr_t address)
{
	if (self.retry_address != address) {
		self.retry_address = address;
		self.retries = 0;
	}
	return self.retries++ < RETRIES_MAX && os_readable(address);
}

/* A forked process moved on to this generation; mprotect was its own. */
static bool catch_up(uintptr_t address, const struct location *where)
{
	return !os_readable(address) && os_protect(where->area_start, where->area_bytes, OS_READ_WRITE);
}

/* Whether the access is dealt with and the instruction can be repeated. */
static bool handle(uintptr_t address, void *ucontext)
{
	struct location where = generation_locate(address);

	switch (where.kind) {
	case ADDRESS_FOREIGN: return false;
	case ADDRESS_CURRENT: return accessible_by_now(address) || catch_up(address, &where);
	case ADDRESS_STALE:
	case ADDRESS_RECYCLED: return accessible_by_now(address) || serve(address, &where, ucontext, ucontext);
	case ADDRESS_GUARD:
		event_notice(NOTICE_GUARD, address,
		             "an access hit a guard page: nothing was ever there; the program gets the signal");
		return false;
	}
	return false;
}

static _Atomic uint32_t busy; /* threads in `handle` */

void trap_wait(void)
{
	/* Bounded: a handler does not take long, and if one hangs the server must not. */
	uint64_t give_up = os_monotonic_ns() + 2000000000U;

	while (atomic_load(&busy) && os_monotonic_ns() < give_up) {
		sched_yield();
	}
}

void trap_forked(void)
{
	atomic_store(&busy, 0);
}

static void on_fault(int signal, siginfo_t *info, void *ucontext)
{
	int saved = errno;
	bool handled = false;

	if (self.in_handler) {
		/* A fault of our own. Nothing more is done than saying so. */
		event_notice(NOTICE_HANDLER_FAULT, instruction(ucontext),
		             "a fault inside opsan's own handler; the program gets the signal");
	} else if (info->si_code > 0 && info->si_code != SI_KERNEL) {
		self.in_handler++;
		atomic_fetch_add(&busy, 1);
		handled = handle((uintptr_t)info->si_addr, ucontext);
		atomic_fetch_sub(&busy, 1);
		self.in_handler--;
	}
	/* From here on errno is the program's handler's. */
	errno = saved;
	if (!handled) {
		signals_forward(signal, info, ucontext);
	}
}

void trap_prepare(void)
{
	signals_take(on_fault);
}

/* --- on behalf of the kernel --- */

bool trap_is_ours(const void *start)
{
	const struct opcache *o = generation_opcache();

	return o && (uintptr_t)start - o->segment->strings < o->segment->strings_bytes + o->segment->data_bytes;
}

bool trap_touch(const void *start, size_t bytes)
{
	const volatile char *at = start;

	if (!trap_is_ours(start)) {
		return false;
	}
	for (size_t i = 0; i < bytes; i += os_page_size()) {
		(void)at[i];
	}
	if (bytes) {
		(void)at[bytes - 1];
	}
	return true;
}
