/* Frames of the record file as structures. Spans point into the frame's bytes, arrays come out of
 * the caller's pool: both must outlive what is decoded. Numbers that the frame does not hold are
 * NUMBER_ABSENT, texts that it does not hold have bytes == NULL. */
#ifndef OPSAN_DECODE_H
#define OPSAN_DECODE_H

#include "memory.h"
#include "reader.h"

struct php_frame {
	struct span function, class_name, file;
	uint64_t line;
};

struct thread {
	bool present;
	uint64_t tid, since_ns, began_in, truncated, php_unreadable;
	struct span name, method, uri;
	struct php_frame *php; /* innermost first */
	uint64_t *native;      /* addresses, innermost first; all but the first are return addresses */
	size_t php_count, native_count;
};

struct module {
	struct span path, build_id;
	uint64_t base, start, end;
};

struct module_set {
	struct module *modules; /* by rising start */
	size_t count;
};

struct process_fields {
	struct span version, executable, kernel, options, libc, command;
};

struct setting {
	struct span name, value;
};

struct segment {
	struct span php_version, php_abi, layout;
	uint64_t address, size, reserved;
	struct setting *settings;
	size_t setting_count;
};

struct in_flight {
	struct thread thread;
	bool later_stale; /* filled in by model.c */
};

struct restart_fields {
	uint64_t number, reason, pause_ns, restart_ns, waited_ns;
	uint64_t memory_total, memory_used, memory_free, memory_wasted;
	uint64_t strings_total, strings_used, strings_count;
	uint64_t scripts, keys, keys_max;
	uint64_t slots, rewound, kept_bytes, recycled;
	struct thread requested_by, carried_out_by;
	struct in_flight *in_flight;
	size_t in_flight_count;
};

struct stale_fields {
	uint64_t address, access, via, object, object_address, object_size;
	uint64_t generation, current, stale_since, stale_ns, handler_ns;
	struct span object_text;
	struct thread thread;
};

struct notice_fields {
	uint64_t notice, count;
	struct span text;
};

struct process_fields decode_process(struct span fields);
struct module_set decode_modules(struct pool *pool, struct span fields);
struct segment decode_segment(struct pool *pool, struct span fields);
struct restart_fields decode_restart(struct pool *pool, struct span fields);
struct stale_fields decode_stale(struct pool *pool, struct span fields);
struct notice_fields decode_notice(struct span fields);
uint64_t decode_lost(struct span fields); /* records that could not be written; in any frame */

/* The module that holds an address, NULL if none does. */
const struct module *module_find(const struct module_set *set, uint64_t address);

/* The value of an option in FIELD_OPTIONS (name=value:…); absent if it is not there. */
struct span option_value(struct span options, const char *name);

#endif
