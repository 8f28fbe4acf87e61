/* generation_locate, generation_open and the accessors may run in a signal handler. The rest runs
 * under OPcache's allocation lock: one thread at a time. */
#include "generation.h"

#include <sched.h>
#include <string.h>

#include "events.h"
#include "fault.h"
#include "options.h"
#include "os.h"
#include "parking.h"
#include "record.h"
#include "thread.h"

enum {
	GENERATIONS_MAX = 1 << 18,
	STRING_AREAS_MAX = 1 << 15,
	ISLANDS_MAX = 500, /* ranges of one generation that are opened one by one */
	STRINGS_LEAD = 64, /* bytes before the first string: its collision position lies there */
};

struct generation {
	/* Set before the areas are closed, so that a fault on them finds it. */
	_Atomic uint64_t retired_ns;
	_Atomic uint32_t recycled;
	uint32_t has_strings;
	uintptr_t strings_start; /* of the first string */
	size_t data_used;        /* from the area's start, hash arrays included */
	size_t strings_used;
	_Atomic uint32_t islands; /* ranges that were opened again, each of them two mappings more */
};

/* In the reservation, so that forked processes share it. */
struct table {
	_Atomic uint32_t current;
	_Atomic uint32_t begun; /* restarts that have begun */
	_Atomic uint32_t slot_epoch;
	_Atomic uint32_t closing;   /* an area is being closed */
	uint32_t punched;           /* memory of all generations below is given back */
	_Atomic uint32_t recycled;  /* all generations below are given back */
	uint32_t string_areas_left; /* not used since the window was last empty */
	uint64_t kept_bytes;
	_Atomic uint64_t islands; /* of all generations that are kept */
	uint64_t slots_bound;
	uint64_t held_since_ns; /* of the pending restart; 0: not held back */
	uint64_t waited_ns;     /* of the restart that goes on */
	bool quiet;             /* in the restart that goes on: nobody else holds anything */
	bool next_open;         /* the next generation's areas are accessible */
	/* Generation in each string area, from the lowest; the window can be used again. */
	uint32_t string_owner[STRING_AREAS_MAX];
	struct generation generations[GENERATIONS_MAX];
};

static struct opcache opcache;
static struct table *table;
static _Atomic bool attached;
/* Geometry, set once by generation_attach. */
static size_t data_stride, strings_stride;
static uint32_t data_areas, string_areas;

size_t generation_table_bytes(void)
{
	return sizeof(struct table);
}

/* --- geometry --- */

static uintptr_t data_area(uint32_t generation)
{
	uint32_t i = BROKEN("ascend") ? data_areas - 1 - generation : BROKEN("reuse") ? generation % 2 : generation;

	return opcache.segment->data + (size_t)i * data_stride;
}

static uintptr_t string_area(uint32_t index)
{
	return opcache.segment->strings + (size_t)index * strings_stride;
}

static uintptr_t scripts_start(uint32_t generation)
{
	return data_area(generation) + os_pages(opcache.hash_bytes);
}

/* Whole pages without the guard page behind. */
static size_t data_bytes(void)
{
	return data_stride - os_page_size();
}

static size_t strings_bytes(void)
{
	return strings_stride - os_page_size();
}

/* Positions in the string table are 32 bits wide: an area beyond their reach would be found at
 * another place than it was put. */
static size_t strings_window(void)
{
	size_t reach = opcache.position_unit << 32;
	size_t before = opcache.segment->strings - opcache.strings;
	size_t window = opcache.segment->strings_bytes;

	return reach - before < window && !BROKEN("reach") ? reach - before : window;
}

static bool needs_strings(void)
{
	return opcache.strings_total != 0 || BROKEN("no_strings");
}

static void set_geometry(void)
{
	size_t n;

	data_stride = os_pages(opcache.hash_bytes) + os_pages(opcache.data_capacity) + os_page_size();
	n = opcache.segment->data_bytes / data_stride;
	data_areas = n < GENERATIONS_MAX ? (uint32_t)n : GENERATIONS_MAX;
	strings_stride = os_pages(STRINGS_LEAD + opcache.strings_capacity) + os_page_size();
	n = needs_strings() ? strings_window() / strings_stride : 0;
	string_areas = n < STRING_AREAS_MAX ? (uint32_t)n : STRING_AREAS_MAX;
}

/* --- areas --- */

/* Between a restart and what is prepared for the next one; and between giving memory back and using a
 * string area again. */
static _Atomic bool preparing, punching;

static void lock_briefly(_Atomic bool *lock)
{
	while (atomic_exchange(lock, true)) {
		sched_yield();
	}
}

static bool open_area(uintptr_t start, size_t bytes)
{
	os_dump(start, bytes, true);
	return os_protect(start, bytes, OS_READ_WRITE);
}

/* Descending, and the newest lowest: OPcache takes a string for current if it lies between the
 * buffer's start and its top (IS_ACCEL_INTERNED), and stores current strings by reference. Older
 * ones lie above the top, and are copied. */
static uint32_t next_string_area(void)
{
	return BROKEN("descend") ? string_areas - table->string_areas_left : table->string_areas_left - 1;
}

static bool open_next_areas(uint32_t next)
{
	if (table->next_open) {
		return true;
	}
	if (next >= data_areas || !open_area(data_area(next), data_bytes())) {
		return false;
	}
	if (needs_strings() && table->string_areas_left && !open_area(string_area(next_string_area()), strings_bytes())) {
		return false;
	}
	table->next_open = true;
	return true;
}

/* Points OPcache at the generation's areas. Without a string area within reach strings have no
 * room, and OPcache puts them into the data area, as with a full buffer. */
static void move_to(uint32_t next)
{
	struct generation *g = &table->generations[next];

	lock_briefly(&preparing); /* whoever prepares the next restart looks at what changes here */
	opcache_move_data(&opcache, scripts_start(next));
	g->has_strings = needs_strings() && table->string_areas_left;
	if (g->has_strings) {
		uint32_t i = next_string_area();
		table->string_areas_left--;
		table->string_owner[i] = next;
		g->strings_start = string_area(i) + STRINGS_LEAD;
		opcache_move_strings(&opcache, g->strings_start, opcache.strings_capacity);
	} else if (needs_strings()) {
		opcache_move_strings(&opcache, opcache.segment->strings, 0);
	}
	table->next_open = false;
	atomic_store(&table->current, next);
	atomic_store(&preparing, false);
}

/* --- what a client is being sent stays accessible --- */

static bool published(uintptr_t start, size_t bytes, uintptr_t *low, uintptr_t *high)
{
	bool found = false;

	for (size_t i = 0; i < thread_count(); i++) {
		struct thread *t = thread_at(i);
		uintptr_t from = atomic_load(&t->out_start);
		uintptr_t to = from + atomic_load(&t->out_bytes);
		if (!from || to <= start || from >= start + bytes) {
			continue;
		}
		/* The lowest one. */
		if (!found || from < *low) {
			*low = from;
			*high = to;
			found = true;
		}
	}
	return found;
}

/* Closes the pages of [start, end) but for those that somebody is writing to a client: see output.c. */
static bool close_area(uintptr_t start, size_t bytes)
{
	uintptr_t end = start + bytes, page = os_page_size(), low = 0, high = 0;
	bool done = true;

	while (start < end && !BROKEN("output") && published(start, end - start, &low, &high)) {
		low &= ~(page - 1);
		high = (high + page - 1) & ~(page - 1);
		if (low > start) {
			done = parking_close(start, low - start) && done;
		}
		start = high;
	}
	return (start >= end || parking_close(start, end - start)) && done;
}

static void retire(uint32_t generation, const struct opcache_figures *f)
{
	struct generation *g = &table->generations[generation];
	bool closed;

	g->data_used = f->data_top - data_area(generation);
	g->strings_used = g->has_strings ? f->strings_top - g->strings_start : 0;
	table->kept_bytes += os_pages(g->data_used) + os_pages(g->strings_used);
	atomic_store(&g->retired_ns, os_monotonic_ns());
	/* From here on what is published waits; what was published before is seen. */
	atomic_store(&table->closing, 1);
	closed = close_area(data_area(generation), data_bytes());
	if (g->has_strings) {
		closed = close_area(g->strings_start - STRINGS_LEAD, strings_bytes()) && closed;
	}
	atomic_store(&table->closing, 0);
	if (!closed) {
		event_notice(
		    NOTICE_GUARD_FAILED, generation,
		    "an old generation stays accessible: mprotect failed; stale accesses to it go unseen (vm.max_map_count?)");
	}
}

/* --- recycling --- */

/* The oldest generation that a request could hold a pointer into. One more stays: the hash of the
 * generation that a request began in can hold keys of the one before. */
static uint32_t oldest_reachable(void)
{
	uint32_t oldest = atomic_load(&table->current);

	if ((opcache.preloading && !BROKEN("preload")) || thread_unknown()) {
		/* Preloaded classes keep inheritance_cache entries in old generations. */
		return 0;
	}
	for (size_t i = 0; i < thread_count(); i++) {
		struct thread *t = thread_at(i);
		uint32_t began = atomic_load(&t->began);
		if (atomic_load(&t->state) != THREAD_IDLE && began < oldest && !thread_is_gone(t)) {
			oldest = began;
		}
	}
	return BROKEN("grace") || oldest == 0 ? oldest : oldest - 1;
}

static uint64_t budget(void)
{
	return options.quarantine_mb > UINT64_MAX >> 20 ? UINT64_MAX : options.quarantine_mb << 20;
}

/* A quarter of the mappings that the process may have; the rest is the program's. */
static uint64_t islands_bound(void)
{
	static uint64_t bound;

	if (!bound) {
		bound = os_mappings_max() / 4 / 2;
	}
	return bound;
}

static size_t kept_by(const struct generation *g)
{
	return os_pages(g->data_used) + os_pages(g->strings_used);
}

static void recycle(uint32_t generation)
{
	struct generation *g = &table->generations[generation];

	atomic_store(&g->recycled, 1);
	os_protect(data_area(generation), data_bytes(), OS_NONE);
	if (g->has_strings) {
		os_protect(g->strings_start - STRINGS_LEAD, strings_bytes(), OS_NONE);
	}
	atomic_fetch_sub(&table->islands, atomic_load(&g->islands));
	table->kept_bytes -= kept_by(g);
}

static bool over_budget(void)
{
	return table->kept_bytes > budget() || atomic_load(&table->islands) > islands_bound() || BROKEN("eager");
}

/* Only at the end of a restart, after the hash was exchanged: the hash before could hold keys of
 * any generation. As late as the budget allows: what is kept can still be reported on. */
static void recycle_over_budget(void)
{
	uint32_t reachable = BROKEN("recycle") ? atomic_load(&table->current) : oldest_reachable();

	while (table->recycled < reachable && (over_budget() || BROKEN("recycle"))) {
		recycle(atomic_fetch_add(&table->recycled, 1));
	}
}

static void punch(const struct generation *g, uint32_t generation)
{
	const struct segment *s = opcache.segment;

	os_punch(s->fd, data_area(generation) - s->start, os_pages(g->data_used));
	if (g->has_strings) {
		os_punch(s->fd, g->strings_start - STRINGS_LEAD - s->start, strings_bytes());
	}
}

/* What the next restart needs. */
static void prepare_restart(void)
{
	uint32_t current = atomic_load(&table->current);
	const struct generation *g = &table->generations[current];

	parking_prepare(data_area(current), data_bytes());
	if (g->has_strings) {
		parking_prepare(g->strings_start - STRINGS_LEAD, strings_bytes());
	}
	open_next_areas(current + 1);
}

void generation_chores(void)
{
	parking_empty();
	lock_briefly(&preparing);
	if (atomic_load(&attached)) {
		prepare_restart();
	}
	atomic_store(&preparing, false);
	if (!atomic_load(&attached) || atomic_exchange(&punching, true)) {
		return;
	}
	for (; table->punched < atomic_load(&table->recycled); table->punched++) {
		punch(&table->generations[table->punched], table->punched);
	}
	atomic_store(&punching, false);
}

void generation_wait_closed(void)
{
	/* Microseconds; the bound is for a process that was killed in it. */
	for (int i = 0; i < 10000 && atomic_load(&attached) && atomic_load(&table->closing); i++) {
		sched_yield();
	}
}

static bool fits_budget(void)
{
	struct opcache_figures f;
	uint64_t kept = table->kept_bytes, islands = atomic_load(&table->islands), next;
	uint32_t reachable = oldest_reachable();

	opcache_figures(&opcache, &f);
	next = kept + (f.data_top - data_area(atomic_load(&table->current)));
	for (uint32_t i = table->recycled; i < reachable; i++) {
		next -= kept_by(&table->generations[i]);
		islands -= atomic_load(&table->generations[i].islands);
	}
	/* Nothing older than the generation before is pinned: waiting would give back no more. */
	return (next <= budget() && islands <= islands_bound()) || reachable + 1 >= atomic_load(&table->current);
}

/* --- quiet moments --- */

/* Nobody but the calling thread can hold a pointer into any generation. A thread that is only
 * starting its request has looked nothing up yet; one that started while the restart was pending
 * has OPcache switched off until its end. */
static bool is_quiet(void)
{
	const struct thread *me = thread_self();
	/* With opcache.file_cache a switched-off OPcache still loads scripts, which take slots. */
	uint32_t least = opcache.file_cache && !BROKEN("bystanders") ? THREAD_BYSTANDER : THREAD_HOLDER;

	if (opcache.preloading || thread_unknown()) {
		return false;
	}
	for (size_t i = 0; i < thread_count(); i++) {
		struct thread *t = thread_at(i);
		if (t != me && atomic_load(&t->state) >= least && !thread_is_gone(t)) {
			return false;
		}
	}
	return true;
}

/* Where nobody will ever let go there is no use in waiting. */
static bool wants_quiet(void)
{
	return opcache_slots(&opcache) > table->slots_bound && !opcache.preloading && !thread_unknown();
}

static bool hold_back(const char *why)
{
	if (!table->held_since_ns) {
		table->held_since_ns = os_monotonic_ns();
		event_notice(NOTICE_WAIT, atomic_load(&table->begun) + 1, why);
	}
	return false;
}

bool generation_may_restart(void)
{
	uint64_t held;
	bool opened;

	if (!atomic_load(&attached)) {
		return true;
	}
	if (!fits_budget()) {
		return hold_back("the restart is held back until requests end: old generations fill the quarantine and none "
		                 "can be recycled yet (quarantine_mb)");
	}
	held = table->held_since_ns ? os_monotonic_ns() - table->held_since_ns : 0;
	if (wants_quiet() && !is_quiet() && held / 1000000U < options.defer_ms) {
		return hold_back(
		    "the restart is held back for a quiet moment, to give run-time-cache slots back (max_slots, defer_ms)");
	}
	lock_briefly(&preparing);
	opened = open_next_areas(atomic_load(&table->current) + 1);
	atomic_store(&preparing, false);
	if (!opened) {
		return hold_back(
		    "the restart is held back: no memory can be made accessible for a new generation (vm.max_map_count?)");
	}
	table->waited_ns = held;
	table->held_since_ns = 0;
	return true;
}

/* --- slots (ZCSG(map_ptr_last)) --- */

bool generation_may_rewind_slots(uint64_t *slots)
{
	*slots = opcache_slots(&opcache);
	if (BROKEN("slots")) {
		return true;
	}
	/* First the epoch, then the look: a thread that starts now either sees the new epoch and
	 * rewinds its own counter, or is seen. */
	atomic_fetch_add(&table->slot_epoch, 1);
	table->quiet = is_quiet();
	if (table->quiet) {
		return true;
	}
	if (*slots > table->slots_bound) {
		/* Nobody let go in time: do not make every restart wait for what will not come. */
		table->slots_bound = *slots * 2;
		event_notice(NOTICE_SLOTS_KEPT, *slots,
		             "run-time-cache slots could not be given back: a request or a worker outlasts every restart "
		             "(defer_ms); each request clears them, so requests get slower as they grow");
	}
	return false;
}

/* Whether no thread can hold a string of a generation before the one that ends: not in a request, and
 * not in what it keeps across requests. PHP purges that at the start of the first request after a
 * restart (accel_reset_pcre_cache), so a thread without one since keeps the window from being reused. */
static bool old_strings_are_gone(void)
{
	uint32_t ending = atomic_load(&table->current);

	for (size_t i = 0; table->quiet && i < thread_count(); i++) {
		struct thread *t = thread_at(i);
		uint32_t purged = atomic_load(&t->purged);
		if (t != thread_self() && atomic_load(&t->tid) && purged < ending && !thread_is_gone(t)) {
			return false;
		}
	}
	return table->quiet;
}

/* The string window from its top again. */
static void reuse_string_window(void)
{
	/* Not while string areas of before are being punched: they become current ones here. */
	lock_briefly(&punching);
	for (uint32_t i = table->punched; i <= atomic_load(&table->current); i++) {
		struct generation *g = &table->generations[i];
		if (g->has_strings && !atomic_load(&g->recycled)) {
			table->kept_bytes -= os_pages(g->strings_used);
			g->strings_used = 0;
		}
		g->has_strings = false;
	}
	atomic_store(&punching, false);
	os_protect(opcache.segment->strings, (size_t)string_areas * strings_stride, OS_NONE);
	os_punch(opcache.segment->fd, opcache.segment->strings - opcache.segment->start,
	         (size_t)string_areas * strings_stride);
	table->string_areas_left = string_areas;
	open_area(string_area(next_string_area()), strings_bytes());
}

/* --- restart --- */

static struct restart_event event;

void generation_restart_begin(void)
{
	uint64_t started = os_monotonic_ns();
	uint32_t ending;

	if (!atomic_load(&attached)) {
		return;
	}
	ending = atomic_load(&table->current);
	self.in_restart = true;
	record_open(); /* here, and not in the first handler */
	/* Before anything moves: a store into opcache.file_cache that goes on compares it. */
	atomic_fetch_add(&table->begun, 1);
	event = (struct restart_event){.number = atomic_load(&table->begun),
	                               .waited_ns = table->waited_ns,
	                               .started_ns = started};
	opcache_figures(&opcache, &event.figures);
	if (!BROKEN("hash")) {
		opcache_exchange_hash(&opcache, data_area(ending + 1));
	}
	if (!BROKEN("jit")) {
		opcache_jit_keep(&opcache, &event.jit);
	}
	if (!BROKEN("protect")) {
		retire(ending, &event.figures);
	}
	opcache_forget_strings(&opcache);
	event_restart_begins(&event);
	event.pause_ns = os_monotonic_ns() - started;
}

void generation_restart_end(void)
{
	uint64_t started = os_monotonic_ns();
	uint32_t next;
	struct thread *me;

	if (!atomic_load(&attached) || !self.in_restart) {
		return;
	}
	me = thread_self();
	next = atomic_load(&table->current) + 1;
	opcache_jit_restore(&opcache, &event.jit);
	if (needs_strings() && table->string_areas_left == 0) {
		if (old_strings_are_gone()) {
			reuse_string_window();
		} else {
			event_notice(NOTICE_STRINGS_FULL, next,
			             "no string area is left within reach of OPcache's string table: strings of this generation go "
			             "into its data area");
		}
	}
	move_to(next);
	if (me && atomic_load(&me->state) != THREAD_IDLE) {
		/* The request whose start carried the restart out has looked nothing up yet. */
		atomic_store(&me->began, next);
	}
	recycle_over_budget();
	self.in_restart = false;
	self.chores = true;
	self.keys_at_lock = 0;
	event.kept_bytes = table->kept_bytes;
	event.recycled = table->recycled;
	event.rewound = table->quiet;
	event.slots = opcache_slots(&opcache);
	event.pause_ns += os_monotonic_ns() - started;
	event_restart_ends(&event);
}

/* --- links into old generations --- */

/* Everyone in flight could have followed the link: they count as having begun where it leads. */
static void began_where(uintptr_t target)
{
	struct location l = generation_locate(target);

	if (l.kind != ADDRESS_STALE) {
		return;
	}
	for (size_t i = 0; i < thread_count(); i++) {
		struct thread *t = thread_at(i);
		uint32_t began = atomic_load(&t->began);
		while (atomic_load(&t->state) != THREAD_IDLE && began > l.generation &&
		       !atomic_compare_exchange_weak(&t->began, &began, l.generation)) {
		}
	}
}

void generation_locked(void)
{
	if (atomic_load(&attached)) {
		self.holds_lock = true;
		self.keys_at_lock = opcache_keys(&opcache);
	}
}

void generation_unlocking(void)
{
	size_t removed;

	if (!atomic_load(&attached) || !self.holds_lock) {
		return;
	}
	self.holds_lock = false;
	removed = BROKEN("links") ? 0 : opcache_remove_old_links(&opcache, self.keys_at_lock, began_where);
	if (removed) {
		event_notice(NOTICE_LINK_REMOVED, removed,
		             "a key that led to a script of an old generation was taken out of the hash table again");
	}
	self.restarts_seen = atomic_load(&table->begun);
}

/* --- attach --- */

bool generation_attach(const struct opcache *o)
{
	opcache = *o;
	table = segment_view(o->segment, o->segment->start, sizeof *table);
	set_geometry();
	if (data_areas < 2 || (needs_strings() && string_areas < 2)) {
		return false;
	}
	table->string_areas_left = string_areas;
	memset(table->string_owner, 0xff, (size_t)string_areas * sizeof table->string_owner[0]);
	table->slots_bound = opcache_slots(&opcache) + options.max_slots;
	for (size_t i = 0; i < thread_count(); i++) {
		atomic_store(&thread_at(i)->began, 0);
	}
	if (!open_next_areas(0)) {
		return false;
	}
	/* With preloading it holds scripts already: then it moves at the first restart, which puts them
	 * into the new one. */
	if (!BROKEN("hash") && opcache_keys(&opcache) == 0) {
		opcache_exchange_hash(&opcache, data_area(0));
	}
	move_to(0);
	atomic_store(&attached, true);
	return true;
}

uintptr_t generation_detach(void)
{
	uintptr_t end = 0;

	if (atomic_exchange(&attached, false)) {
		end = data_area(atomic_load(&table->current)) + data_stride;
		parking_forget();
	}
	return end;
}

/* --- addresses --- */

/* UINT32_MAX: nothing was ever there. */
static uint32_t generation_at(uintptr_t address, bool in_strings)
{
	const struct segment *s = opcache.segment;
	uint32_t i;

	if (in_strings) {
		i = (uint32_t)((address - s->strings) / strings_stride);
		return i < string_areas ? table->string_owner[i] : UINT32_MAX;
	}
	i = (uint32_t)((address - s->data) / data_stride);
	return BROKEN("ascend") ? data_areas - 1 - i : i;
}

static enum address_kind kind_of(const struct generation *g, uint32_t generation)
{
	if (atomic_load(&g->recycled)) {
		return ADDRESS_RECYCLED;
	}
	if (atomic_load(&g->retired_ns)) {
		return ADDRESS_STALE;
	}
	return generation <= atomic_load(&table->current) + 1 ? ADDRESS_CURRENT : ADDRESS_GUARD;
}

static void fill_area(struct location *l, const struct generation *g, uintptr_t address)
{
	const struct segment *s = opcache.segment;

	l->area_start = l->in_strings ? address - (address - s->strings) % strings_stride : data_area(l->generation);
	l->area_bytes = l->in_strings ? strings_bytes() : data_bytes();
	l->content.start = l->in_strings ? g->strings_start : l->area_start;
	l->content.used = l->in_strings ? g->strings_used : g->data_used;
	l->content.hash_bytes = l->in_strings ? 0 : os_pages(opcache.hash_bytes);
	l->content.bytes = segment_view(opcache.segment, l->content.start, l->content.used);
}

/* Whether the string area at the address is still the generation's: not after the window was reused. */
static bool owns(const struct generation *g, uintptr_t address)
{
	return g->has_strings && address - (g->strings_start - STRINGS_LEAD) < strings_stride;
}

struct location generation_locate(uintptr_t address)
{
	struct location l = {.kind = ADDRESS_FOREIGN};
	const struct segment *s = opcache.segment;

	if (!atomic_load(&attached) || !segment_contains(s, address)) {
		return l;
	}
	if (address < s->strings) {
		/* The segment itself is never closed; around it are guards. */
		l.kind = address >= s->base && address < s->base + s->length ? ADDRESS_FOREIGN : ADDRESS_GUARD;
		return l;
	}
	l.current = atomic_load(&table->current);
	l.in_strings = address < s->data;
	l.generation = generation_at(address, l.in_strings);
	if (l.generation >= data_areas) {
		l.kind = ADDRESS_GUARD;
		return l;
	}
	const struct generation *g = &table->generations[l.generation];
	l.retired_ns = atomic_load(&g->retired_ns);
	l.kind = l.in_strings && !owns(g, address) ? ADDRESS_RECYCLED : kind_of(g, l.generation);
	fill_area(&l, g, address);
	if (address - l.area_start >= l.area_bytes) {
		l.kind = ADDRESS_GUARD;
	}
	return l;
}

size_t generation_open(const struct location *where, uintptr_t start, size_t bytes)
{
	uintptr_t page = os_page_size();
	uintptr_t low = start & ~(page - 1), high = (start + bytes + page - 1) & ~(page - 1);
	uintptr_t end = where->area_start + where->area_bytes;

	low = low > where->area_start ? low : where->area_start;
	high = high < end ? high : end;
	struct generation *g = &table->generations[where->generation];
	bool kept = where->kind == ADDRESS_STALE;

	if (atomic_fetch_add(&g->islands, 1) < ISLANDS_MAX && low < high && os_protect(low, high - low, OS_READ_WRITE)) {
		atomic_fetch_add(&table->islands, kept);
		return high - low;
	}
	/* Too many mappings: one for the whole area is fewer. */
	atomic_fetch_sub(&g->islands, 1);
	return os_protect(where->area_start, where->area_bytes, OS_READ_WRITE) ? where->area_bytes : 0;
}

/* --- accessors --- */

const struct opcache *generation_opcache(void)
{
	return atomic_load(&attached) ? &opcache : NULL;
}

uint32_t generation_restarts_begun(void)
{
	return atomic_load(&attached) ? atomic_load(&table->begun) : 0;
}

uint32_t generation_current(void)
{
	return atomic_load(&attached) ? atomic_load(&table->current) : 0;
}

uint32_t generation_slot_epoch(void)
{
	return atomic_load(&attached) ? atomic_load(&table->slot_epoch) : 0;
}

size_t generation_ranges_in_use(uintptr_t start[3], size_t bytes[3])
{
	const struct generation *g = &table->generations[atomic_load(&table->current)];

	start[0] = opcache.segment->base;
	bytes[0] = os_pages(opcache.segment->length);
	start[1] = data_area(atomic_load(&table->current));
	bytes[1] = data_bytes();
	start[2] = g->strings_start - STRINGS_LEAD;
	bytes[2] = strings_bytes();
	return g->has_strings ? 3 : 2;
}
