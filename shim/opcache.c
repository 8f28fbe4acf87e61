/* May run in a signal handler, where its callers do. Facts about OPcache: ext/opcache of PHP 8.2.32
 * and 8.4.24; docs/internals.md names the places. */
#include "opcache.h"

#include <stdatomic.h>
#include <string.h>

#include "diagnose.h"
#include "fault.h"

/* --- words of the segment, through the shim's view --- */

/* `bytes` is 1, 4 or 8, and the address a multiple of it. */
static void *at(const struct opcache *o, uintptr_t address, size_t bytes)
{
	static _Alignas(8) char nothing[8]; /* in place of what lies outside the reservation, or askew */
	void *p = segment_view(o->segment, address, bytes);

	return p && address % bytes == 0 ? p : nothing;
}

static uintptr_t word(const struct opcache *o, uintptr_t address)
{
	return *(volatile uintptr_t *)at(o, address, sizeof(uintptr_t));
}

static uint32_t half(const struct opcache *o, uintptr_t address)
{
	return *(volatile uint32_t *)at(o, address, sizeof(uint32_t));
}

static uint8_t byte(const struct opcache *o, uintptr_t address)
{
	return *(volatile uint8_t *)at(o, address, 1);
}

static void set_word(const struct opcache *o, uintptr_t address, uintptr_t value)
{
	/* Release: whoever sees a new pointer sees what was prepared behind it. */
	atomic_store_explicit((_Atomic uintptr_t *)at(o, address, sizeof value), value, memory_order_release);
}

static void set_half(const struct opcache *o, uintptr_t address, uint32_t value)
{
	atomic_store_explicit((_Atomic uint32_t *)at(o, address, sizeof value), value, memory_order_release);
}

static bool inside(const struct segment *s, uintptr_t address, size_t bytes)
{
	return address % sizeof(uintptr_t) == 0 && address >= s->base && bytes <= s->length &&
	       address - s->base <= s->length - bytes;
}

/* --- verification --- */

/* zend_accel_hash.c: prime_numbers */
static bool is_hash_size(uint32_t n)
{
	static const uint32_t sizes[] = {5,    11,   19,    53,    107,   223,    463,    983,    1979,
	                                 3907, 7963, 16229, 32531, 65407, 130987, 262237, 524521, 1048793};

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		if (n == sizes[i]) {
			return true;
		}
	}
	return false;
}

/* The shared globals at the base, and the one segment descriptor behind them. */
static const char *verify_base(struct opcache *o)
{
	const struct segment *s = o->segment;
	const struct layout *l = o->layout;
	uintptr_t segments = word(o, s->base + l->smm_segments);

	if (half(o, s->base + l->smm_segments_count) != 1) {
		return "OPcache uses more than one segment";
	}
	if (!inside(s, segments, sizeof(uintptr_t))) {
		return "shared_segments points out of the segment";
	}
	o->descriptor = word(o, segments);
	if (!inside(s, o->descriptor, 4 * sizeof(uintptr_t))) {
		return "the segment's descriptor is not inside it";
	}
	if (word(o, o->descriptor + l->segment_base) != s->base || word(o, o->descriptor + l->segment_size) != s->length) {
		return "the segment's descriptor does not describe it";
	}
	o->app = word(o, s->base + l->smm_app);
	if (!inside(s, o->app, l->app_bytes)) {
		return "app_shared_globals points out of the segment";
	}
	return NULL;
}

static bool ready(const struct opcache *o)
{
	const struct layout *l = o->layout;
	uintptr_t positions = word(o, o->segment->base + l->smm_positions);
	uintptr_t strings = o->app + l->app_strings;

	if (!inside(o->segment, positions, sizeof(uintptr_t)) || word(o, positions) == 0 ||
	    word(o, positions) != word(o, o->descriptor + l->segment_pos)) {
		return false;
	}
	return word(o, strings + l->strings_start) == 0 ||
	       word(o, strings + l->strings_top) == word(o, strings + l->strings_saved_top);
}

static const char *verify_memory(struct opcache *o)
{
	const struct layout *l = o->layout;
	uintptr_t reserved = word(o, o->segment->base + l->smm_reserved);
	uintptr_t size = word(o, o->segment->base + l->smm_reserved_size);
	uintptr_t pos = word(o, o->descriptor + l->segment_pos), end = word(o, o->descriptor + l->segment_end);

	if (pos > end || end > o->segment->length) {
		return "the allocation cursor is beyond its end";
	}
	/* Without a JIT both are what happened to be on the stack. */
	if (inside(o->segment, reserved, size) && size && reserved == o->segment->base + end &&
	    size == o->segment->length - end) {
		o->jit = reserved;
		o->jit_bytes = size;
	} else if (end != o->segment->length) {
		return "the segment ends early but no JIT buffer follows";
	}
	o->data_capacity = end - pos;
	o->memory_total = end;
	if (word(o, o->segment->base + l->smm_saved_free) != end - pos) {
		return "shared_free and the allocation cursor disagree";
	}
	return NULL;
}

static const char *verify_hash(struct opcache *o)
{
	const struct layout *l = o->layout;
	uintptr_t hash = o->app + l->app_hash;
	uintptr_t table = word(o, hash + l->hash_table), entries = word(o, hash + l->hash_entries);

	o->keys_max = half(o, hash + l->hash_max);
	if (!is_hash_size(o->keys_max) || BROKEN("verify")) {
		return "the hash table's size is none that OPcache chooses";
	}
	o->hash_bytes = (size_t)o->keys_max * (sizeof(uintptr_t) + l->entry_bytes);
	if (!inside(o->segment, table, o->hash_bytes) || entries != table + (size_t)o->keys_max * sizeof(uintptr_t)) {
		return "the hash table's arrays do not follow each other in the segment";
	}
	if (half(o, hash + l->hash_count) != 0 && !word(o, o->app + l->app_preload_script)) {
		return "scripts are cached already";
	}
	if (byte(o, o->app + l->app_restart_pending) > 1 || byte(o, o->app + l->app_restart_in_progress) > 1 ||
	    byte(o, o->app + l->app_enabled) > 1 || half(o, o->app + l->app_restart_reason) > 2) {
		return "the restart flags hold values that they cannot have";
	}
	return NULL;
}

static bool is_zero(const struct opcache *o, uintptr_t start, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (byte(o, start + i)) {
			return false;
		}
	}
	return true;
}

/* Walks the permanent strings with OPcache's own step, each hash recomputed: a layout that is off
 * by a byte in the string table or in zend_string does not get through this. */
static const char *verify_strings(struct opcache *o)
{
	const struct layout *l = o->layout;
	uintptr_t start, top, end;
	uint32_t n = 0;

	o->strings = o->app + l->app_strings;
	start = word(o, o->strings + l->strings_start);
	if (l->app_strings + l->strings_bytes != l->app_bytes) {
		return "the string table is not the last of the shared globals";
	}
	if (start == 0) { /* interned_strings_buffer=0 */
		return is_zero(o, o->strings, l->strings_bytes) ? NULL : "the string table has no start but is not empty";
	}
	top = word(o, o->strings + l->strings_saved_top);
	end = word(o, o->strings + l->strings_end);
	if (!inside(o->segment, start, 0) || start > top || top > end || !inside(o->segment, start, end - start)) {
		return "the interned strings' buffer is not inside the segment";
	}
	o->strings_total = end - (o->app + l->app_bytes);
	if (o->strings_total % (1U << 20) != 0) {
		return "the interned strings' buffer is not a whole number of MB";
	}
	for (uintptr_t s = start; s < top; n++) {
		const char *text = segment_view(o->segment, s, top - s);
		size_t bytes = diagnose_string_bytes(l, text, top - s);
		if (bytes == 0) {
			return "the interned strings do not follow each other as they should";
		}
		s += bytes;
		if (s > top) {
			return "the last interned string goes beyond the buffer's top";
		}
	}
	if (n == 0 || n != half(o, o->strings + l->strings_count)) {
		return "the interned strings' number is not the one that OPcache counted";
	}
	o->strings_capacity = end - top;
	return NULL;
}

/* Whether the slot leads to a string that belongs into it, if positions count in `unit` bytes. */
static bool slot_agrees(const struct opcache *o, uintptr_t slot, size_t unit)
{
	const struct layout *l = o->layout;
	uintptr_t slots = o->strings + l->strings_bytes;
	uintptr_t string = o->strings + half(o, slot) * unit;

	return string >= word(o, o->strings + l->strings_start) && string < word(o, o->strings + l->strings_top) &&
	       (word(o, string + l->string_hash) & half(o, o->strings + l->strings_mask)) == slot - slots;
}

/* ZEND_STRING_TABLE_POS_ALIGNMENT is in no debug information: 1 before PHP 8.3, 8 since. */
static const char *find_position_unit(struct opcache *o)
{
	uintptr_t slots = o->strings + o->layout->strings_bytes;
	uintptr_t start = word(o, o->strings + o->layout->strings_start);
	static const size_t units[] = {1, 8};

	for (size_t i = 0; start && i < sizeof units / sizeof units[0]; i++) {
		uint32_t used = 0, agree = 0;
		for (uintptr_t slot = slots; slot + 4 <= start; slot += 4) {
			used += half(o, slot) != 0;
			agree += half(o, slot) != 0 && slot_agrees(o, slot, units[i]);
		}
		if (used && used == agree) {
			o->position_unit = units[i];
			return NULL;
		}
	}
	return start ? "the string table's positions lead nowhere, counted in bytes or in words" : NULL;
}

enum opcache_check opcache_verify(struct opcache *o, const struct segment *s, const struct layout *l, const char **why)
{
	static const char *(*const checks[])(struct opcache *) = {verify_memory, verify_hash, verify_strings,
	                                                          find_position_unit};

	*o = (struct opcache){.segment = s, .layout = l};
	if (word(o, s->base + l->smm_app) == 0) {
		return OPCACHE_NOT_YET;
	}
	*why = verify_base(o);
	if (!*why && !ready(o)) {
		return OPCACHE_NOT_YET;
	}
	for (size_t i = 0; !*why && i < sizeof checks / sizeof checks[0]; i++) {
		*why = checks[i](o);
	}
	o->preloading = word(o, o->app + l->app_preload_script) != 0;
	return *why ? OPCACHE_WRONG : OPCACHE_VALID;
}

/* --- figures --- */

bool opcache_restart_pending(const struct opcache *o)
{
	return byte(o, o->app + o->layout->app_restart_pending);
}

bool opcache_enabled(const struct opcache *o)
{
	return byte(o, o->app + o->layout->app_enabled);
}

uint32_t opcache_restart_reason(const struct opcache *o)
{
	return half(o, o->app + o->layout->app_restart_reason);
}

uint64_t opcache_slots(const struct opcache *o)
{
	return word(o, o->app + o->layout->app_map_ptr_last);
}

uint32_t opcache_keys(const struct opcache *o)
{
	return half(o, o->app + o->layout->app_hash + o->layout->hash_count);
}

void opcache_figures(const struct opcache *o, struct opcache_figures *f)
{
	const struct layout *l = o->layout;
	uintptr_t base = o->segment->base;

	*f = (struct opcache_figures){
	    .reason = opcache_restart_reason(o),
	    .free = word(o, base + l->smm_free),
	    .wasted = word(o, base + l->smm_wasted),
	    .keys = opcache_keys(o),
	    .scripts = half(o, o->app + l->app_hash + l->hash_direct),
	    .slots = opcache_slots(o),
	    .data_top = base + word(o, o->descriptor + l->segment_pos),
	};
	f->used = o->memory_total > f->free + f->wasted ? o->memory_total - f->free - f->wasted : 0;
	if (o->strings_total) {
		f->strings_top = word(o, o->strings + l->strings_top);
		f->strings_count = half(o, o->strings + l->strings_count);
		/* What is left up to the end is what is free, wherever the area lies. */
		f->strings_used = o->strings_total - (word(o, o->strings + l->strings_end) - f->strings_top);
	}
}

/* --- moves --- */

void opcache_move_data(const struct opcache *o, uintptr_t data)
{
	const struct layout *l = o->layout;
	uintptr_t pos = data - o->segment->base;
	size_t capacity = BROKEN("capacity") ? o->data_capacity / 2 * 3 : o->data_capacity;

	/* end first: between the two, zend_shared_alloc may only find less room, and zend_accel_in_shm
	 * never a smaller segment. */
	set_word(o, o->descriptor + l->segment_end, pos + capacity);
	set_word(o, o->descriptor + l->segment_size, pos + capacity);
	set_word(o, o->descriptor + l->segment_pos, pos);
}

void opcache_move_strings(const struct opcache *o, uintptr_t top, size_t capacity)
{
	const struct layout *l = o->layout;

	if (o->strings_total || BROKEN("no_strings")) {
		set_word(o, o->strings + l->strings_end, top + capacity);
		set_word(o, o->strings + l->strings_top, top);
	}
}

void opcache_forget_strings(const struct opcache *o)
{
	const struct layout *l = o->layout;

	if (o->strings_total) {
		set_word(o, o->strings + l->strings_top, word(o, o->strings + l->strings_saved_top));
	}
}

void opcache_exchange_hash(const struct opcache *o, uintptr_t arrays)
{
	const struct layout *l = o->layout;
	uintptr_t hash = o->app + l->app_hash;

	/* Readers take the table without the lock, and only ever reach entries through it; entries are
	 * chosen under the lock, which the caller holds. */
	set_word(o, hash + l->hash_entries, arrays + (size_t)o->keys_max * sizeof(uintptr_t));
	set_word(o, hash + l->hash_table, arrays);
}

/* --- JIT --- */

static uintptr_t trace_counter(const struct opcache *o, int i)
{
	const struct layout *l = o->layout;
	const uint32_t member[4] = {l->trace_id, l->trace_root, l->trace_exit_count, l->trace_exit_counters};

	return word(o, o->app + l->app_jit_traces) + member[i];
}

bool opcache_jit_full(const struct opcache *o)
{
	/* The last two words of the buffer: the cursor, and where a restart rewinds it to. */
	uintptr_t end = o->jit + o->jit_bytes - 2 * sizeof(uintptr_t);
	bool traces = o->jit && inside(o->segment, word(o, o->app + o->layout->app_jit_traces), 1);

	return (o->jit && word(o, end) == end) ||
	       (traces && o->jit_traces_max && half(o, trace_counter(o, 0)) >= o->jit_traces_max);
}

void opcache_jit_keep(const struct opcache *o, struct opcache_jit_state *saved)
{
	uintptr_t cursor = o->jit + o->jit_bytes - 2 * sizeof(uintptr_t);

	saved->kept = o->jit != 0 && word(o, cursor) != 0;
	if (!saved->kept) {
		return;
	}
	set_word(o, cursor + sizeof(uintptr_t), word(o, cursor));
	for (int i = 0; i < 4; i++) {
		saved->trace[i] = half(o, trace_counter(o, i));
	}
}

void opcache_jit_restore(const struct opcache *o, const struct opcache_jit_state *saved)
{
	/* jit_traces is NULL with opcache.jit=function before 8.4. */
	if (!saved->kept || !inside(o->segment, word(o, o->app + o->layout->app_jit_traces), 1)) {
		return;
	}
	for (int i = 0; i < 4; i++) {
		set_half(o, trace_counter(o, i), saved->trace[i]);
	}
}

/* --- links --- */

static void unlink_entry(const struct opcache *o, uintptr_t table, uintptr_t entry)
{
	const struct layout *l = o->layout;
	uintptr_t slot = table + (word(o, entry + l->entry_hash) % o->keys_max) * sizeof(uintptr_t);

	/* Chains are short; the bound is against a damaged one. */
	for (uint32_t n = 0; n <= o->keys_max && word(o, slot); n++) {
		if (word(o, slot) == entry) {
			set_word(o, slot, word(o, entry + l->entry_next));
			return;
		}
		slot = word(o, slot) + l->entry_next;
	}
}

size_t opcache_remove_old_links(const struct opcache *o, uint32_t first, void (*unlinked)(uintptr_t))
{
	const struct layout *l = o->layout;
	uintptr_t hash = o->app + l->app_hash;
	uintptr_t entries = word(o, hash + l->hash_entries), table = word(o, hash + l->hash_table);
	uintptr_t end = entries + (size_t)opcache_keys(o) * l->entry_bytes;
	size_t removed = 0;

	for (uintptr_t e = entries + (size_t)first * l->entry_bytes; e < end; e += l->entry_bytes) {
		uintptr_t target = word(o, e + l->entry_data);
		if (byte(o, e + l->entry_indirect) && (target < entries || target >= end)) {
			unlink_entry(o, table, e);
			/* Unlinked first, then who is in flight: who is not seen has not seen the link. */
			atomic_thread_fence(memory_order_seq_cst);
			unlinked(target);
			removed++;
		}
	}
	return removed;
}
