/* Builds the bytes of record files for the unit tests of the command. */
#ifndef OPSAN_TEST_RECORD_BYTES_H
#define OPSAN_TEST_RECORD_BYTES_H

#include "../../shim/format.h"

#include <string.h>
#include <zlib.h>

struct record_bytes {
	unsigned char bytes[1 << 16];
	size_t length;
};

static inline void put_bytes(struct record_bytes *record, const void *bytes, size_t length)
{
	memcpy(record->bytes + record->length, bytes, length);
	record->length += length;
}

static inline void put_header(struct record_bytes *record, uint16_t major)
{
	struct file_header header = {.major = major};
	memcpy(header.magic, file_magic, sizeof header.magic);
	put_bytes(record, &header, sizeof header);
}

static inline void put_field(struct record_bytes *record, uint16_t tag, const void *bytes, size_t length)
{
	struct field_header header = {.tag = tag, .length = (uint32_t)length};
	put_bytes(record, &header, sizeof header);
	put_bytes(record, bytes, length);
	put_bytes(record, "\0\0\0\0\0\0\0", (8 - length % 8) % 8);
}

static inline void put_text(struct record_bytes *record, uint16_t tag, const char *text)
{
	put_field(record, tag, text, strlen(text));
}

static inline void put_number(struct record_bytes *record, uint16_t tag, uint64_t number)
{
	put_field(record, tag, &number, sizeof number);
}

static inline void put_frame(struct record_bytes *record, uint16_t type, uint32_t sequence,
                             const struct record_bytes *fields)
{
	struct frame_header header = {
	    .magic = FRAME_MAGIC,
	    .length = (uint32_t)fields->length,
	    .type = type,
	    .pid = 100,
	    .sequence = sequence,
	    .time_ns = 1000 * (uint64_t)sequence,
	};
	header.crc = (uint32_t)crc32(crc32(0, (const unsigned char *)&header, sizeof header), fields->bytes,
	                             (unsigned)fields->length);
	put_bytes(record, &header, sizeof header);
	put_bytes(record, fields->bytes, fields->length);
}

#endif
