#include "table.h"

#include "memory.h"

#include <stdlib.h>

struct table_entry {
	uint64_t key; /* 0: free; the key 0 is kept as 1 */
	void *value;
};

static struct table_entry *find_entry(const struct table *table, uint64_t key)
{
	size_t mask = table->capacity - 1;
	size_t i = (size_t)key & mask;
	while (table->entries[i].key != 0 && table->entries[i].key != key)
		i = (i + 1) & mask;
	return &table->entries[i];
}

static void grow(struct table *table)
{
	struct table old = *table;
	table->capacity = old.capacity == 0 ? 64 : old.capacity * 2;
	table->entries = memory_allocate(table->capacity * sizeof *table->entries);
	for (size_t i = 0; i < old.capacity; i++)
		if (old.entries[i].key != 0)
			*find_entry(table, old.entries[i].key) = old.entries[i];
	free(old.entries);
}

void **table_place(struct table *table, uint64_t key)
{
	if (key == 0)
		key = 1;
	if (table->count >= table->capacity / 2)
		grow(table);
	struct table_entry *entry = find_entry(table, key);
	if (entry->key == 0) {
		entry->key = key;
		table->count++;
	}
	return &entry->value;
}

void *table_find(const struct table *table, uint64_t key)
{
	if (table->capacity == 0)
		return NULL;
	return find_entry(table, key == 0 ? 1 : key)->value;
}

void table_clear(struct table *table)
{
	free(table->entries);
	*table = (struct table){0};
}
