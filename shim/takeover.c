#include "takeover.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arm.h"
#include "events.h"
#include "generation.h"
#include "layout.h"
#include "modules.h"
#include "opcache.h"
#include "options.h"
#include "os.h"
#include "php.h"
#include "real.h"
#include "record.h"
#include "requests.h"
#include "signals.h"
#include "thread.h"
#include "trap.h"

enum {
	CANDIDATES = 16,
	SEGMENT_MIN = 8 << 20, /* opcache.memory_consumption is 8 MB at least */
};

/* A mapping is a candidate by the arguments of its mmap, and OPcache's by its content only. */
static struct segment candidates[CANDIDATES];
static struct segment *active;
static _Atomic bool waiting;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* zend_extension_version_info and zend_extension (Zend/zend_extensions.h), as far as they are read:
 * the interface by which PHP itself recognises an extension, the same in all versions. */
struct extension_build {
	int api;
	const char *build_id;
};
struct extension {
	const char *name, *version;
};
static const char *php_abi, *php_version_text;
static const struct layout *layout;
/* Where OPcache's code is. */
static uintptr_t opcache_start;
static size_t opcache_bytes;
/* The process that mapped the segment. */
static pid_t owner;

/* --- mappings --- */

static struct segment *candidate(uintptr_t base)
{
	for (size_t i = 0; i < CANDIDATES; i++) {
		if (candidates[i].base == base) {
			return &candidates[i];
		}
	}
	return NULL;
}

static const char *describe_unknown(void)
{
	static char text[256];

	snprintf(text, sizeof text, "no layout for PHP %s (%s) is known; \"opsan layout\" makes one from its debug symbols",
	         php_version_text, php_abi);
	return text;
}

static void disable(const char *why)
{
	static _Atomic bool said;
	char text[512];

	atomic_store(&waiting, false);
	if (atomic_exchange(&said, true)) {
		return;
	}
	snprintf(text, sizeof text, "opsan: nothing is protected: %s", why);
	fprintf(stderr, "%s\n", text);
	event_notice(NOTICE_DISABLED, 0, text + strlen("opsan: "));
}

bool takeover_is_opcache(const void *caller)
{
	return (uintptr_t)caller - opcache_start < opcache_bytes;
}

/* OPcache maps what others map as well; the caller tells them apart, the content decides later. */
static bool could_be_segment(size_t length, int protection, int flags, int fd, const void *caller)
{
	return fd == -1 && (flags & MAP_SHARED) && (flags & MAP_ANONYMOUS) && length >= SEGMENT_MIN &&
	       protection == (PROT_READ | PROT_WRITE) && takeover_is_opcache(caller);
}

/* In an executable that contains PHP, its calls among itself never meet a preloaded function: who is
 * inside a request would not be known. */
static bool in_executable(void)
{
	void *function;
	const struct module *m;

	memcpy(&function, &real_php_request_startup, sizeof function);
	m = modules_find((uintptr_t)function);
	return !function || !real_php_request_shutdown || !real_zend_map_ptr_reset || !php_extend_slots ||
	       (m && modules_is_program(m));
}

static void *reserve(size_t length)
{
	struct segment *s = candidate(0);

	if (!layout) {
		disable(describe_unknown());
		return NULL;
	}
	if (in_executable()) {
		disable("PHP is part of the executable, so its requests cannot be followed; this needs libphp as a shared "
		        "library, as FrankenPHP has it");
		return NULL;
	}
	if (s && segment_reserve(s, length)) {
		atomic_store(&waiting, true);
		owner = getpid();
		return (void *)s->base;
	}
	disable("the address space for a reservation is not to be had (ulimit -v, ulimit -f, seccomp?); OPcache uses its "
	        "own mapping");
	return NULL;
}

bool takeover_map(size_t length, int protection, int flags, int fd, const void *caller, void **result)
{
	int saved = errno;

	if (!could_be_segment(length, protection, flags, fd, caller)) {
		return false;
	}
	if (flags & MAP_HUGETLB) {
		/* Huge pages cannot be closed one page at a time; OPcache goes on with ordinary ones. */
		*result = MAP_FAILED;
		errno = ENOMEM;
		return true;
	}
	pthread_mutex_lock(&lock);
	*result = reserve(length);
	pthread_mutex_unlock(&lock);
	errno = saved;
	return *result != NULL;
}

void takeover_without_segment(void)
{
	disable("OPcache's memory is of a kind that is not supported; set opcache.preferred_memory_model=mmap");
}

/* Every munmap of the process asks, in handlers and forked children as well: so without the lock. */
static bool is_candidate(uintptr_t start)
{
	for (size_t i = 0; i < CANDIDATES; i++) {
		if (start && atomic_load_explicit(&candidates[i].base, memory_order_relaxed) == start) {
			return true;
		}
	}
	return false;
}

static void release(struct segment *s)
{
	uintptr_t keep = 0;

	if (s == active) {
		keep = generation_detach();
		active = NULL;
	}
	trap_wait();
	segment_release(s, keep);
}

bool takeover_unmap(void *start, size_t length)
{
	struct segment *s;

	(void)length; /* OPcache passes the size that the shim has moved */
	if (!is_candidate((uintptr_t)start)) {
		return false;
	}
	pthread_mutex_lock(&lock);
	s = candidate((uintptr_t)start);
	if (s) {
		release(s);
	}
	pthread_mutex_unlock(&lock);
	return s != NULL;
}

void takeover_forked(void)
{
	/* Another thread of the parent could have held it. */
	pthread_mutex_init(&lock, NULL);
}

bool takeover_protect(void *start, size_t length, int protection, int *result)
{
	uintptr_t starts[3];
	size_t bytes[3], n;

	if (!active || (uintptr_t)start != active->base || length < active->length || !generation_opcache()) {
		return false;
	}
	n = generation_ranges_in_use(starts, bytes);
	*result = 0;
	for (size_t i = 0; i < n && *result == 0; i++) {
		*result = os_protect_as(starts[i], bytes[i], protection) ? 0 : -1;
	}
	return true;
}

bool takeover_waiting(void)
{
	return atomic_load_explicit(&waiting, memory_order_relaxed);
}

/* --- which PHP --- */

static void recognise(const struct extension *extension, const struct extension_build *build)
{
	const struct module *m;

	if (!arm()) {
		return;
	}
	php_abi = build->build_id;
	php_version_text = extension->version;
	layout = layout_find(php_abi);
	php_use_layout(layout);
	record_prepare_process();
	m = modules_find((uintptr_t)extension);
	if (m) {
		opcache_bytes = m->end - m->start;
		opcache_start = m->start;
	}
}

void takeover_loaded(void *handle, const char *path)
{
	const struct extension *extension;
	const struct extension_build *build;

	if (armed() && modules_refresh() && active) {
		record_prepare_modules();
	}
	if (!strstr(path, "opcache")) {
		return;
	}
	extension = dlsym(handle, "zend_extension_entry");
	build = dlsym(handle, "extension_version_info");
	if (extension && build && strcmp(extension->name, "Zend OPcache") == 0) {
		recognise(extension, build);
	}
}

void takeover_unloaded(void)
{
	if (armed() && modules_refresh() && active) {
		record_prepare_modules();
	}
}

void takeover_starting(bool begins)
{
	self.starting += begins ? 1 : -1U;
}

/* --- taking over --- */

static const char *take(struct opcache *o, struct segment *s)
{
	o->file_cache = php_setting_is_set("opcache.file_cache");
	o->jit_traces_max = (uint32_t)php_setting_number("opcache.jit_max_root_traces");
	signals_needed();
	if (!generation_attach(o)) {
		return "the reservation is too small for this segment";
	}
	active = s;
	requests_attached();
	modules_refresh();
	record_prepare_modules();
	record_prepare_segment(o, php_version_text);
	if (options.log_at_start) {
		record_open();
	}
	return NULL;
}

/* The first candidate that the layout fits is the segment; the rest stays what it was. */
static void try_candidates(void)
{
	const char *why = NULL, *failed = NULL;
	char text[256];
	struct opcache o;

	if (getpid() != owner) {
		disable("the process was forked after OPcache started; several processes with one segment are not supported");
		return;
	}
	for (size_t i = 0; i < CANDIDATES; i++) {
		if (!candidates[i].base) {
			continue;
		}
		switch (opcache_verify(&o, &candidates[i], layout, &why)) {
		case OPCACHE_VALID:
			failed = take(&o, &candidates[i]);
			atomic_store(&waiting, false);
			if (failed) {
				disable(failed);
			}
			return;
		case OPCACHE_WRONG: failed = why; break;
		case OPCACHE_NOT_YET: break;
		}
	}
	if (failed) {
		snprintf(text, sizeof text, "PHP %s: the segment contradicts the layout: %s", php_version_text, failed);
		disable(text);
	}
}

void takeover_locked(void)
{
	/* Not while PHP starts: with preloading it makes a request of its own, and saves the
	 * positions again afterwards. */
	if (!takeover_waiting() || self.starting) {
		return;
	}
	pthread_mutex_lock(&lock);
	if (!active) {
		try_candidates();
	}
	pthread_mutex_unlock(&lock);
}
