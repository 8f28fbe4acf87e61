/* Writing the record file: frames are put together in memory and written with one write(2) each,
 * so that what was written survives the process. Any thread, any handler, unless said otherwise. */
#ifndef OPSAN_RECORD_H
#define OPSAN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

/* A frame under construction. What does not fit is left out and marked. */
struct record {
	char *bytes;
	size_t length, capacity;
	bool overflow;
	int buffer; /* of the pool; -1: the caller's own */
};

/* Begins a frame in a buffer of the pool. False if all are in use: the event is counted as lost. */
bool record_begin(struct record *r, enum frame_type type);
/* Begins a frame in the caller's memory, 64 bytes at least; the last 32 are kept for what is only known
 * when the frame is written. */
void record_begin_in(struct record *r, enum frame_type type, void *memory, size_t bytes);
void record_number(struct record *r, enum field_tag tag, uint64_t value);
void record_text(struct record *r, enum field_tag tag, const char *text, size_t length);
void record_string(struct record *r, enum field_tag tag, const char *text);
void record_addresses(struct record *r, enum field_tag tag, const uintptr_t *addresses, size_t count);
/* Fields that were put together elsewhere. */
void record_append(struct record *r, const void *fields, size_t length);
/* A group is everything between the two; groups nest. */
size_t record_group_begin(struct record *r, enum field_tag tag);
void record_group_end(struct record *r, size_t group);
/* Writes the frame and gives its buffer back. Opens the file if this is its first frame. */
void record_write(struct record *r);
/* Frames that could not be written. */
uint64_t record_lost(void);

/* In a forked child. */
void record_forked(void);

/* --- not in a handler --- */

/* Where the file will be; once. */
void record_place(void);
/* The frame that says who writes; must precede the file's first frame. */
void record_prepare_process(void);
/* The modules of modules.h and OPcache's segment as they are now: written before the next frame of
 * another kind. */
void record_prepare_modules(void);
struct opcache;
void record_prepare_segment(const struct opcache *o, const char *php_version);
/* Opens the file and writes what is prepared. */
void record_open(void);

#endif
