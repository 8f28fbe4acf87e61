/* An OPcache segment made by hand, at the places where a row of the layout table says that PHP has
 * it, and the steps that OPcache does in it. They use the segment as PHP does: through its own
 * addresses, so that what should be accessible has to be. */
#ifndef OPSAN_FAKE_OPCACHE_H
#define OPSAN_FAKE_OPCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"
#include "segment.h"

struct fake_settings {
	size_t memory_mb;     /* opcache.memory_consumption */
	size_t strings_mb;    /* opcache.interned_strings_buffer; 0: no buffer */
	size_t position_unit; /* 1 before PHP 8.3, 8 since */
	uint32_t keys_max;
	size_t jit_bytes; /* 0: no JIT */
};
extern const struct fake_settings fake_default;

struct fake {
	struct segment segment;
	const struct layout *layout;
	struct fake_settings settings;
	/* Addresses as PHP has them */
	uintptr_t segments, descriptor, positions, app, strings, hash, jit, traces;
};

/* Rows of the layout table, for tests that go through all of them; NULL after the last. */
const struct layout *fake_layout(size_t i);

/* Reserves a segment and fills it as OPcache's start does: empty hash table, permanent strings,
 * state saved. Ends the test if it cannot. */
void fake_create(struct fake *f, const struct layout *l, const struct fake_settings *settings);
void fake_destroy(struct fake *f);

/* A member, to be read or damaged. */
uintptr_t *fake_word(uintptr_t address);
uint32_t *fake_half(uintptr_t address);
uint8_t *fake_byte(uintptr_t address);

/* What OPcache does under its lock; each returns the address of what it made, 0 if it is full. */
uintptr_t fake_intern(struct fake *f, const char *text);
/* The string that a look-up of the table finds; 0: none. */
uintptr_t fake_find_string(const struct fake *f, const char *text);
uintptr_t fake_alloc(struct fake *f, size_t bytes);
uintptr_t fake_script(struct fake *f, uintptr_t path, size_t bytes);
/* An entry of the hash table: of a script, or (indirect) a second name for another entry. */
uintptr_t fake_key(struct fake *f, uint64_t hash, uintptr_t data, bool indirect);
/* The entry that a look-up of the hash finds; 0: none. */
uintptr_t fake_find(const struct fake *f, uint64_t hash);
/* IS_ACCEL_INTERNED, and zend_accel_in_shm. */
bool fake_is_interned(const struct fake *f, uintptr_t address);
bool fake_in_shm(const struct fake *f, uintptr_t address);

/* The steps of a restart, with the hooks of generation.h at the places where OPcache's lock calls
 * are. False if the restart was held back. */
bool fake_restart(struct fake *f);

uint64_t fake_hash(const char *text, size_t length);
/* Puts a zend_string at `to`; returns the bytes that it takes in OPcache's buffer. */
size_t fake_string(const struct layout *l, char *to, const char *text, size_t length);

#endif
