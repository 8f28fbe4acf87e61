#include "opcache.h"

#include <stdlib.h>
#include <string.h>

#include "diagnose.h"
#include "fake_opcache.h"
#include "unit.h"

/* Each test runs once for each row of the layout table; these are what it works on. */
static struct fake fake;
static struct opcache opcache;
static const struct layout *layout;
static const char *why;

static enum opcache_check verify(void)
{
	why = NULL;
	return opcache_verify(&opcache, &fake.segment, layout, &why);
}

static void create(const struct fake_settings *settings)
{
	fake_create(&fake, layout, settings);
}

static void create_verified(void)
{
	create(&fake_default);
	if (verify() != OPCACHE_VALID) {
		fail_msg("%s: the valid segment was refused: %s", layout->name, why ? why : "not yet");
	}
}

/* --- what is right is accepted, and described --- */

static void assert_valid(struct fake_settings settings)
{
	create(&settings);
	if (verify() != OPCACHE_VALID) {
		fail_msg("%s: refused: %s", layout->name, why ? why : "not yet");
	}
	assert_int_equal(opcache.app, fake.app);
	assert_int_equal(opcache.descriptor, fake.descriptor);
	assert_int_equal(opcache.keys_max, settings.keys_max);
	assert_int_equal(opcache.hash_bytes, settings.keys_max * (8 + (size_t)layout->entry_bytes));
	assert_int_equal(opcache.memory_total, settings.memory_mb << 20);
	assert_int_equal(opcache.data_capacity, *fake_word(fake.segment.base + layout->smm_free));
	assert_int_equal(opcache.strings_total, settings.strings_mb << 20);
	assert_int_equal(opcache.position_unit, settings.strings_mb ? settings.position_unit : 0);
	assert_int_equal(opcache.jit_bytes, settings.jit_bytes);
	assert_int_equal(opcache.jit, fake.jit);
	assert_false(opcache.preloading);
	fake_destroy(&fake);
}

static void accepts_what_is_valid(void)
{
	assert_valid(fake_default);
	assert_valid((struct fake_settings){.memory_mb = 8, .strings_mb = 1, .position_unit = 1, .keys_max = 5});
	assert_valid((struct fake_settings){.memory_mb = 64, .strings_mb = 16, .position_unit = 8, .keys_max = 16229});
	assert_valid((struct fake_settings){.memory_mb = 128, .strings_mb = 3, .position_unit = 1, .keys_max = 130987});
	assert_valid((struct fake_settings){.memory_mb = 8, .strings_mb = 0, .keys_max = 223});
	assert_valid((struct fake_settings){
	    .memory_mb = 16, .strings_mb = 8, .position_unit = 8, .keys_max = 3907, .jit_bytes = 1 << 20});
}

static void knows_the_room_for_strings(void)
{
	create_verified();
	assert_int_equal(opcache.strings_capacity,
	                 *fake_word(fake.strings + layout->strings_end) - *fake_word(fake.strings + layout->strings_top));
	fake_destroy(&fake);
}

static void accepts_preloaded_scripts(void)
{
	create(&fake_default);
	*fake_word(fake.app + layout->app_preload_script) = fake.app;
	*fake_half(fake.hash + layout->hash_count) = 12;
	assert_int_equal(verify(), OPCACHE_VALID);
	assert_true(opcache.preloading);
	fake_destroy(&fake);
}

/* --- not yet --- */

static void waits_for_the_start_to_end(void)
{
	uintptr_t app, saved;

	create(&fake_default);
	app = *fake_word(fake.segment.base + layout->smm_app);
	*fake_word(fake.segment.base + layout->smm_app) = 0;
	assert_int_equal(verify(), OPCACHE_NOT_YET);
	*fake_word(fake.segment.base + layout->smm_app) = app;
	saved = *fake_word(fake.positions);
	*fake_word(fake.positions) = 0; /* zend_shared_alloc_save_state comes last */
	assert_int_equal(verify(), OPCACHE_NOT_YET);
	*fake_word(fake.positions) = saved;
	assert_int_equal(verify(), OPCACHE_VALID);
	fake_destroy(&fake);
}

static void waits_while_memory_is_allocated(void)
{
	create(&fake_default);
	fake_alloc(&fake, 8);
	assert_int_equal(verify(), OPCACHE_NOT_YET);
	fake_destroy(&fake);
}

static void waits_while_strings_are_added(void)
{
	create(&fake_default);
	fake_intern(&fake, "not permanent");
	assert_int_equal(verify(), OPCACHE_NOT_YET);
	fake_destroy(&fake);
}

/* An empty segment, of somebody else's. */
static void waits_for_content(void)
{
	create(&fake_default);
	memset((char *)fake.segment.base, 0, 4096);
	assert_int_equal(verify(), OPCACHE_NOT_YET);
	fake_destroy(&fake);
}

/* --- what is wrong is refused, by name --- */

static void refuse(const char *sentence)
{
	enum opcache_check check = verify();

	if (check != OPCACHE_WRONG) {
		fail_msg("%s: %s instead of \"%s\"", layout->name, check == OPCACHE_VALID ? "accepted" : "not yet", sentence);
	}
	assert_string_equal(why, sentence);
}

static void refuse_word(uintptr_t at, uintptr_t value, const char *sentence)
{
	uintptr_t saved = *fake_word(at);

	*fake_word(at) = value;
	refuse(sentence);
	*fake_word(at) = saved;
}

static void refuse_half(uintptr_t at, uint32_t value, const char *sentence)
{
	uint32_t saved = *fake_half(at);

	*fake_half(at) = value;
	refuse(sentence);
	*fake_half(at) = saved;
}

static void refuses_a_wrong_base(void)
{
	create_verified();
	uintptr_t base = fake.segment.base, end = base + fake.segment.length;

	refuse_half(base + layout->smm_segments_count, 2, "OPcache uses more than one segment");
	refuse_half(base + layout->smm_segments_count, 0, "OPcache uses more than one segment");
	refuse_word(base + layout->smm_segments, end, "shared_segments points out of the segment");
	refuse_word(base + layout->smm_segments, base - 8, "shared_segments points out of the segment");
	refuse_word(base + layout->smm_segments, UINTPTR_MAX, "shared_segments points out of the segment");
	refuse_word(fake.segments, end - 8, "the segment's descriptor is not inside it");
	refuse_word(fake.segments, fake.descriptor + 8, "the segment's descriptor does not describe it");
	refuse_word(fake.descriptor + layout->segment_base, base + 8, "the segment's descriptor does not describe it");
	refuse_word(fake.descriptor + layout->segment_size, fake.segment.length - 1,
	            "the segment's descriptor does not describe it");
	refuse_word(base + layout->smm_app, end - layout->app_bytes + 1, "app_shared_globals points out of the segment");
	refuse_word(base + layout->smm_app, 8, "app_shared_globals points out of the segment");
	fake_destroy(&fake);
}

static void refuses_wrong_memory(void)
{
	create_verified();
	uintptr_t base = fake.segment.base;
	uintptr_t end = *fake_word(fake.descriptor + layout->segment_end);

	refuse_word(fake.descriptor + layout->segment_end, fake.segment.length + 1,
	            "the allocation cursor is beyond its end");
	refuse_word(fake.descriptor + layout->segment_end, *fake_word(fake.positions) - 1,
	            "the allocation cursor is beyond its end");
	refuse_word(fake.descriptor + layout->segment_end, end - 4096, "the segment ends early but no JIT buffer follows");
	refuse_word(base + layout->smm_saved_free, *fake_word(base + layout->smm_saved_free) + 8,
	            "shared_free and the allocation cursor disagree");
	fake_destroy(&fake);
}

static void refuses_a_wrong_jit_buffer(void)
{
	struct fake_settings with_jit = fake_default;

	with_jit.jit_bytes = 1 << 20;
	create(&with_jit);
	uintptr_t reserved = fake.segment.base + layout->smm_reserved, size = fake.segment.base + layout->smm_reserved_size;
	refuse_word(reserved, fake.jit + 4096, "the segment ends early but no JIT buffer follows");
	refuse_word(reserved, 0, "the segment ends early but no JIT buffer follows");
	refuse_word(size, (1 << 20) - 8, "the segment ends early but no JIT buffer follows");
	refuse_word(size, UINTPTR_MAX, "the segment ends early but no JIT buffer follows");
	assert_int_equal(verify(), OPCACHE_VALID);
	fake_destroy(&fake);
}

/* Without a JIT both members hold whatever was on the stack. */
static void ignores_garbage_in_place_of_a_jit(void)
{
	create(&fake_default);
	*fake_word(fake.segment.base + layout->smm_reserved) = fake.segment.base + 100;
	*fake_word(fake.segment.base + layout->smm_reserved_size) = 12345;
	assert_int_equal(verify(), OPCACHE_VALID);
	assert_int_equal(opcache.jit, 0);
	*fake_word(fake.segment.base + layout->smm_reserved_size) = UINTPTR_MAX;
	assert_int_equal(verify(), OPCACHE_VALID);
	fake_destroy(&fake);
}

static void refuses_a_wrong_hash(void)
{
	static const char arrays[] = "the hash table's arrays do not follow each other in the segment";
	static const char flags[] = "the restart flags hold values that they cannot have";

	create_verified();
	uintptr_t table = *fake_word(fake.hash + layout->hash_table),
	          entries = *fake_word(fake.hash + layout->hash_entries);

	refuse_half(fake.hash + layout->hash_max, 224, "the hash table's size is none that OPcache chooses");
	refuse_half(fake.hash + layout->hash_max, 0, "the hash table's size is none that OPcache chooses");
	refuse_half(fake.hash + layout->hash_max, 463, arrays);
	refuse_half(fake.hash + layout->hash_max, 1048793, arrays);
	refuse_word(fake.hash + layout->hash_table, table + 8, arrays);
	refuse_word(fake.hash + layout->hash_table, 0, arrays);
	refuse_word(fake.hash + layout->hash_entries, entries - 8, arrays);
	refuse_half(fake.hash + layout->hash_count, 1, "scripts are cached already");
	refuse_half(fake.app + layout->app_restart_reason, 3, flags);
	const uint32_t flag[] = {layout->app_enabled, layout->app_restart_pending, layout->app_restart_in_progress};
	for (size_t i = 0; i < sizeof flag / sizeof flag[0]; i++) {
		uint8_t saved = *fake_byte(fake.app + flag[i]);
		*fake_byte(fake.app + flag[i]) = 2;
		refuse(flags);
		*fake_byte(fake.app + flag[i]) = saved;
	}
	fake_destroy(&fake);
}

static void refuses_a_wrong_string_buffer(void)
{
	static const char buffer[] = "the interned strings' buffer is not inside the segment";

	create_verified();
	uintptr_t strings = fake.strings, start = *fake_word(strings + layout->strings_start);
	uintptr_t top = *fake_word(strings + layout->strings_top), end = *fake_word(strings + layout->strings_end);

	refuse_word(strings + layout->strings_start, top + 8, buffer);
	refuse_word(strings + layout->strings_start, fake.segment.base - 8, buffer);
	refuse_word(strings + layout->strings_end, top - 8, buffer);
	refuse_word(strings + layout->strings_end, fake.segment.base + fake.segment.length + 1, buffer);
	refuse_word(strings + layout->strings_end, end + 8, "the interned strings' buffer is not a whole number of MB");
	refuse_word(strings + layout->strings_end, end - 4096, "the interned strings' buffer is not a whole number of MB");
	refuse_word(strings + layout->strings_start, start + 8,
	            "the interned strings do not follow each other as they should");
	refuse_half(strings + layout->strings_count, *fake_half(strings + layout->strings_count) + 1,
	            "the interned strings' number is not the one that OPcache counted");
	fake_destroy(&fake);
}

static void refuses_a_wrong_string(void)
{
	static const char follow[] = "the interned strings do not follow each other as they should";

	create_verified();
	uintptr_t string = fake_find_string(&fake, "stdClass");

	refuse_word(string + layout->string_hash, *fake_word(string + layout->string_hash) ^ 1, follow);
	refuse_word(string + layout->string_length, 7, follow);
	refuse_word(string + layout->string_length, UINTPTR_MAX, follow);
	++*fake_byte(string + layout->string_text);
	refuse(follow);
	--*fake_byte(string + layout->string_text);
	assert_int_equal(verify(), OPCACHE_VALID);
	fake_destroy(&fake);
}

/* The last string's padding ends beyond the top. */
static void refuses_a_top_inside_a_string(void)
{
	create_verified();
	uintptr_t top = *fake_word(fake.strings + layout->strings_top);

	*fake_word(fake.strings + layout->strings_top) = top - 8;
	*fake_word(fake.strings + layout->strings_saved_top) = top - 8;
	assert_int_equal(verify(), OPCACHE_WRONG);
	*fake_word(fake.strings + layout->strings_top) = top + 8;
	*fake_word(fake.strings + layout->strings_saved_top) = top + 8;
	refuse("the interned strings do not follow each other as they should");
	fake_destroy(&fake);
}

static void refuses_wrong_positions(void)
{
	static const char nowhere[] = "the string table's positions lead nowhere, counted in bytes or in words";

	create_verified();
	uintptr_t slots = fake.strings + layout->strings_bytes, slot = slots;
	uint32_t mask = *fake_half(fake.strings + layout->strings_mask);

	while (*fake_half(slot) == 0) {
		slot += 4;
	}
	refuse_half(slot, *fake_half(slot) + 8, nowhere);
	refuse_half(slot, UINT32_MAX, nowhere);
	refuse_half(fake.strings + layout->strings_mask, mask >> 1, nowhere);
	refuse_half(fake.strings + layout->strings_mask, 0, nowhere);
	fake_destroy(&fake);
}

/* --- a layout that is off --- */

/* Columns that the segment itself can speak for: none may be off by a member. Not among them are
 * strings_top and strings_saved_top, which hold the same value now, and entry_bytes, since no entry
 * is there yet. */
/* clang-format moves each line further in, every time it runs. */
/* clang-format off */
#define VERIFIED(X) \
	X(smm_segments) X(smm_segments_count) X(smm_positions) X(smm_saved_free) X(smm_app) \
	X(segment_size) X(segment_end) X(segment_pos) X(segment_base) \
	X(app_hash) X(app_strings) X(app_bytes) \
	X(strings_mask) X(strings_count) X(strings_start) X(strings_end) X(strings_bytes) \
	X(hash_table) X(hash_entries) X(hash_max) \
	X(string_hash) X(string_length) X(string_text)
/* clang-format on */

/* Whether the row is accepted though it is wrong; says so. */
static bool accepted(const struct layout *shifted, const char *column, int by)
{
	struct opcache o;

	why = NULL;
	if (opcache_verify(&o, &fake.segment, shifted, &why) != OPCACHE_VALID) {
		return false;
	}
	print_error("%s: accepted with %s off by %d\n", layout->name, column, by);
	return true;
}

static void refuses_shifted_columns(void)
{
	static const int shifts[] = {-16, -8, -4, 4, 8, 16};
	struct fake_settings settings = fake_default;
	int wrong = 0;

	settings.jit_bytes = 1 << 20;
	create(&settings);
	for (size_t i = 0; i < sizeof shifts / sizeof shifts[0]; i++) {
		struct layout shifted;
		int by = shifts[i];
#define SHIFT(column) \
	shifted = *layout; \
	shifted.column = (uint32_t)((int)layout->column + by); \
	wrong += accepted(&shifted, #column, by);
		VERIFIED(SHIFT)
#undef SHIFT
	}
	assert_int_equal(wrong, 0);
	fake_destroy(&fake);
}

/* Another version's row never fits. */
static void refuses_other_rows(void)
{
	create_verified();
	for (size_t i = 0; fake_layout(i); i++) {
		if (fake_layout(i) != layout) {
			assert_false(accepted(fake_layout(i), fake_layout(i)->name, 0));
		}
	}
	fake_destroy(&fake);
}

/* Whatever a segment holds, verification ends and reads nothing outside of it. */
static void survives_random_content(void)
{
	unsigned random = 1;

	create_verified();
	for (int round = 0; round < 1000; round++) {
		random = random * 1103515245U + 12345U;
		uintptr_t at = fake.segment.base + (random >> 8) % (fake.app + layout->app_bytes - fake.segment.base) / 4 * 4;
		uint32_t saved = *fake_half(at);
		random = random * 1103515245U + 12345U;
		*fake_half(at) = round % 3 ? saved ^ 1U << (random >> 8) % 32 : random;
		verify();
		*fake_half(at) = saved;
	}
	assert_int_equal(verify(), OPCACHE_VALID);
	fake_destroy(&fake);
}

/* --- figures and moves --- */

static void counts_as_php_does(void)
{
	struct opcache_figures f;

	create_verified();
	fake_key(&fake, 1, fake_script(&fake, 0, 1000), false);
	fake_key(&fake, 2, 0, true);
	fake_intern(&fake, "something new");
	*fake_word(fake.segment.base + layout->smm_wasted) = 5000;
	*fake_half(fake.app + layout->app_restart_reason) = 2;
	opcache_figures(&opcache, &f);
	assert_int_equal(f.reason, 2);
	assert_int_equal(f.wasted, 5000);
	assert_int_equal(f.free, *fake_word(fake.segment.base + layout->smm_free));
	assert_int_equal(f.used + f.free + f.wasted, opcache.memory_total);
	assert_int_equal(f.keys, 2);
	assert_int_equal(f.scripts, 1);
	assert_int_equal(f.slots, 100);
	assert_int_equal(f.strings_count, *fake_half(fake.strings + layout->strings_count));
	assert_int_equal(f.strings_top, *fake_word(fake.strings + layout->strings_top));
	assert_int_equal(f.data_top, fake.segment.base + *fake_word(fake.descriptor + layout->segment_pos));
	assert_int_equal(f.strings_used, f.strings_top - (fake.app + layout->app_bytes));
	fake_destroy(&fake);
}

static void moves_keep_capacities(void)
{
	create_verified();
	size_t room = *fake_word(fake.descriptor + layout->segment_end) - *fake_word(fake.descriptor + layout->segment_pos);
	size_t strings = opcache.strings_capacity;
	uintptr_t data = fake.segment.data + 4096, top = fake.segment.strings + 64;

	opcache_move_data(&opcache, data);
	opcache_move_strings(&opcache, top, strings);
	assert_int_equal(fake.segment.base + *fake_word(fake.descriptor + layout->segment_pos), data);
	assert_int_equal(*fake_word(fake.descriptor + layout->segment_end) -
	                     *fake_word(fake.descriptor + layout->segment_pos),
	                 room);
	assert_int_equal(*fake_word(fake.descriptor + layout->segment_base), fake.segment.base);
	assert_int_equal(*fake_word(fake.strings + layout->strings_top), top);
	assert_int_equal(*fake_word(fake.strings + layout->strings_end), top + strings);
	assert_true(fake_in_shm(&fake, data + room - 1));
	assert_true(fake_is_interned(&fake, *fake_word(fake.strings + layout->strings_start)));
	opcache_forget_strings(&opcache);
	assert_int_equal(*fake_word(fake.strings + layout->strings_top),
	                 *fake_word(fake.strings + layout->strings_saved_top));
	fake_destroy(&fake);
}

static void without_buffer_strings_stay(void)
{
	struct fake_settings none = {.memory_mb = 8, .strings_mb = 0, .keys_max = 5};
	struct opcache_figures f;

	create(&none);
	assert_int_equal(verify(), OPCACHE_VALID);
	opcache_move_strings(&opcache, fake.segment.strings, 100);
	opcache_forget_strings(&opcache);
	opcache_figures(&opcache, &f);
	assert_int_equal(*fake_word(fake.strings + layout->strings_top), 0);
	assert_int_equal(f.strings_used, 0);
	assert_int_equal(f.strings_count, 0);
	fake_destroy(&fake);
}

static void exchanged_hash_is_the_new_one(void)
{
	create_verified();
	uintptr_t arrays = fake.segment.base + 1024 * 1024 * 4;

	fake_key(&fake, 7, 70, false);
	opcache_exchange_hash(&opcache, arrays);
	assert_int_equal(fake_find(&fake, 7), 0);
	assert_int_equal(*fake_word(fake.hash + layout->hash_entries) - *fake_word(fake.hash + layout->hash_table),
	                 fake.settings.keys_max * 8);
	fake_key(&fake, 7, 71, false);
	assert_in_range(fake_find(&fake, 7), arrays, arrays + opcache.hash_bytes - 1);
	fake_destroy(&fake);
}

static void jit_keeps_cursor_and_counters(void)
{
	struct fake_settings settings = fake_default;
	struct opcache_jit_state saved;

	settings.jit_bytes = 1 << 20;
	create(&settings);
	assert_int_equal(verify(), OPCACHE_VALID);
	uintptr_t cursor = fake.jit + settings.jit_bytes - 16;
	*fake_word(cursor) = fake.jit + 5000;
	*fake_half(fake.traces + layout->trace_id) = 10;
	*fake_half(fake.traces + layout->trace_root) = 11;
	*fake_half(fake.traces + layout->trace_exit_count) = 12;
	*fake_half(fake.traces + layout->trace_exit_counters) = 13;
	opcache_jit_keep(&opcache, &saved);
	assert_true(saved.kept);
	*fake_word(cursor) = *fake_word(cursor + 8); /* zend_jit_restart */
	memset((char *)fake.traces, 0, 64);
	opcache_jit_restore(&opcache, &saved);
	assert_int_equal(*fake_word(cursor), fake.jit + 5000);
	assert_int_equal(*fake_half(fake.traces + layout->trace_id), 10);
	assert_int_equal(*fake_half(fake.traces + layout->trace_root), 11);
	assert_int_equal(*fake_half(fake.traces + layout->trace_exit_count), 12);
	assert_int_equal(*fake_half(fake.traces + layout->trace_exit_counters), 13);
	fake_destroy(&fake);
}

static void no_jit_nothing_kept(void)
{
	struct opcache_jit_state saved = {.kept = true};

	create_verified();
	opcache_jit_keep(&opcache, &saved);
	assert_false(saved.kept);
	opcache_jit_restore(&opcache, &saved);
	fake_destroy(&fake);
}

/* --- links --- */

static uintptr_t targets[8];
static size_t target_count;

static void note(uintptr_t target)
{
	targets[target_count++] = target;
}

static void old_links_are_taken_out(void)
{
	create_verified();
	uintptr_t old = fake_key(&fake, 5, 50, false);
	uint32_t max = fake.settings.keys_max;

	target_count = 0;
	opcache_exchange_hash(&opcache, fake.segment.base + 1024 * 1024 * 4);
	*fake_half(fake.hash + layout->hash_count) = 0;
	uintptr_t current = fake_key(&fake, 5, 51, false);
	fake_key(&fake, 6, current, true);       /* a link as it should be */
	fake_key(&fake, 6 + max, old, true);     /* in the same chain: into the old hash */
	fake_key(&fake, 6 + 2 * max, 52, false); /* behind it */
	fake_key(&fake, 7, old, true);
	assert_int_equal(opcache_remove_old_links(&opcache, 0, note), 2);
	assert_int_equal(target_count, 2);
	assert_int_equal(targets[0], old);
	assert_int_equal(targets[1], old);
	assert_int_equal(fake_find(&fake, 6 + max), 0);
	assert_int_equal(fake_find(&fake, 7), 0);
	assert_int_not_equal(fake_find(&fake, 5), 0);
	assert_int_not_equal(fake_find(&fake, 6), 0);
	assert_int_not_equal(fake_find(&fake, 6 + 2 * max), 0);
	fake_destroy(&fake);
}

static void links_from_before_are_not_looked_at(void)
{
	create_verified();
	target_count = 0;
	fake_key(&fake, 1, fake.segment.data, true);
	fake_key(&fake, 2, fake.segment.data, true);
	assert_int_equal(opcache_remove_old_links(&opcache, 1, note), 1);
	assert_int_not_equal(fake_find(&fake, 1), 0);
	assert_int_equal(fake_find(&fake, 2), 0);
	assert_int_equal(opcache_remove_old_links(&opcache, 2, note), 0);
	fake_destroy(&fake);
}

/* A chain that a broken program has closed into a ring. */
static void ring_of_entries_ends(void)
{
	create_verified();
	target_count = 0;
	uintptr_t a = fake_key(&fake, 1, 0, false),
	          b = fake_key(&fake, 1 + fake.settings.keys_max, fake.segment.data, true);
	*fake_word(a + layout->entry_next) = a;
	*fake_word(*fake_word(fake.hash + layout->hash_table) + 8) = a;
	assert_int_equal(opcache_remove_old_links(&opcache, 0, note), 1);
	assert_int_not_equal(b, 0);
	fake_destroy(&fake);
}

/* --- */

#define TEST(name) \
	static void test_##name(void **state) \
	{ \
		(void)state; \
		for (size_t i = 0; (layout = fake_layout(i)) != NULL; i++) { \
			name(); \
		} \
	}
/* clang-format moves each line further in, every time it runs. */
/* clang-format off */
#define TESTS(X) \
	X(accepts_what_is_valid) X(knows_the_room_for_strings) X(accepts_preloaded_scripts) \
	X(waits_for_the_start_to_end) X(waits_while_memory_is_allocated) X(waits_while_strings_are_added) \
	X(waits_for_content) \
	X(refuses_a_wrong_base) X(refuses_wrong_memory) X(refuses_a_wrong_jit_buffer) \
	X(ignores_garbage_in_place_of_a_jit) \
	X(refuses_a_wrong_hash) X(refuses_a_wrong_string_buffer) X(refuses_a_wrong_string) \
	X(refuses_a_top_inside_a_string) X(refuses_wrong_positions) \
	X(refuses_shifted_columns) X(refuses_other_rows) X(survives_random_content) \
	X(counts_as_php_does) X(moves_keep_capacities) X(without_buffer_strings_stay) \
	X(exchanged_hash_is_the_new_one) X(jit_keeps_cursor_and_counters) X(no_jit_nothing_kept) \
	X(old_links_are_taken_out) X(links_from_before_are_not_looked_at) X(ring_of_entries_ends)
/* clang-format on */
TESTS(TEST)

int main(void)
{
#define UNIT(name) {#name, test_##name, NULL, NULL, NULL},
	const struct CMUnitTest tests[] = {TESTS(UNIT)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
