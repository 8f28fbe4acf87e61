/* Bytes that came from outside: paths, URLs, class names. Their length is known, they are not
 * terminated, and they may hold anything. Nothing prints them but the functions below. */
#ifndef OPSAN_SPAN_H
#define OPSAN_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct span {
	const char *bytes; /* NULL: absent. Borrowed: whoever filled it in owns the memory */
	size_t length;
};

struct span span_from(const char *text); /* of a terminated string; NULL: absent */
bool span_equal(struct span a, struct span b);

/* The last component of a path, all of it if there is no slash. */
struct span span_basename(struct span path);

/* Length of the well-formed UTF-8 sequence at `bytes`, with its code point; 0: none there. */
size_t span_decode(const char *bytes, size_t left, uint32_t *code_point);

/* Prints to people: control characters, what is not UTF-8 and what changes the direction of text
 * appears as \xNN or \u{NNNN}, so that a hostile name cannot move the cursor or imitate a line. */
void span_print(FILE *out, struct span text);

/* Columns that span_print() fills, counting a code point as one. */
size_t span_columns(struct span text);

/* FNV-1a with a final mix; start with HASH_SEED and chain. Not for secrets: whoever forges a
 * collision merges two of his own findings. */
#define HASH_SEED UINT64_C(0xcbf29ce484222325)
uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t length);
uint64_t hash_number(uint64_t seed, uint64_t number);
uint64_t hash_span(uint64_t seed, struct span text);

#endif
