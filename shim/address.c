/* May run in a signal handler. */
#include "area.h"
#include "fault.h"
#include "generation.h"
#include "generation_state.h"
#include "os.h"

/* UINT32_MAX: nothing was ever there. */
static uint32_t generation_at(uintptr_t address, bool in_strings)
{
	const struct segment *s = opcache.segment;
	uint32_t i;

	if (in_strings) {
		i = (uint32_t)((address - s->strings) / geometry.strings_stride);
		return i < geometry.string_areas ? generations->string_owner[i] : UINT32_MAX;
	}
	i = (uint32_t)((address - s->data) / geometry.data_stride);
	return BROKEN("ascend") ? geometry.data_areas - 1 - i : i;
}

static enum address_kind kind_of(const struct generation *g, uint32_t generation)
{
	if (atomic_load(&g->recycled)) {
		return ADDRESS_RECYCLED;
	}
	if (atomic_load(&g->retired_ns)) {
		return ADDRESS_STALE;
	}
	return generation <= atomic_load(&generations->current) + 1 ? ADDRESS_CURRENT : ADDRESS_GUARD;
}

static void fill_area(struct location *l, const struct generation *g, uintptr_t address)
{
	const struct segment *s = opcache.segment;

	l->area_start =
	    l->in_strings ? address - (address - s->strings) % geometry.strings_stride : area_data(l->generation);
	l->area_bytes = l->in_strings ? area_strings_bytes() : area_data_bytes();
	l->content.start = l->in_strings ? g->strings_start : l->area_start;
	l->content.used = l->in_strings ? g->strings_used : g->data_used;
	l->content.hash_bytes = l->in_strings ? 0 : os_pages(opcache.hash_bytes);
	l->content.bytes = segment_view(opcache.segment, l->content.start, l->content.used);
}

/* Whether the string area at the address is still the generation's: not after the window was reused. */
static bool owns(const struct generation *g, uintptr_t address)
{
	return g->has_strings && address - (g->strings_start - STRINGS_LEAD) < geometry.strings_stride;
}

struct location generation_locate(uintptr_t address)
{
	struct location l = {.kind = ADDRESS_FOREIGN};
	const struct segment *s = opcache.segment;

	if (!atomic_load(&generation_attached) || !segment_contains(s, address)) {
		return l;
	}
	if (address < s->strings) {
		/* The segment itself is never closed; around it are guards. */
		l.kind = address >= s->base && address < s->base + s->length ? ADDRESS_FOREIGN : ADDRESS_GUARD;
		return l;
	}
	l.current = atomic_load(&generations->current);
	l.in_strings = address < s->data;
	l.generation = generation_at(address, l.in_strings);
	if (l.generation >= geometry.data_areas) {
		l.kind = ADDRESS_GUARD;
		return l;
	}
	const struct generation *g = &generations->generations[l.generation];
	l.retired_ns = atomic_load(&g->retired_ns);
	l.kind = l.in_strings && !owns(g, address) ? ADDRESS_RECYCLED : kind_of(g, l.generation);
	fill_area(&l, g, address);
	if (address - l.area_start >= l.area_bytes) {
		l.kind = ADDRESS_GUARD;
	}
	return l;
}

struct object generation_object(const struct location *where, uintptr_t address)
{
	if (where->kind == ADDRESS_RECYCLED) {
		return (struct object){.kind = OBJECT_RECYCLED, .start = address, .size = 1};
	}
	return where->in_strings ? diagnose_string(opcache.layout, &where->content, address)
	                         : diagnose_data(opcache.layout, &where->content, address);
}

size_t generation_open(const struct location *where, uintptr_t start, size_t bytes)
{
	uintptr_t page = os_page_size();
	uintptr_t low = start & ~(page - 1), high = (start + bytes + page - 1) & ~(page - 1);
	uintptr_t end = where->area_start + where->area_bytes;

	low = low > where->area_start ? low : where->area_start;
	high = high < end ? high : end;
	struct generation *g = &generations->generations[where->generation];
	/* As recycle() will count it: islands made after that are nobody's. */
	bool kept = !atomic_load(&g->recycled);

	if (atomic_fetch_add(&g->islands, 1) < ISLANDS_MAX && low < high && os_protect(low, high - low, OS_READ_WRITE)) {
		atomic_fetch_add(&generations->islands, kept);
		return high - low;
	}
	/* Too many mappings: one for the whole area is fewer. */
	atomic_fetch_sub(&g->islands, 1);
	return os_protect(where->area_start, where->area_bytes, OS_READ_WRITE) ? where->area_bytes : 0;
}

size_t generation_ranges_in_use(uintptr_t start[3], size_t bytes[3])
{
	const struct generation *g = &generations->generations[atomic_load(&generations->current)];

	start[0] = opcache.segment->base;
	bytes[0] = os_pages(opcache.segment->length);
	start[1] = area_data(atomic_load(&generations->current));
	bytes[1] = area_data_bytes();
	start[2] = g->strings_start - STRINGS_LEAD;
	bytes[2] = area_strings_bytes();
	return g->has_strings ? 3 : 2;
}
