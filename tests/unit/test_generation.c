#include "generation.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_opcache.h"
#include "frames.h"
#include "options.h"
#include "os.h"
#include "thread.h"
#include "unit.h"

static struct fake fake;
static struct opcache opcache;
static const char *path; /* of the record file */
static size_t notices_before[NOTICE_GUARD + 1];

enum { IN_PAGES = 3 << 20, STRINGS_UNIT_1_MB = 64, STRINGS_UNIT_8_MB = 512 };

static size_t all_notices(enum notice notice)
{
	struct frames f = frames_read(path);
	size_t n = frames_notices(&f, notice);

	frames_free(&f);
	return n;
}

/* Since the test began: the file is one for all. */
static size_t notices(enum notice notice)
{
	return all_notices(notice) - notices_before[notice];
}

static void count_notices(void)
{
	for (int n = 1; n <= NOTICE_GUARD; n++) {
		notices_before[n] = access(path, F_OK) == 0 ? all_notices((enum notice)n) : 0;
	}
}

/* --- set up --- */

static void attach(const struct layout *l, const struct fake_settings *settings)
{
	const char *why = "not yet";

	count_notices();
	thread_forked(); /* no entry in the new table yet */
	assert_true(thread_table_create());
	options = (struct options){.quarantine_mb = 1024, .defer_ms = 2000, .max_slots = 16384};
	fake_create(&fake, l, settings);
	if (opcache_verify(&opcache, &fake.segment, l, &why) != OPCACHE_VALID) {
		fail_msg("%s", why);
	}
	assert_true(generation_attach(&opcache));
}

static int detach(void **state)
{
	(void)state;
	generation_detach();
	fake_destroy(&fake);
	return 0;
}

static int attach_default(void **state)
{
	(void)state;
	attach(fake_layout(1), &fake_default);
	return 0;
}

/* Another thread's request. Its entry is this thread's own, so that it belongs to somebody alive. */
static struct thread *request(enum thread_state now, uint32_t began)
{
	struct thread *mine = self.shared, *t;

	self.shared = NULL;
	t = thread_self();
	self.shared = mine;
	atomic_store(&t->began, began);
	atomic_store(&t->state, now);
	return t;
}

static void end(struct thread *t)
{
	atomic_store(&t->state, THREAD_IDLE);
}

static bool accessible(uintptr_t address)
{
	char byte;

	return os_read_memory(&byte, address, 1);
}

static void *view(uintptr_t address)
{
	return segment_view(&fake.segment, address, 1);
}

static size_t capacity(void)
{
	return *fake_word(fake.descriptor + fake.layout->segment_end) -
	       *fake_word(fake.descriptor + fake.layout->segment_pos);
}

static size_t strings_capacity(void)
{
	return *fake_word(fake.strings + fake.layout->strings_end) - *fake_word(fake.strings + fake.layout->strings_top);
}

static uintptr_t data_top(void)
{
	return fake.segment.base + *fake_word(fake.descriptor + fake.layout->segment_pos);
}

static void restarts(unsigned n)
{
	while (n--) {
		assert_true(fake_restart(&fake));
	}
}

/* A number of the last restart's record; UINT64_MAX if it is not there. */
static uint64_t of_restart(enum field_tag tag)
{
	struct frames f = frames_read(path);
	const struct frame_header *h = frames_last(&f, FRAME_RESTART);
	uint64_t n = h && frames_field(h, tag) ? frames_number(h, tag) : UINT64_MAX;

	frames_free(&f);
	return n;
}

/* --- attaching --- */

static void first_generation_moves(void **state)
{
	(void)state;
	assert_int_equal(generation_current(), 0);
	assert_int_equal(generation_restarts_begun(), 0);
	assert_ptr_not_equal(generation_opcache(), NULL);
	assert_in_range(data_top(), fake.segment.data, fake.segment.data + fake.segment.data_bytes);
	assert_in_range(*fake_word(fake.strings + fake.layout->strings_top), fake.segment.strings, fake.segment.data - 1);
	assert_int_equal(*fake_word(fake.hash + fake.layout->hash_table), fake.segment.data);
	assert_true(fake_is_interned(&fake, fake_find_string(&fake, "Exception")));
}

static void capacities_are_exact(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(capacity(), opcache.data_capacity);
		assert_int_equal(strings_capacity(), opcache.strings_capacity);
		assert_int_equal(*fake_word(fake.segment.base + fake.layout->smm_free), opcache.data_capacity);
		/* All of it can be used, and not a byte more. */
		assert_int_not_equal(fake_alloc(&fake, opcache.data_capacity), 0);
		assert_int_equal(fake_alloc(&fake, 8), 0);
		*fake_byte(data_top() - 1) = 1;
		*fake_byte(*fake_word(fake.strings + fake.layout->strings_end) - 1) = 1;
		restarts(1);
	}
}

static void without_buffer_only_data_moves(void **state)
{
	struct fake_settings none = {.memory_mb = 8, .strings_mb = 0, .keys_max = 223};

	(void)state;
	for (size_t i = 0; fake_layout(i); i++) {
		attach(fake_layout(i), &none);
		uintptr_t script = fake_script(&fake, 0, 1000);
		restarts(3);
		assert_int_equal(*fake_word(fake.strings + fake.layout->strings_top), 0);
		assert_false(accessible(script));
		detach(NULL);
	}
}

static void detached_nothing_is_ours(void **state)
{
	uintptr_t script = fake_script(&fake, 0, 1000), end_of_data;

	(void)state;
	restarts(1);
	end_of_data = generation_detach();
	assert_true(end_of_data > data_top() && end_of_data <= fake.segment.data + fake.segment.data_bytes);
	assert_null(generation_opcache());
	assert_int_equal(generation_locate(script).kind, ADDRESS_FOREIGN);
	assert_int_equal(generation_restarts_begun(), 0);
	assert_true(generation_may_restart());
	generation_restart_begin();
	generation_restart_end();
	generation_locked();
	generation_unlocking();
	assert_int_equal(generation_detach(), 0);
}

/* --- restarts --- */

static void old_generation_keeps_its_content(void **state)
{
	uintptr_t string = fake_intern(&fake, "of the first generation"), script = fake_script(&fake, string, 20000);
	uintptr_t hash = *fake_word(fake.hash + fake.layout->hash_table);
	uintptr_t entry = fake_key(&fake, 77, script, false);

	(void)state;
	memset((char *)script + 1000, 'x', 19000);
	restarts(1);
	assert_false(accessible(string) || accessible(script) || accessible(script + 19999) || accessible(hash));
	assert_memory_equal((char *)view(string) + fake.layout->string_text, "of the first generation", 24);
	assert_int_equal(*(char *)view(script + 19999), 'x');
	/* Not even its hash was cleaned: a reader that is in it still finds its way. */
	assert_int_equal(*(uintptr_t *)view(hash + 77 * sizeof(uintptr_t)), entry);
	assert_int_equal(*(uintptr_t *)view(entry + fake.layout->entry_data), script);
}

static void new_generation_is_empty(void **state)
{
	uintptr_t script = fake_script(&fake, 0, 1000);

	(void)state;
	fake_key(&fake, 77, script, false);
	fake_intern(&fake, "of the first generation");
	restarts(1);
	assert_int_equal(generation_current(), 1);
	assert_int_equal(fake_find(&fake, 77), 0);
	assert_int_equal(fake_find_string(&fake, "of the first generation"), 0);
	assert_int_not_equal(fake_find_string(&fake, "Exception"), 0);
	uintptr_t again = fake_script(&fake, fake_intern(&fake, "of the first generation"), 1000);
	uintptr_t entry = fake_key(&fake, 77, again, false);
	assert_int_equal(fake_find(&fake, 77), entry);
	assert_int_not_equal(again, script);
}

/* Data ascends and strings descend: what is old is in the shared memory, and is not interned. */
static void only_new_strings_are_current(void **state)
{
	uintptr_t scripts[20], strings[20];

	(void)state;
	for (int i = 0; i < 20; i++) {
		strings[i] = fake_intern(&fake, "the same text each time");
		scripts[i] = fake_script(&fake, strings[i], 5000);
		for (int old = 0; old < i; old++) {
			assert_false(fake_is_interned(&fake, strings[old]));
			assert_true(fake_in_shm(&fake, scripts[old]));
			assert_true(scripts[old] < scripts[i] && strings[old] > strings[i]);
		}
		assert_true(fake_is_interned(&fake, strings[i]));
		assert_true(fake_in_shm(&fake, scripts[i]));
		assert_int_equal(fake_find_string(&fake, "the same text each time"), strings[i]);
		restarts(1);
	}
}

static void carrying_request_begins_anew(void **state)
{
	(void)state;
	atomic_store(&thread_self()->state, THREAD_STARTING);
	struct thread *other = request(THREAD_HOLDER, 0);
	restarts(2);
	assert_int_equal(thread_self()->began, 2);
	assert_int_equal(other->began, 0);
}

static void jit_keeps_its_place(void **state)
{
	struct fake_settings with_jit = fake_default;

	(void)state;
	with_jit.jit_bytes = 1 << 20;
	for (size_t i = 0; fake_layout(i); i++) {
		attach(fake_layout(i), &with_jit);
		uintptr_t cursor = fake.jit + with_jit.jit_bytes - 16;
		for (uint32_t n = 1; n < 5; n++) {
			*fake_word(cursor) += 1000;
			*fake_half(fake.traces + fake.layout->trace_id) = n;
			restarts(1);
			assert_int_equal(*fake_word(cursor), fake.jit + 64 + n * 1000);
			assert_int_equal(*fake_half(fake.traces + fake.layout->trace_id), n);
		}
		assert_true(accessible(fake.jit));
		detach(NULL);
	}
}

static void restart_is_recorded(void **state)
{
	struct frames f;
	const struct frame_header *h;

	(void)state;
	thread_self();
	*fake_half(fake.app + fake.layout->app_restart_reason) = RESTART_HASH;
	fake_key(&fake, 1, fake_script(&fake, 0, 1000), false);
	fake_key(&fake, 2, 0, true);
	*fake_word(fake.segment.base + fake.layout->smm_wasted) = 64;
	uint64_t free_before = *fake_word(fake.segment.base + fake.layout->smm_free);
	request(THREAD_HOLDER, 0);
	request(THREAD_HOLDER, 0);
	request(THREAD_IDLE, 0);
	restarts(1);
	f = frames_read(path);
	h = frames_last(&f, FRAME_RESTART);
	assert_int_equal(frames_number(h, FIELD_NUMBER), 1);
	assert_int_equal(frames_number(h, FIELD_REASON), RESTART_HASH);
	assert_int_equal(frames_number(h, FIELD_KEYS), 2);
	assert_int_equal(frames_number(h, FIELD_SCRIPTS), 1);
	assert_int_equal(frames_number(h, FIELD_KEYS_MAX), 223);
	assert_int_equal(frames_number(h, FIELD_MEMORY_TOTAL), 8 << 20);
	assert_int_equal(frames_number(h, FIELD_MEMORY_FREE), free_before);
	assert_int_equal(frames_number(h, FIELD_MEMORY_WASTED), 64);
	assert_int_equal(frames_number(h, FIELD_MEMORY_USED), (8 << 20) - 64 - free_before);
	assert_int_equal(frames_fields(h, FIELD_IN_FLIGHT), 2);
	assert_int_equal(frames_fields(h, FIELD_CARRIED_OUT_BY), 1);
	assert_int_equal(frames_number(h, FIELD_REWOUND), 0);
	assert_int_equal(frames_number(h, FIELD_SLOTS), 100);
	assert_null(frames_field(h, FIELD_WAITED_NS));
	frames_free(&f);
}

/* --- addresses --- */

static void segment_itself_is_foreign(void **state)
{
	char mine;

	(void)state;
	assert_int_equal(generation_locate((uintptr_t)&mine).kind, ADDRESS_FOREIGN);
	assert_int_equal(generation_locate(0).kind, ADDRESS_FOREIGN);
	assert_int_equal(generation_locate(fake.segment.base).kind, ADDRESS_FOREIGN);
	assert_int_equal(generation_locate(fake.segment.base + fake.segment.length - 1).kind, ADDRESS_FOREIGN);
	assert_int_equal(generation_locate(fake.segment.start - 1).kind, ADDRESS_FOREIGN);
	assert_int_equal(generation_locate(fake.segment.start + fake.segment.reserved).kind, ADDRESS_FOREIGN);
	/* The shim's own view is none of PHP's business. */
	assert_int_equal(generation_locate(fake.segment.alias).kind, ADDRESS_FOREIGN);
}

static void around_the_segment_are_guards(void **state)
{
	(void)state;
	assert_int_equal(generation_locate(fake.segment.base - 1).kind, ADDRESS_GUARD);
	assert_int_equal(generation_locate(fake.segment.start).kind, ADDRESS_GUARD);
	assert_int_equal(generation_locate(fake.segment.base + fake.segment.length).kind, ADDRESS_GUARD);
	assert_int_equal(generation_locate(fake.segment.strings).kind, ADDRESS_GUARD);
	assert_int_equal(generation_locate(fake.segment.start + fake.segment.reserved - 1).kind, ADDRESS_GUARD);
	assert_false(accessible(fake.segment.base - 1) || accessible(fake.segment.base + fake.segment.length));
}

static void addresses_know_their_generation(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		uintptr_t string = fake_intern(&fake, "somewhere"), script = fake_script(&fake, 0, 9000);
		struct location l = generation_locate(script + 8999), s = generation_locate(string);
		assert_int_equal(l.kind, ADDRESS_CURRENT);
		assert_int_equal(l.generation, i);
		assert_int_equal(s.kind, ADDRESS_CURRENT);
		assert_true(s.in_strings && !l.in_strings);
		restarts(1);
		l = generation_locate(script + 8999), s = generation_locate(string);
		assert_int_equal(l.kind, ADDRESS_STALE);
		assert_int_equal(s.kind, ADDRESS_STALE);
		assert_int_equal(l.generation, i);
		assert_int_equal(s.generation, i);
		assert_int_equal(l.current, i + 1);
		assert_true(l.retired_ns > 0 && l.retired_ns <= os_monotonic_ns());
		assert_in_range(script, l.content.start, l.content.start + l.content.used - 9000);
		assert_int_equal(s.content.start, string);
		assert_ptr_equal(l.content.bytes, view(l.content.start));
	}
}

static void between_areas_are_guards(void **state)
{
	uintptr_t string = fake_intern(&fake, "x"), script = fake_script(&fake, 0, 1000);

	(void)state;
	restarts(1);
	struct location data = generation_locate(script), strings = generation_locate(string);
	assert_int_equal(generation_locate(data.area_start + data.area_bytes - 1).kind, ADDRESS_STALE);
	assert_int_equal(generation_locate(data.area_start + data.area_bytes).kind, ADDRESS_GUARD);
	assert_int_equal(generation_locate(strings.area_start + strings.area_bytes).kind, ADDRESS_GUARD);
	assert_int_equal(generation_locate(strings.area_start).kind, ADDRESS_STALE);
	/* The generation after the next one has not been anywhere yet. */
	assert_int_equal(generation_locate(data.area_start + 3 * (data.area_bytes + os_page_size())).kind, ADDRESS_GUARD);
}

static void opens_the_pages_of_an_object(void **state)
{
	size_t page = os_page_size();
	uintptr_t script = fake_script(&fake, 0, 10 * page);
	uintptr_t middle = (script + 5 * page) & ~(page - 1);

	(void)state;
	*fake_byte(middle) = 7;
	restarts(1);
	struct location l = generation_locate(middle);
	assert_int_equal(generation_open(&l, middle + 10, 1), page);
	assert_int_equal(*fake_byte(middle), 7);
	assert_false(accessible(middle - 1) || accessible(middle + page));
	assert_int_equal(generation_open(&l, middle - 1, 2), 2 * page);
	assert_true(accessible(middle - page));
	assert_false(accessible(middle - page - 1));
}

/* An object that says it is larger than its area does not open the neighbour's. */
static void opens_no_more_than_the_area(void **state)
{
	uintptr_t script = fake_script(&fake, 0, 1000);

	(void)state;
	restarts(2);
	struct location l = generation_locate(script);
	assert_int_equal(generation_open(&l, l.area_start - (1 << 20), 100 << 20), l.area_bytes);
	assert_true(accessible(script));
	assert_false(accessible(l.area_start - 1) || accessible(l.area_start + l.area_bytes));
	assert_false(accessible(l.area_start + l.area_bytes + os_page_size()));
}

static void ranges_in_use_are_three(void **state)
{
	uintptr_t start[3];
	size_t bytes[3];

	(void)state;
	restarts(2);
	assert_int_equal(generation_ranges_in_use(start, bytes), 3);
	assert_int_equal(start[0], fake.segment.base);
	assert_in_range(data_top(), start[1], start[1] + bytes[1]);
	assert_in_range(*fake_word(fake.strings + fake.layout->strings_top), start[2], start[2] + bytes[2]);
	for (int i = 0; i < 3; i++) {
		assert_true(accessible(start[i]) && accessible(start[i] + bytes[i] - 1));
	}
}

/* --- what is being sent --- */

static void publish(struct thread *t, uintptr_t start, size_t bytes)
{
	atomic_store(&t->out_bytes, bytes);
	atomic_store(&t->out_start, start);
}

static void what_is_being_sent_stays(void **state)
{
	size_t page = os_page_size();
	uintptr_t script = fake_script(&fake, 0, 40 * page) + 4 * page;
	struct thread *a = request(THREAD_HOLDER, 0), *b = request(THREAD_HOLDER, 0), *c = request(THREAD_HOLDER, 0);

	(void)state;
	script &= ~(page - 1);
	publish(a, script + 20 * page + 5, 10);
	publish(b, script + 10, 2 * page);
	publish(c, script + page, 3 * page); /* overlaps b's */
	restarts(1);
	for (size_t i = 0; i < 30; i++) {
		bool expected = i < 4 || i == 20;
		if (accessible(script + i * page) != expected) {
			fail_msg("page %zu", i);
		}
	}
	publish(a, 0, 0);
	publish(b, 0, 0);
	publish(c, 0, 0);
}

static void ranges_elsewhere_do_not_matter(void **state)
{
	uintptr_t script = fake_script(&fake, 0, 1 << 20);
	struct thread *t = request(THREAD_HOLDER, 0), *mine = request(THREAD_HOLDER, 0);
	static char elsewhere[100];

	(void)state;
	publish(t, (uintptr_t)elsewhere, sizeof elsewhere);
	publish(mine, (script + 4096) & ~4095UL, 0); /* nothing, at the start of a page */
	restarts(1);
	for (size_t i = 0; i < 1 << 20; i += 4096) {
		assert_false(accessible(script + i));
	}
}

/* From the first to the last page, and beyond both ends. */
static void range_over_the_whole_area(void **state)
{
	uintptr_t script = fake_script(&fake, 0, 5000);
	struct location l = generation_locate(script);
	struct thread *t = request(THREAD_HOLDER, 0);

	(void)state;
	publish(t, l.area_start - 10, l.area_bytes + 20);
	restarts(1);
	assert_true(accessible(l.area_start) && accessible(script) && accessible(l.area_start + l.area_bytes - 1));
	assert_false(accessible(l.area_start + l.area_bytes));
}

/* --- slots --- */

static uint64_t slots;

static void slots_rewind_when_nobody_is_there(void **state)
{
	uint32_t epoch = generation_slot_epoch();

	(void)state;
	atomic_store(&thread_self()->state, THREAD_STARTING);
	request(THREAD_IDLE, 0);
	request(THREAD_STARTING, 0);
	*fake_word(fake.app + fake.layout->app_map_ptr_last) = 5000;
	assert_true(generation_may_rewind_slots(&slots));
	assert_int_equal(slots, 5000);
	assert_int_equal(generation_slot_epoch(), epoch + 1);
	restarts(1);
	assert_int_equal(of_restart(FIELD_SLOTS), 100);
	assert_int_equal(of_restart(FIELD_REWOUND), 1);
}

static void slots_stay_for_a_request_in_flight(void **state)
{
	(void)state;
	request(THREAD_HOLDER, 0);
	*fake_word(fake.app + fake.layout->app_map_ptr_last) = 5000;
	restarts(1);
	assert_int_equal(*fake_word(fake.app + fake.layout->app_map_ptr_last), 5000);
	assert_int_equal(of_restart(FIELD_SLOTS), 5000);
	assert_int_equal(of_restart(FIELD_REWOUND), 0);
	assert_int_equal(notices(NOTICE_SLOTS_KEPT), 0);
}

/* With opcache.file_cache a request whose OPcache is off takes slots all the same. */
static void slots_stay_for_bystanders_with_a_file_cache(void **state)
{
	struct thread *t = request(THREAD_BYSTANDER, 0);

	(void)state;
	assert_true(generation_may_rewind_slots(&slots));
	generation_detach();
	opcache.file_cache = true;
	assert_true(generation_attach(&opcache));
	atomic_store(&t->state, THREAD_BYSTANDER);
	assert_false(generation_may_rewind_slots(&slots));
	end(t);
	assert_true(generation_may_rewind_slots(&slots));
}

/* The carrying request's own pointers are not in the way. */
static void own_request_is_nobody(void **state)
{
	(void)state;
	atomic_store(&thread_self()->state, THREAD_HOLDER);
	assert_true(generation_may_rewind_slots(&slots));
}

static void slots_above_the_bound_wait(void **state)
{
	struct thread *t = request(THREAD_HOLDER, 0);

	(void)state;
	options.defer_ms = 50;
	*fake_word(fake.app + fake.layout->app_map_ptr_last) = 100 + 16384;
	restarts(1); /* the bound itself is in bounds */
	++*fake_word(fake.app + fake.layout->app_map_ptr_last);
	assert_false(fake_restart(&fake));
	assert_false(fake_restart(&fake));
	assert_int_equal(notices(NOTICE_WAIT), 1);
	assert_int_equal(generation_current(), 1);
	end(t);
	restarts(1);
	assert_int_equal(of_restart(FIELD_REWOUND), 1);
	assert_in_range(of_restart(FIELD_WAITED_NS), 1, 50000000);
}

static void waiting_has_a_deadline(void **state)
{
	(void)state;
	request(THREAD_HOLDER, 0);
	options.defer_ms = 50;
	*fake_word(fake.app + fake.layout->app_map_ptr_last) = 20000;
	assert_false(fake_restart(&fake));
	usleep(60000);
	restarts(1);
	assert_in_range(of_restart(FIELD_WAITED_NS), 50000000, 10000000000);
	assert_int_equal(*fake_word(fake.app + fake.layout->app_map_ptr_last), 20000);
	assert_int_equal(notices(NOTICE_SLOTS_KEPT), 1);
	/* What does not come is not waited for again, up to twice as many. */
	restarts(1);
	assert_int_equal(of_restart(FIELD_WAITED_NS), UINT64_MAX);
	*fake_word(fake.app + fake.layout->app_map_ptr_last) = 40001;
	assert_false(fake_restart(&fake));
}

static void preloading_never_rewinds(void **state)
{
	(void)state;
	attach(fake_layout(0), &fake_default);
	generation_detach();
	opcache.preloading = true;
	assert_true(generation_attach(&opcache));
	assert_false(generation_may_rewind_slots(&slots));
	detach(NULL);
}

/* --- recycling --- */

/* A restart with so much in it that the budget (1 MB) is over. */
static uintptr_t full_generation(void)
{
	uintptr_t script = fake_script(&fake, 0, IN_PAGES);

	memset((char *)script + 4096, 'x', IN_PAGES - 4096);
	return script + 8192;
}

static void fill_generations(uintptr_t *addresses, uint32_t n)
{
	options.quarantine_mb = 1;
	for (uint32_t i = 0; i < n; i++) {
		addresses[i] = full_generation();
		restarts(1);
	}
}

static void assert_recycled(const uintptr_t *addresses, uint32_t n, uint32_t recycled)
{
	generation_chores(); /* the memory is given back outside of the restart */
	for (uint32_t i = 0; i < n; i++) {
		int expected = i < recycled ? ADDRESS_RECYCLED : ADDRESS_STALE;
		if ((int)generation_locate(addresses[i]).kind != expected) {
			fail_msg("generation %u: kind %d", i, (int)generation_locate(addresses[i]).kind);
		}
		assert_false(accessible(addresses[i]));
		assert_int_equal(*(char *)view(addresses[i]), i < recycled ? 0 : 'x');
	}
	assert_int_equal(of_restart(FIELD_RECYCLED), recycled);
}

/* One more than nobody needs stays: its keys can be in the hash of the one after it. */
static void recycles_what_nobody_can_reach(void **state)
{
	uintptr_t addresses[6];

	(void)state;
	fill_generations(addresses, 6);
	assert_recycled(addresses, 6, 5);
	assert_int_equal(of_restart(FIELD_KEPT_BYTES) >> 20, IN_PAGES >> 20);
}

static void request_pins_the_one_before_its_own(void **state)
{
	uintptr_t addresses[8];
	struct thread *t;

	(void)state;
	options.quarantine_mb = 1;
	for (uint32_t i = 0; i < 3; i++) {
		addresses[i] = full_generation();
		restarts(1);
	}
	t = request(THREAD_HOLDER, 3);
	addresses[3] = full_generation();
	restarts(1);
	addresses[4] = full_generation();
	/* Now in the current generation minus two: waiting does give something back. */
	assert_false(fake_restart(&fake));
	options.quarantine_mb = 100;
	restarts(1);
	options.quarantine_mb = 1;
	assert_recycled(addresses, 5, 2);
	end(t);
	addresses[5] = full_generation();
	restarts(1);
	assert_recycled(addresses, 6, 5);
}

static void each_kind_of_request_pins(void **state)
{
	static const enum thread_state states[] = {THREAD_STARTING, THREAD_HOLDER, THREAD_BYSTANDER};
	uintptr_t addresses[2];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		attach(fake_layout(0), &fake_default);
		request(states[i], 0);
		options.quarantine_mb = 1024;
		addresses[0] = full_generation();
		restarts(1);
		addresses[1] = full_generation();
		restarts(1);
		options.quarantine_mb = 0;
		assert_false(fake_restart(&fake));
		assert_recycled(addresses, 2, 0);
		detach(NULL);
	}
}

static void within_the_budget_all_is_kept(void **state)
{
	uintptr_t addresses[6];

	(void)state;
	options.quarantine_mb = 100;
	for (uint32_t i = 0; i < 6; i++) {
		addresses[i] = full_generation();
		restarts(1);
	}
	assert_recycled(addresses, 6, 0);
}

static void over_the_budget_a_restart_waits(void **state)
{
	struct thread *t = request(THREAD_HOLDER, 0);

	(void)state;
	options.quarantine_mb = 8;
	options.defer_ms = 0; /* no deadline for this: it would be unsafe */
	full_generation();
	restarts(1);
	full_generation();
	restarts(1);
	full_generation();
	for (int i = 0; i < 3; i++) {
		assert_false(fake_restart(&fake));
	}
	assert_int_equal(notices(NOTICE_WAIT), 1);
	assert_int_equal(generation_restarts_begun(), 2);
	end(t);
	restarts(1);
	assert_int_equal(of_restart(FIELD_RECYCLED), 1);
}

/* A request of the generation before pins no more than what stays anyway. */
static void short_requests_never_hold_a_restart(void **state)
{
	struct thread *t = request(THREAD_HOLDER, 0);

	(void)state;
	options.quarantine_mb = 0;
	for (uint32_t i = 0; i < 5; i++) {
		full_generation();
		restarts(1);
		atomic_store(&t->began, i + 1);
	}
}

static void nothing_is_recycled_with_preloading(void **state)
{
	uintptr_t address;

	(void)state;
	attach(fake_layout(0), &fake_default);
	generation_detach();
	opcache.preloading = true;
	assert_true(generation_attach(&opcache));
	options.quarantine_mb = 1024;
	address = full_generation();
	restarts(1);
	options.quarantine_mb = 0;
	restarts(1);
	assert_recycled(&address, 1, 0);
	detach(NULL);
}

static void unknown_requests_stop_recycling(void **state)
{
	uintptr_t address = full_generation();

	(void)state;
	for (int i = 0; i < THREADS_MAX; i++) {
		request(THREAD_IDLE, 0);
	}
	self.shared = NULL;
	assert_null(thread_self());
	restarts(1);
	options.quarantine_mb = 0;
	restarts(1);
	assert_recycled(&address, 1, 0);
	assert_int_equal(of_restart(FIELD_REWOUND), 0);
}

/* A worker process that was killed in the middle of a request cannot use a pointer any more. */
static void dead_process_pins_nothing(void **state)
{
	uintptr_t addresses[3];
	pid_t child;

	(void)state;
	child = fork();
	if (child == 0) {
		thread_forked();
		atomic_store(&thread_self()->state, THREAD_HOLDER);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	options.quarantine_mb = 1024;
	for (uint32_t i = 0; i < 3; i++) {
		addresses[i] = full_generation();
		restarts(1);
	}
	options.quarantine_mb = 0;
	full_generation();
	if (!fake_restart(&fake)) {
		fail_msg("the restart is held back for a process that does not exist");
	}
	assert_recycled(addresses, 3, 3);
}

/* --- links into old generations --- */

static void old_link_is_removed_at_unlock(void **state)
{
	struct thread *waiting = request(THREAD_HOLDER, 0), *later = request(THREAD_HOLDER, 1),
	              *idle = request(THREAD_IDLE, 1);
	uintptr_t old = fake_key(&fake, 5, fake_script(&fake, 0, 1000), false);

	(void)state;
	restarts(1);
	generation_locked();
	fake_key(&fake, 6, old, true);
	uintptr_t good = fake_key(&fake, 7, fake_script(&fake, 0, 1000), false);
	fake_key(&fake, 8, good, true);
	assert_int_not_equal(fake_find(&fake, 6), 0);
	generation_unlocking();
	assert_int_equal(fake_find(&fake, 6), 0);
	assert_int_equal(fake_find(&fake, 7), good);
	assert_int_not_equal(fake_find(&fake, 8), 0);
	assert_int_equal(notices(NOTICE_LINK_REMOVED), 1);
	/* Whoever is in flight could have followed it. */
	assert_int_equal(waiting->began, 0);
	assert_int_equal(later->began, 0);
	assert_int_equal(idle->began, 1);
}

static void unlock_without_links_says_nothing(void **state)
{
	(void)state;
	generation_locked();
	uintptr_t key = fake_key(&fake, 5, fake_script(&fake, 0, 1000), false);
	fake_key(&fake, 6, key, true);
	generation_unlocking();
	generation_unlocking();
	assert_int_not_equal(fake_find(&fake, 6), 0);
	assert_int_equal(self.restarts_seen, 0);
	restarts(1);
	generation_locked();
	generation_unlocking();
	assert_int_equal(self.restarts_seen, 1);
}

/* --- the string window --- */

static struct fake_settings large_strings(size_t unit)
{
	size_t mb = unit == 1 ? STRINGS_UNIT_1_MB : STRINGS_UNIT_8_MB;

	return (struct fake_settings){.memory_mb = mb + 8, .strings_mb = mb, .position_unit = unit, .keys_max = 223};
}

/* Every string that can be interned can be found again: its position is within 32 bits. Returns how
 * many generations had a string area, up to the first that would have none. */
static unsigned use_up_window(void)
{
	unsigned n = 1;

	while (*fake_word(fake.strings + fake.layout->strings_top) > fake.segment.strings + opcache.strings_capacity) {
		uintptr_t s = fake_intern(&fake, "one in each generation");
		assert_int_equal(fake_find_string(&fake, "one in each generation"), s);
		restarts(1);
		n++;
	}
	return n;
}

static void window_ends_at_the_reach(void **state)
{
	(void)state;
	for (size_t unit = 1; unit <= 8; unit += 7) {
		struct fake_settings settings = large_strings(unit);
		attach(fake_layout(unit == 8), &settings);
		uintptr_t end_of_first = *fake_word(fake.strings + fake.layout->strings_end);
		size_t areas = (unit << 32) / opcache.strings_capacity;
		assert_true(end_of_first - fake.strings <= unit << 32);
		/* and what is within reach is used, but for what lies before and an area that is cut */
		assert_true((unit << 32) - (end_of_first - fake.strings) < 2 * opcache.strings_capacity);
		assert_in_range(use_up_window(), areas - 3, areas); /* the segment lies before it */
		detach(NULL);
	}
}

static void quiet_window_is_used_again(void **state)
{
	(void)state;
	for (size_t unit = 1; unit <= 8; unit += 7) {
		struct fake_settings settings = large_strings(unit);
		attach(fake_layout(unit == 8), &settings);
		uintptr_t first_top = *fake_word(fake.strings + fake.layout->strings_top);
		use_up_window();
		restarts(1);
		assert_int_equal(*fake_word(fake.strings + fake.layout->strings_top), first_top);
		assert_int_equal(strings_capacity(), opcache.strings_capacity);
		assert_int_equal(fake_find_string(&fake, "one in each generation"), 0);
		uintptr_t s = fake_intern(&fake, "one in each generation");
		assert_true(fake_is_interned(&fake, s));
		assert_int_equal(generation_locate(s).kind, ADDRESS_CURRENT);
		assert_int_equal(generation_locate(s).generation, generation_current());
		assert_int_equal(notices(NOTICE_STRINGS_FULL), 0);
		detach(NULL);
	}
}

/* What outlives requests can hold a string of before (a thread's cache of patterns, at its end). */
static void old_string_of_a_used_window_is_never_fatal(void **state)
{
	struct fake_settings settings = large_strings(1);

	(void)state;
	attach(fake_layout(0), &settings);
	restarts(3);
	uintptr_t old = fake_intern(&fake, "kept by a thread");
	use_up_window();
	restarts(1);
	struct location l = generation_locate(old);
	assert_int_equal(l.kind, ADDRESS_RECYCLED);
	assert_int_not_equal(generation_open(&l, old, 1), 0);
	assert_true(accessible(old));
	detach(NULL);
}

static void busy_window_leaves_strings_to_the_data(void **state)
{
	struct fake_settings settings = large_strings(1);
	struct thread *t;
	struct location l;

	(void)state;
	attach(fake_layout(0), &settings);
	use_up_window();
	uintptr_t last = fake_intern(&fake, "of the last area");
	t = request(THREAD_HOLDER, generation_current());
	options.defer_ms = 0;
	restarts(1);
	assert_int_equal(notices(NOTICE_STRINGS_FULL), 1);
	assert_int_equal(strings_capacity(), 0);
	assert_int_equal(fake_intern(&fake, "no room"), 0);
	assert_false(fake_is_interned(&fake, last));
	assert_true(fake_is_interned(&fake, fake_find_string(&fake, "Exception")));
	/* The request keeps what it has. */
	l = generation_locate(last);
	assert_int_equal(l.kind, ADDRESS_STALE);
	assert_int_not_equal(generation_open(&l, last, 1), 0);
	assert_memory_equal((char *)last + fake.layout->string_text, "of the last area", 17);
	end(t);
	restarts(1);
	assert_int_equal(strings_capacity(), opcache.strings_capacity);
	assert_int_not_equal(fake_intern(&fake, "room again"), 0);
	detach(NULL);
}

/* A thread without a request since the restart before keeps patterns under strings of old generations. */
static void idle_thread_keeps_the_window_until_it_purges(void **state)
{
	struct fake_settings settings = large_strings(1);
	struct thread *t;

	(void)state;
	attach(fake_layout(0), &settings);
	t = request(THREAD_IDLE, 0);
	atomic_store(&t->purged, 0);
	use_up_window();
	restarts(1);
	assert_int_equal(strings_capacity(), 0);
	atomic_store(&t->purged, generation_current());
	restarts(1);
	assert_int_equal(strings_capacity(), opcache.strings_capacity);
	detach(NULL);
}

/* Preloaded scripts are in the hash before the shim attaches: it stays until the first restart. */
static void preloaded_scripts_stay_in_the_hash(void **state)
{
	uintptr_t key;

	(void)state;
	generation_detach();
	fake_destroy(&fake);
	fake_create(&fake, fake_layout(1), &fake_default);
	assert_int_equal(opcache_verify(&opcache, &fake.segment, fake_layout(1), &(const char *){NULL}), OPCACHE_VALID);
	opcache.preloading = true;
	key = fake_key(&fake, 5, fake_script(&fake, 0, 1000), false);
	assert_true(generation_attach(&opcache));
	assert_int_equal(fake_find(&fake, 5), key);
	restarts(1);
	assert_int_equal(fake_find(&fake, 5), 0);
	fake_key(&fake, 6, fake_script(&fake, 0, 1000), false);
	restarts(1);
	assert_int_equal(fake_find(&fake, 6), 0);
}

/* --- */

#define TEST(name) cmocka_unit_test_setup_teardown(name, attach_default, detach)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(first_generation_moves),
	    TEST(capacities_are_exact),
	    cmocka_unit_test(without_buffer_only_data_moves),
	    TEST(detached_nothing_is_ours),
	    TEST(old_generation_keeps_its_content),
	    TEST(new_generation_is_empty),
	    TEST(only_new_strings_are_current),
	    TEST(carrying_request_begins_anew),
	    cmocka_unit_test(jit_keeps_its_place),
	    TEST(restart_is_recorded),
	    TEST(segment_itself_is_foreign),
	    TEST(around_the_segment_are_guards),
	    TEST(addresses_know_their_generation),
	    TEST(between_areas_are_guards),
	    TEST(opens_the_pages_of_an_object),
	    TEST(opens_no_more_than_the_area),
	    TEST(ranges_in_use_are_three),
	    TEST(what_is_being_sent_stays),
	    TEST(ranges_elsewhere_do_not_matter),
	    TEST(range_over_the_whole_area),
	    TEST(slots_rewind_when_nobody_is_there),
	    TEST(slots_stay_for_a_request_in_flight),
	    TEST(slots_stay_for_bystanders_with_a_file_cache),
	    TEST(own_request_is_nobody),
	    TEST(slots_above_the_bound_wait),
	    TEST(waiting_has_a_deadline),
	    cmocka_unit_test(preloading_never_rewinds),
	    TEST(recycles_what_nobody_can_reach),
	    TEST(request_pins_the_one_before_its_own),
	    cmocka_unit_test(each_kind_of_request_pins),
	    TEST(within_the_budget_all_is_kept),
	    TEST(over_the_budget_a_restart_waits),
	    TEST(short_requests_never_hold_a_restart),
	    cmocka_unit_test(nothing_is_recycled_with_preloading),
	    TEST(unknown_requests_stop_recycling),
	    TEST(dead_process_pins_nothing),
	    TEST(old_link_is_removed_at_unlock),
	    TEST(unlock_without_links_says_nothing),
	    cmocka_unit_test(window_ends_at_the_reach),
	    cmocka_unit_test(quiet_window_is_used_again),
	    cmocka_unit_test(old_string_of_a_used_window_is_never_fatal),
	    cmocka_unit_test(busy_window_leaves_strings_to_the_data),
	    cmocka_unit_test(idle_thread_keeps_the_window_until_it_purges),
	    TEST(preloaded_scripts_stay_in_the_hash),
	};

	path = frames_place();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
