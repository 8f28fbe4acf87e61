/* May run in a signal handler. */
#include "diagnose.h"

#include <string.h>

/* zend_shared_alloc_aligned (ext/opcache/ZendAccelerator.c): scripts start at multiples of this. */
#if defined(__SSE2__)
enum { SCRIPT_ALIGNMENT = 64 };
#else
enum { SCRIPT_ALIGNMENT = 8 };
#endif
enum { STRING_ALIGNMENT = 8, COLLISION_BYTES = 4 };

static uintptr_t word(const char *p)
{
	uintptr_t value;

	memcpy(&value, p, sizeof value);
	return value;
}

/* --- scripts --- */

/* A script's block begins with its zend_persistent_script, whose `mem` is the block's own address:
 * nothing else in the area holds that value at that place. Returns the block's bytes, or 0. */
static size_t script_bytes(const struct layout *l, const struct area *area, size_t offset)
{
	if (area->used - offset < l->script_bytes || word(area->bytes + offset + l->script_mem) != area->start + offset) {
		return 0;
	}
	size_t size = word(area->bytes + offset + l->script_size);
	return size >= l->script_bytes && size <= area->used - offset ? size : 0;
}

static struct object script_at(const struct layout *l, const struct area *area, size_t offset, size_t size)
{
	return (struct object){
	    .kind = OBJECT_SCRIPT,
	    .start = area->start + offset,
	    .size = size,
	    .name = word(area->bytes + offset + l->script_path),
	};
}

/* From one past the script before to the next one. */
static struct object between_scripts(const struct layout *l, const struct area *area, size_t low, size_t offset)
{
	size_t high = offset / SCRIPT_ALIGNMENT * SCRIPT_ALIGNMENT + SCRIPT_ALIGNMENT;

	while (high < area->used && script_bytes(l, area, high) == 0) {
		high += SCRIPT_ALIGNMENT;
	}
	return (struct object){
	    .kind = OBJECT_ALLOCATOR,
	    .start = area->start + low,
	    .size = (high < area->used ? high : area->used) - low,
	};
}

static struct object whole(const struct area *area)
{
	return (struct object){.kind = OBJECT_UNKNOWN, .start = area->start, .size = area->used};
}

struct object diagnose_data(const struct layout *l, const struct area *area, uintptr_t address)
{
	size_t offset = address - area->start;

	if (offset >= area->used) {
		return (struct object){.kind = OBJECT_UNKNOWN, .start = address, .size = 1};
	}
	if (offset < area->hash_bytes) {
		return (struct object){.kind = OBJECT_HASH, .start = area->start, .size = area->hash_bytes};
	}
	for (size_t at = offset / SCRIPT_ALIGNMENT * SCRIPT_ALIGNMENT;; at -= SCRIPT_ALIGNMENT) {
		size_t size = script_bytes(l, area, at);
		if (size > offset - at) {
			return script_at(l, area, at, size);
		}
		if (size) {
			return between_scripts(l, area, at + size, offset);
		}
		if (at < area->hash_bytes + SCRIPT_ALIGNMENT) {
			return between_scripts(l, area, area->hash_bytes, offset);
		}
	}
}

/* --- interned strings --- */

/* zend_inline_hash_func (Zend/zend_string.h): times 33 plus the character, as a plain char. */
static uint64_t hash(const char *text, size_t length)
{
	uint64_t h = 5381;

	for (size_t i = 0; i < length; i++) {
		h = h * 33 + (uint64_t)(int64_t)text[i];
	}
	return h | UINT64_C(1) << 63;
}

size_t diagnose_string_bytes(const struct layout *l, const char *string, size_t available)
{
	if (available < l->string_text + 1U + COLLISION_BYTES) {
		return 0;
	}
	size_t length = word(string + l->string_length);
	if (length > available - l->string_text - 1 - COLLISION_BYTES || string[l->string_text + length] != '\0' ||
	    word(string + l->string_hash) != hash(string + l->string_text, length)) {
		return 0;
	}
	/* STRTAB_STR_SIZE: header, text, its end, the next one's collision position; aligned */
	size_t bytes = l->string_text + length + 1 + COLLISION_BYTES;
	return (bytes + STRING_ALIGNMENT - 1) / STRING_ALIGNMENT * STRING_ALIGNMENT;
}

struct object diagnose_string(const struct layout *l, const struct area *area, uintptr_t address)
{
	size_t offset = address - area->start;

	if (offset >= area->used) {
		return (struct object){.kind = OBJECT_UNKNOWN, .start = address, .size = 1};
	}
	/* The 4 bytes before a string are its collision position: they belong to the string behind. */
	for (size_t at = (offset + COLLISION_BYTES) / STRING_ALIGNMENT * STRING_ALIGNMENT;; at -= STRING_ALIGNMENT) {
		size_t bytes =
		    at < area->used ? diagnose_string_bytes(l, area->bytes + at, area->used - at + COLLISION_BYTES) : 0;
		if (bytes && offset < at + bytes) {
			return (struct object){
			    .kind = OBJECT_STRING,
			    .start = area->start + at - (at >= COLLISION_BYTES ? COLLISION_BYTES : 0),
			    /* and the 4 bytes behind it are the next one's, if there is one */
			    .size = bytes + (at + bytes < area->used ? 0 : COLLISION_BYTES),
			    .name = area->start + at,
			};
		}
		if (at == 0) {
			return whole(area);
		}
	}
}
