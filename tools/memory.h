/* Memory of the command. Running out of it ends the command with a message: a report without
 * half of its findings would be a wrong one. */
#ifndef OPSAN_MEMORY_H
#define OPSAN_MEMORY_H

#include <stddef.h>

/* Zeroed, never NULL; release with free(). */
void *memory_allocate(size_t size);

/* Makes room for `needed` items in an array of `*capacity`; returns where it now is. */
void *memory_grow(void *items, size_t *capacity, size_t needed, size_t item_size);

/* Appends to an array: its items, its count, its room. If the items are pointers, a pointer's size is
 * what is meant. */
#define APPEND(items, count, room, item) \
	do { \
		/* NOLINTNEXTLINE(bugprone-sizeof-expression) */ \
		(items) = memory_grow((items), &(room), (count) + 1, sizeof *(items)); \
		(items)[(count)++] = (item); \
	} while (0)

/* Many small things that go away together. Start with {0}. */
struct pool {
	struct pool_chunk *chunks;
	size_t used; /* of the first chunk */
};

void *pool_allocate(struct pool *pool, size_t size); /* zeroed, aligned for any type */
void *pool_copy(struct pool *pool, const void *bytes, size_t size);
char *pool_string(struct pool *pool, const char *text); /* NULL stays NULL */
void pool_clear(struct pool *pool);                     /* everything goes, the pool is as new */

#endif
