/* Frames and fields of a record file (shim/format.h) out of bytes in memory. Pure: no files, no
 * output. Whatever the bytes are, reading them ends, and touches nothing outside them. */
#ifndef OPSAN_READER_H
#define OPSAN_READER_H

#include "span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum header_state {
	HEADER_OK,
	HEADER_SHORT,   /* could still become one: a prefix of a file header, or nothing at all */
	HEADER_FOREIGN, /* not a record file */
	HEADER_NEWER,   /* a record file of a later major version */
};

struct reader {
	const unsigned char *bytes; /* borrowed */
	size_t length, position;
	uint64_t work_left; /* bytes that may still be checked while looking for a frame after damage */
	uint16_t major, minor;
	uint64_t damaged;       /* places at which frames were skipped */
	uint64_t skipped_bytes; /* in them */
	uint64_t torn_bytes;    /* of a frame that is not complete at the end of the file */
};

struct frame {
	uint16_t type;
	uint32_t pid, sequence;
	uint64_t time_ns;
	struct span fields; /* points into the reader's bytes */
};

/* The reader borrows `bytes` until the caller is done with it and with the frames out of it. */
void reader_begin(struct reader *reader, const void *bytes, size_t length);
enum header_state reader_check_header(struct reader *reader);

/* The next frame whose checksum is right. False: there is none. With `complete` the bytes are all
 * that there will be, and what is left is counted as torn or skipped; without it, what may still
 * become a frame is left alone. */
bool reader_next(struct reader *reader, struct frame *frame, bool complete);

struct field {
	uint16_t tag;
	struct span value;
};

/* Takes the first field off `fields`. False: none left, or its length is not possible. */
bool reader_field(struct span *fields, struct field *field);

/* A number of up to 8 bytes; NUMBER_ABSENT if the field has any other length. */
#define NUMBER_ABSENT UINT64_MAX
uint64_t reader_number(struct span value);

#endif
