/* segment_contains and segment_view may run in a signal handler. */
#include "segment.h"

#include "generation.h"
#include "os.h"

enum {
	STRINGS_REACH_GB = 32, /* of the string table in PHP 8.3 and later (docs/internals.md); the reach
	                        * of the version at hand is checked for each area */
	DATA_AREAS = 1 << 18,
};
static const size_t data_bytes_max = (size_t)16 << 40;
static const size_t data_bytes_min = (size_t)16 << 30;

static bool map_views(struct segment *s, size_t data_bytes)
{
	size_t control = os_pages(generation_table_bytes());
	size_t segment = os_pages(s->length) + os_page_size();

	s->strings_bytes = (size_t)STRINGS_REACH_GB << 30;
	s->data_bytes = data_bytes;
	s->reserved = control + segment + s->strings_bytes + s->data_bytes + os_page_size();
	s->fd = os_memory_file("opsan", s->reserved);
	if (s->fd < 0) {
		return false;
	}
	s->start = (uintptr_t)os_map_file(s->fd, s->reserved, OS_NONE);
	s->alias = s->start ? (uintptr_t)os_map_file(s->fd, s->reserved, OS_READ_WRITE) : 0;
	s->base = s->start + control;
	s->strings = s->base + segment;
	s->data = s->strings + s->strings_bytes;
	if (s->alias && os_protect(s->base, os_pages(s->length), OS_READ_WRITE)) {
		return true;
	}
	segment_release(s, 0);
	return false;
}

bool segment_reserve(struct segment *s, size_t length)
{
	size_t wanted = 2 * os_pages(length) * DATA_AREAS;

	/* Less will do where the address space is limited: then generations run out earlier. */
	for (size_t bytes = wanted < data_bytes_max ? wanted : data_bytes_max; bytes >= data_bytes_min; bytes /= 4) {
		*s = (struct segment){.length = length, .fd = -1};
		if (map_views(s, bytes)) {
			/* A core dump would otherwise walk terabytes of nothing. */
			os_dump(s->alias, s->reserved, false);
			os_dump(s->strings, s->strings_bytes + s->data_bytes, false);
			return true;
		}
	}
	*s = (struct segment){.fd = -1};
	return false;
}

void segment_release(struct segment *s, uintptr_t keep_below)
{
	size_t kept = keep_below > s->start ? os_pages(keep_below - s->start) : 0;

	if (s->alias) {
		os_unmap((void *)s->alias, s->reserved);
	}
	if (s->start) {
		os_unmap((void *)(s->start + kept), s->reserved - kept);
	}
	if (kept) {
		os_seal((void *)s->start, kept);
	}
	if (s->fd >= 0) {
		os_close(s->fd);
	}
	*s = (struct segment){.fd = -1};
}

bool segment_contains(const struct segment *s, uintptr_t address)
{
	return s->start && address - s->start < s->reserved;
}

void *segment_view(const struct segment *s, uintptr_t address, size_t bytes)
{
	uintptr_t offset = address - s->start;

	if (!s->start || offset >= s->reserved || bytes > s->reserved - offset) {
		return NULL;
	}
	return (void *)(s->alias + offset);
}
