/* What an address of an old generation is: pure functions over the bytes that the generation had
 * when it ended. No globals, no system calls; any thread, any handler. */
#ifndef OPSAN_DIAGNOSE_H
#define OPSAN_DIAGNOSE_H

#include <stddef.h>
#include <stdint.h>

#include "format.h"
#include "layout.h"

/* One area of a generation: where it was, and its content. */
struct area {
	uintptr_t start;   /* address that PHP knows it by */
	const char *bytes; /* the same, readable; not aligned differently from `start` */
	size_t used;       /* bytes that were allocated in it */
	size_t hash_bytes; /* of the hash table's arrays at its start; 0 in a string area */
};

struct object {
	enum object_kind kind;
	uintptr_t start; /* address that PHP knows it by */
	size_t size;     /* bytes; start + size is beyond the address that was asked for */
	uintptr_t name;  /* address of a zend_string: a script's path, or the interned string itself */
};

/* The object that `address`, which lies in the area, belongs to. Where nothing can be told the
 * object is OBJECT_UNKNOWN and spans the whole area. */
struct object diagnose_data(const struct layout *l, const struct area *area, uintptr_t address);
struct object diagnose_string(const struct layout *l, const struct area *area, uintptr_t address);

/* Bytes that the interned string at `string` takes in OPcache's buffer, if there is one whose hash
 * agrees with its text; 0 otherwise. At most `available` bytes are read. */
size_t diagnose_string_bytes(const struct layout *l, const char *string, size_t available);

#endif
