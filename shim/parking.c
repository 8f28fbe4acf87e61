#include "parking.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "os.h"

enum { PLACES = 32 };

struct parking {
	uintptr_t area; /* 0: free */
	size_t bytes;
	void *place;
	bool used; /* the area is closed, its page tables are here */
};
static struct parking parkings[PLACES];
/* This kernel does not move page tables (before 5.13, or out of memory): areas are closed the slow way. */
static bool refused;
static _Atomic bool busy;

static void lock(void)
{
	while (atomic_exchange(&busy, true)) {
		sched_yield();
	}
}

static void unlock(void)
{
	atomic_store(&busy, false);
}

static void clear(struct parking *p)
{
	if (p->place) {
		os_unmap(p->place, p->bytes);
	}
	*p = (struct parking){.area = 0};
}

/* The one that was prepared for the area, or a new one; NULL if there is no place for it. */
static struct parking *find(uintptr_t area, size_t bytes)
{
	struct parking *available = NULL;

	for (size_t i = 0; i < PLACES; i++) {
		struct parking *p = &parkings[i];
		if (p->area == area && p->bytes == bytes && !p->used) {
			return p;
		}
		available = !p->area ? p : available;
	}
	if (available) {
		*available = (struct parking){.area = area, .bytes = bytes, .place = os_map_alike(area, bytes)};
	}
	return available && available->place ? available : NULL;
}

void parking_prepare(uintptr_t area, size_t bytes)
{
	lock();
	if (!refused) {
		find(area, bytes);
	}
	unlock();
}

bool parking_close(uintptr_t area, size_t bytes)
{
	struct parking *p;
	bool closed, moved;

	lock();
	p = refused ? NULL : find(area, bytes);
	closed = os_close_range(area, bytes, p ? p->place : NULL, &moved);
	if (p && moved) {
		p->used = true;
	} else {
		/* mremap unmaps the place before it refuses: it may be somebody else's by now. */
		refused = refused || p;
		if (p) {
			*p = (struct parking){.area = 0};
		}
		os_dump(area, bytes, false);
	}
	unlock();
	return closed;
}

void parking_empty(void)
{
	lock();
	for (size_t i = 0; i < PLACES; i++) {
		if (parkings[i].used) {
			/* As the guards around the area, so that all of them are one mapping. */
			os_dump(parkings[i].area, parkings[i].bytes, false);
		}
		clear(&parkings[i]); /* unused ones as well: an area that was closed in pieces leaves its own behind */
	}
	unlock();
}

void parking_forked(void)
{
	/* Another thread of the parent could have been at it; what it left is lost address space. */
	memset(parkings, 0, sizeof parkings);
	unlock();
}

void parking_forget(void)
{
	lock();
	for (size_t i = 0; i < PLACES; i++) {
		clear(&parkings[i]);
	}
	unlock();
}
