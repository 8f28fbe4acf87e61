#include "area.h"

#include "events.h"
#include "fault.h"
#include "generation_state.h"
#include "os.h"
#include "parking.h"
#include "quiet.h"
#include "thread.h"

struct area_geometry geometry;

/* --- geometry --- */

uintptr_t area_data(uint32_t generation)
{
	uint32_t i = BROKEN("ascend")  ? geometry.data_areas - 1 - generation
	             : BROKEN("reuse") ? generation % 2
	                               : generation;

	return opcache.segment->data + (size_t)i * geometry.data_stride;
}

uintptr_t area_strings(uint32_t index)
{
	return opcache.segment->strings + (size_t)index * geometry.strings_stride;
}

static uintptr_t area_scripts(uint32_t generation)
{
	return area_data(generation) + os_pages(opcache.hash_bytes);
}

/* Whole pages without the guard page behind. */
size_t area_data_bytes(void)
{
	return geometry.data_stride - os_page_size();
}

size_t area_strings_bytes(void)
{
	return geometry.strings_stride - os_page_size();
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

bool area_needs_strings(void)
{
	return opcache.strings_total != 0 || BROKEN("no_strings");
}

void area_set_geometry(void)
{
	size_t n;

	geometry.data_stride = os_pages(opcache.hash_bytes) + os_pages(opcache.data_capacity) + os_page_size();
	n = opcache.segment->data_bytes / geometry.data_stride;
	geometry.data_areas = n < GENERATIONS_MAX ? (uint32_t)n : GENERATIONS_MAX;
	geometry.strings_stride = os_pages(STRINGS_LEAD + opcache.strings_capacity) + os_page_size();
	n = area_needs_strings() ? strings_window() / geometry.strings_stride : 0;
	geometry.string_areas = n < STRING_AREAS_MAX ? (uint32_t)n : STRING_AREAS_MAX;
}

/* --- areas --- */

bool area_open(uintptr_t start, size_t bytes)
{
	os_dump(start, bytes, true);
	return os_protect(start, bytes, OS_READ_WRITE);
}

/* Descending, and the newest lowest: OPcache takes a string for current if it lies between the
 * buffer's start and its top (IS_ACCEL_INTERNED), and stores current strings by reference. Older
 * ones lie above the top, and are copied. */
uint32_t area_next_strings(void)
{
	return BROKEN("descend") ? geometry.string_areas - generations->string_areas_left
	                         : generations->string_areas_left - 1;
}

bool area_open_next(uint32_t next)
{
	if (generations->next_open) {
		return true;
	}
	if (next >= geometry.data_areas || !area_open(area_data(next), area_data_bytes())) {
		return false;
	}
	generations->next_strings =
	    area_needs_strings() && generations->string_areas_left && quiet_string_area_is_free(area_next_strings());
	if (generations->next_strings && !area_open(area_strings(area_next_strings()), area_strings_bytes())) {
		return false;
	}
	generations->next_open = true;
	return true;
}

/* Points OPcache at the generation's areas. Without a string area within reach strings have no
 * room, and OPcache puts them into the data area, as with a full buffer. */
void area_move_to(uint32_t next)
{
	struct generation *g = &generations->generations[next];

	generation_lock(&generation_preparing); /* whoever prepares the next restart looks at what changes here */
	opcache_move_data(&opcache, area_scripts(next));
	g->has_strings = generations->next_strings;
	if (g->has_strings) {
		uint32_t i = area_next_strings();
		generations->string_areas_left--;
		generations->string_owner[i] = next;
		g->strings_start = area_strings(i) + STRINGS_LEAD;
		opcache_move_strings(&opcache, g->strings_start, opcache.strings_capacity);
	} else if (area_needs_strings()) {
		opcache_move_strings(&opcache, opcache.segment->strings, 0);
	}
	generations->next_open = false;
	atomic_store(&generations->current, next);
	atomic_store(&generation_preparing, false);
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

void area_retire(uint32_t generation, const struct opcache_figures *f)
{
	struct generation *g = &generations->generations[generation];
	bool closed;

	g->data_used = f->data_top - area_data(generation);
	g->strings_used = g->has_strings ? f->strings_top - g->strings_start : 0;
	generations->kept_bytes += os_pages(g->data_used) + os_pages(g->strings_used);
	atomic_store(&g->retired_ns, os_monotonic_ns());
	/* From here on what is published waits; what was published before is seen. */
	atomic_store(&generations->closing, 1);
	closed = close_area(area_data(generation), area_data_bytes());
	if (g->has_strings) {
		closed = close_area(g->strings_start - STRINGS_LEAD, area_strings_bytes()) && closed;
	}
	atomic_store(&generations->closing, 0);
	if (!closed) {
		event_notice(
		    NOTICE_GUARD_FAILED, generation,
		    "an old generation stays accessible: mprotect failed; stale accesses to it go unseen (vm.max_map_count?)");
	}
}
