#include "fake_opcache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generation.h"

enum {
	/* The fixed part of the segment, in the order in which OPcache allocates it. */
	SEGMENTS_AT = 128,
	DESCRIPTOR_AT = 192,
	POSITIONS_AT = 256,
	APP_AT = 320,
	SLOTS_PER_MB = 32 << 10, /* of the string table */
	COLLISION = 4,
	SCRIPT_ALIGNMENT = 64,
};

const struct fake_settings fake_default = {.memory_mb = 8, .strings_mb = 1, .position_unit = 8, .keys_max = 223};

/* --- members --- */

uintptr_t *fake_word(uintptr_t address)
{
	return (uintptr_t *)address;
}

uint32_t *fake_half(uintptr_t address)
{
	return (uint32_t *)address;
}

uint8_t *fake_byte(uintptr_t address)
{
	return (uint8_t *)address;
}

const struct layout *fake_layout(size_t i)
{
	static const char *const abi[] = {"API420220829,TS", "API420240924,TS"};

	return i < sizeof abi / sizeof abi[0] ? layout_find(abi[i]) : NULL;
}

static uintptr_t align(uintptr_t n, uintptr_t to)
{
	return (n + to - 1) / to * to;
}

/* --- strings --- */

uint64_t fake_hash(const char *text, size_t length)
{
	uint64_t h = 5381;

	while (length--) {
		h = (h << 5) + h + (uint64_t)(long)*text++;
	}
	return h | (uint64_t)1 << 63;
}

size_t fake_string(const struct layout *l, char *to, const char *text, size_t length)
{
	uint64_t h = fake_hash(text, length);

	memcpy(to + l->string_hash, &h, sizeof h);
	memcpy(to + l->string_length, &length, sizeof length);
	memcpy(to + l->string_text, text, length);
	to[l->string_text + length] = '\0';
	return align(l->string_text + length + 1 + COLLISION, 8);
}

/* Links the string at `at` into its chain; returns the bytes that it takes. */
static size_t append_to_table(struct fake *f, uintptr_t at)
{
	const struct layout *l = f->layout;
	uint32_t mask = *fake_half(f->strings + l->strings_mask);
	uint32_t *slot = fake_half(f->strings + l->strings_bytes + (*fake_word(at + l->string_hash) & mask));

	*fake_half(at - COLLISION) = *slot;
	*slot = (uint32_t)((at - f->strings) / f->settings.position_unit);
	++*fake_half(f->strings + l->strings_count);
	return align(l->string_text + *fake_word(at + l->string_length) + 1 + COLLISION, 8);
}

uintptr_t fake_intern(struct fake *f, const char *text)
{
	const struct layout *l = f->layout;
	uintptr_t top = *fake_word(f->strings + l->strings_top), end = *fake_word(f->strings + l->strings_end);
	size_t length = strlen(text);

	if (top + align(l->string_text + length + 1 + COLLISION, 8) > end) {
		return 0;
	}
	fake_string(l, (char *)top, text, length);
	*fake_word(f->strings + l->strings_top) = top + append_to_table(f, top);
	return top;
}

uintptr_t fake_find_string(const struct fake *f, const char *text)
{
	const struct layout *l = f->layout;
	uint64_t h = fake_hash(text, strlen(text));
	uint32_t position = *fake_half(f->strings + l->strings_bytes + (h & *fake_half(f->strings + l->strings_mask)));

	while (position) {
		uintptr_t at = f->strings + position * f->settings.position_unit;
		if (*fake_word(at + l->string_hash) == h) {
			return at;
		}
		position = *fake_half(at - COLLISION);
	}
	return 0;
}

bool fake_is_interned(const struct fake *f, uintptr_t address)
{
	const struct layout *l = f->layout;

	return address >= *fake_word(f->strings + l->strings_start) && address < *fake_word(f->strings + l->strings_top);
}

static void create_strings(struct fake *f)
{
	static const char *const permanent[] = {
	    "",
	    "a",
	    "Exception",
	    "stdClass",
	    "\xc3\xa9t\xc3\xa9",
	    "getPrevious",
	    "a text that is longer than one word of the processor, and than four of them"};
	const struct layout *l = f->layout;
	uint32_t size = (uint32_t)f->settings.strings_mb * SLOTS_PER_MB;

	size |= size >> 1, size |= size >> 2, size |= size >> 4, size |= size >> 8, size |= size >> 16;
	*fake_half(f->strings + l->strings_mask) = size << 2;
	*fake_word(f->strings + l->strings_start) = f->strings + l->strings_bytes + ((size_t)size + 1) * 4 + 8;
	*fake_word(f->strings + l->strings_top) = *fake_word(f->strings + l->strings_start);
	*fake_word(f->strings + l->strings_end) = f->app + l->app_bytes + (f->settings.strings_mb << 20);
	for (size_t i = 0; i < sizeof permanent / sizeof permanent[0]; i++) {
		fake_intern(f, permanent[i]);
	}
	*fake_word(f->strings + l->strings_saved_top) = *fake_word(f->strings + l->strings_top);
}

/* --- memory --- */

uintptr_t fake_alloc(struct fake *f, size_t bytes)
{
	const struct layout *l = f->layout;
	uintptr_t *pos = fake_word(f->descriptor + l->segment_pos), at = *pos;

	bytes = align(bytes, 8);
	if (bytes > *fake_word(f->descriptor + l->segment_end) - at) {
		return 0;
	}
	*pos += bytes;
	*fake_word(f->segment.base + l->smm_free) -= bytes;
	return f->segment.base + at;
}

uintptr_t fake_script(struct fake *f, uintptr_t path, size_t bytes)
{
	const struct layout *l = f->layout;
	uintptr_t block = fake_alloc(f, bytes + SCRIPT_ALIGNMENT), script = align(block, SCRIPT_ALIGNMENT);

	if (block) {
		*fake_word(script + l->script_path) = path;
		*fake_word(script + l->script_mem) = script;
		*fake_word(script + l->script_size) = bytes;
	}
	return block ? script : 0;
}

bool fake_in_shm(const struct fake *f, uintptr_t address)
{
	const struct layout *l = f->layout;
	uintptr_t base = *fake_word(f->descriptor + l->segment_base);

	return address >= base && address < base + *fake_word(f->descriptor + l->segment_end);
}

/* --- hash table --- */

uintptr_t fake_key(struct fake *f, uint64_t hash, uintptr_t data, bool indirect)
{
	const struct layout *l = f->layout;
	uint32_t *count = fake_half(f->hash + l->hash_count);
	uintptr_t entry = *fake_word(f->hash + l->hash_entries) + (size_t)*count * l->entry_bytes;
	uintptr_t *slot = fake_word(*fake_word(f->hash + l->hash_table) + hash % f->settings.keys_max * sizeof(uintptr_t));

	++*count;
	*fake_half(f->hash + l->hash_direct) += !indirect;
	*fake_word(entry + l->entry_hash) = hash;
	*fake_word(entry + l->entry_data) = data;
	*fake_byte(entry + l->entry_indirect) = indirect;
	*fake_word(entry + l->entry_next) = *slot;
	*slot = entry;
	return entry;
}

uintptr_t fake_find(const struct fake *f, uint64_t hash)
{
	const struct layout *l = f->layout;
	uintptr_t entry = *fake_word(*fake_word(f->hash + l->hash_table) + hash % f->settings.keys_max * sizeof(uintptr_t));

	while (entry && *fake_word(entry + l->entry_hash) != hash) {
		entry = *fake_word(entry + l->entry_next);
	}
	return entry;
}

static void create_hash(struct fake *f)
{
	const struct layout *l = f->layout;
	size_t table = f->settings.keys_max * sizeof(uintptr_t);
	uintptr_t arrays = fake_alloc(f, table + (size_t)f->settings.keys_max * l->entry_bytes);

	*fake_word(f->hash + l->hash_table) = arrays;
	*fake_word(f->hash + l->hash_entries) = arrays + table;
	*fake_half(f->hash + l->hash_max) = f->settings.keys_max;
}

/* --- start --- */

static void create_descriptor(struct fake *f)
{
	const struct layout *l = f->layout;
	uintptr_t base = f->segment.base;
	size_t end = f->segment.length - f->settings.jit_bytes;

	*fake_word(base + l->smm_segments) = f->segments;
	*fake_half(base + l->smm_segments_count) = 1;
	*fake_word(base + l->smm_positions) = f->positions;
	*fake_word(base + l->smm_app) = f->app;
	*fake_word(base + l->smm_free) = end - APP_AT;
	*fake_word(f->segments) = f->descriptor;
	*fake_word(f->descriptor + l->segment_base) = base;
	*fake_word(f->descriptor + l->segment_size) = f->segment.length;
	*fake_word(f->descriptor + l->segment_end) = end;
	*fake_word(f->descriptor + l->segment_pos) = APP_AT;
}

static void create_jit(struct fake *f)
{
	const struct layout *l = f->layout;
	uintptr_t base = f->segment.base;

	if (f->settings.jit_bytes) {
		f->jit = base + f->segment.length - f->settings.jit_bytes;
		*fake_word(base + l->smm_reserved) = f->jit;
		*fake_word(base + l->smm_reserved_size) = f->settings.jit_bytes;
		f->traces = fake_alloc(f, 4096);
		*fake_word(f->app + l->app_jit_traces) = f->traces;
		/* zend_jit_init: what is allocated, and what is left of it by a rewind */
		*fake_word(f->jit + f->settings.jit_bytes - 16) = f->jit + 64;
		*fake_word(f->jit + f->settings.jit_bytes - 8) = f->jit + 64;
	}
}

void fake_create(struct fake *f, const struct layout *l, const struct fake_settings *settings)
{
	*f = (struct fake){.layout = l, .settings = *settings};
	if (!segment_reserve(&f->segment, (settings->memory_mb << 20) + settings->jit_bytes)) {
		perror("segment_reserve");
		abort();
	}
	f->segments = f->segment.base + SEGMENTS_AT;
	f->descriptor = f->segment.base + DESCRIPTOR_AT;
	f->positions = f->segment.base + POSITIONS_AT;
	f->app = f->segment.base + APP_AT;
	f->strings = f->app + l->app_strings;
	f->hash = f->app + l->app_hash;
	create_descriptor(f);
	fake_alloc(f, l->app_bytes + (settings->strings_mb << 20));
	create_hash(f);
	create_jit(f);
	if (settings->strings_mb) {
		create_strings(f);
	}
	*fake_byte(f->app + l->app_enabled) = 1;
	*fake_word(f->app + l->app_map_ptr_last) = 100;
	/* zend_shared_alloc_save_state */
	*fake_word(f->positions) = *fake_word(f->descriptor + l->segment_pos);
	*fake_word(f->segment.base + l->smm_saved_free) = *fake_word(f->segment.base + l->smm_free);
}

void fake_destroy(struct fake *f)
{
	segment_release(&f->segment, 0);
}

/* --- restart --- */

/* accel_interned_strings_restore_state: wipes what is above the saved top, and builds the table anew */
static void restore_strings(struct fake *f)
{
	const struct layout *l = f->layout;
	uintptr_t saved = *fake_word(f->strings + l->strings_saved_top), start = *fake_word(f->strings + l->strings_start);
	uintptr_t slots = f->strings + l->strings_bytes, at = start;

	memset((char *)saved, 0, *fake_word(f->strings + l->strings_top) - saved);
	memset((char *)slots, 0, start - slots);
	*fake_word(f->strings + l->strings_top) = start;
	*fake_half(f->strings + l->strings_count) = 0;
	while (at < saved) {
		at += append_to_table(f, at);
	}
	*fake_word(f->strings + l->strings_top) = saved;
}

static void clean_hash(struct fake *f)
{
	const struct layout *l = f->layout;

	*fake_half(f->hash + l->hash_count) = 0;
	*fake_half(f->hash + l->hash_direct) = 0;
	memset((char *)*fake_word(f->hash + l->hash_table), 0, f->settings.keys_max * sizeof(uintptr_t));
}

static void rewind_slots(struct fake *f)
{
	uint64_t slots;

	if (generation_may_rewind_slots(&slots)) {
		slots = 100;
	}
	*fake_word(f->app + f->layout->app_map_ptr_last) = slots;
}

bool fake_restart(struct fake *f)
{
	const struct layout *l = f->layout;

	*fake_byte(f->app + l->app_restart_pending) = 1;
	if (!generation_may_restart()) {
		return false;
	}
	generation_restart_begin();
	*fake_byte(f->app + l->app_restart_pending) = 0;
	clean_hash(f);
	if (f->settings.strings_mb) {
		restore_strings(f);
	}
	/* zend_shared_alloc_restore_state */
	*fake_word(f->segment.base + l->smm_free) = *fake_word(f->segment.base + l->smm_saved_free);
	*fake_word(f->descriptor + l->segment_pos) = *fake_word(f->positions);
	*fake_word(f->segment.base + l->smm_wasted) = 0;
	if (f->jit) {
		*fake_word(f->jit + f->settings.jit_bytes - 16) = *fake_word(f->jit + f->settings.jit_bytes - 8);
		memset((char *)f->traces, 0, 64);
	}
	rewind_slots(f);
	generation_restart_end();
	return true;
}
