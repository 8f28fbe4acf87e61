#include "output.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>

#include "events.h"
#include "fault.h"
#include "generation.h"
#include "os.h"
#include "php.h"
#include "thread.h"
#include "trap.h"

static _Atomic(php_write_function *) php_write;

/* A restart came while the response was being written: it left these pages open, so nothing has
 * faulted, but the request used memory of an old generation all the same. */
static void record_outlived(const char *text)
{
	struct location where = generation_locate((uintptr_t)text);
	struct stale_access a = {.address = (uintptr_t)text,
	                         .access = ACCESS_READ,
	                         .via = VIA_OUTPUT,
	                         .started_ns = os_monotonic_ns(),
	                         .started_cpu_ns = os_thread_cpu_ns()};

	if (where.kind != ADDRESS_STALE) {
		return;
	}
	a.object = generation_object(&where, a.address);
	event_stale(&a, &where);
}

/* FrankenPHP hands the buffer to Go, and Go to write(2) while a slow client takes its time. The range is
 * published; then, if an area is being closed, that is waited for; then the pages are touched. A restart
 * says that it is closing, looks at what is published, leaves that out and closes the rest. So either
 * the restart sees the range, or we see that it is closing and touch the pages after it: they fault, and
 * the handler opens the object. */
static size_t on_write(const char *text, size_t length)
{
	php_write_function *next = atomic_load(&php_write);
	struct thread *t = self.shared;
	uint32_t before;
	size_t written;

	if (!t || !trap_is_ours(text) || BROKEN("output")) {
		return next(text, length);
	}
	before = generation_restarts_begun();
	atomic_store(&t->out_bytes, length);
	atomic_store(&t->out_start, (uintptr_t)text);
	atomic_thread_fence(memory_order_seq_cst);
	generation_wait_closed();
	trap_touch(text, length);
	DELAY("output");
	written = next(text, length);
	atomic_store(&t->out_start, 0);
	if (generation_restarts_begun() != before) {
		record_outlived(text);
	}
	return written;
}

void output_wrap(void)
{
	php_write_function *there = php_wrap_write(on_write);

	/* The module's own function; after a reload of PHP it is there anew. */
	if (there) {
		atomic_store(&php_write, there);
	}
}

bool output_repair(const void *argument, size_t bytes)
{
	bool ours;

	if (errno != EFAULT || BROKEN("repair")) {
		return false;
	}
	self.for_kernel = true;
	ours = trap_touch(argument, bytes);
	self.for_kernel = false;
	return ours;
}

bool output_repair_path(const char *path)
{
	if (errno != EFAULT || BROKEN("repair") || !trap_is_ours(path)) {
		return false;
	}
	self.for_kernel = true;
	/* As far as the kernel reads. */
	for (const volatile char *at = path; *at; at++) {
	}
	self.for_kernel = false;
	errno = EFAULT;
	return true;
}
