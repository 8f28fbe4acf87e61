/* A hash table from 64-bit keys to pointers. Keys are hashes already (span.h), or are mixed by
 * the caller: two different things with one key are one thing to the table. */
#ifndef OPSAN_TABLE_H
#define OPSAN_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table { /* start with {0} */
	struct table_entry *entries;
	size_t capacity, count;
};

/* The place of the key's value, created with NULL in it if it is new. Valid until the next call. */
void **table_place(struct table *table, uint64_t key);
void *table_find(const struct table *table, uint64_t key); /* NULL: not there */
void table_clear(struct table *table);                     /* the values are the caller's */

#endif
