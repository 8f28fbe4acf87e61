#include "memory.h"

#include "message.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_SIZE = 64 << 10, ALIGNMENT = 16 };

struct pool_chunk {
	struct pool_chunk *next;
	size_t size;
	_Alignas(ALIGNMENT) char bytes[];
};

static _Noreturn void fail(size_t size)
{
	message_print("out of memory: %zu bytes could not be allocated; use a machine with more memory", size);
	exit(STATUS_FAILED);
}

void *memory_allocate(size_t size)
{
	void *memory = calloc(1, size == 0 ? 1 : size);
	if (memory == NULL)
		fail(size);
	return memory;
}

void *memory_grow(void *items, size_t *capacity, size_t needed, size_t item_size)
{
	if (needed <= *capacity && items != NULL)
		return items;
	size_t wanted = *capacity < 8 ? 8 : *capacity * 2;
	if (wanted < needed)
		wanted = needed;
	void *grown = reallocarray(items, wanted, item_size);
	if (grown == NULL)
		fail(wanted * item_size);
	*capacity = wanted;
	return grown;
}

static void add_chunk(struct pool *pool, size_t size)
{
	size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
	struct pool_chunk *chunk = memory_allocate(sizeof *chunk + room);
	chunk->size = room;
	chunk->next = pool->chunks;
	pool->chunks = chunk;
	pool->used = 0;
}

void *pool_allocate(struct pool *pool, size_t size)
{
	if (size > SIZE_MAX / 2)
		fail(size);
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (pool->chunks == NULL || pool->chunks->size - pool->used < size)
		add_chunk(pool, size);
	void *memory = pool->chunks->bytes + pool->used;
	pool->used += size;
	return memory;
}

void *pool_copy(struct pool *pool, const void *bytes, size_t size)
{
	void *copy = pool_allocate(pool, size);
	if (size > 0)
		memcpy(copy, bytes, size);
	return copy;
}

char *pool_string(struct pool *pool, const char *text)
{
	return text == NULL ? NULL : pool_copy(pool, text, strlen(text) + 1);
}

void pool_clear(struct pool *pool)
{
	while (pool->chunks != NULL) {
		struct pool_chunk *chunk = pool->chunks;
		pool->chunks = chunk->next;
		free(chunk);
	}
	pool->used = 0;
}
