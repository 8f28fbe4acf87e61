#include "reader.h"

#include "../shim/format.h"

#include <string.h>
#include <zlib.h>

enum frame_state { FRAME_VALID, FRAME_INCOMPLETE, FRAME_BAD };

void reader_begin(struct reader *reader, const void *bytes, size_t length)
{
	*reader = (struct reader){.bytes = bytes, .length = length};
	/* Damage that looks like a thousand overlapping frames must not cost a thousand times the
	 * file: past this much the rest counts as skipped. */
	reader->work_left = (uint64_t)length * 8 + 64 * (uint64_t)FRAME_MAX;
}

enum header_state reader_check_header(struct reader *reader)
{
	struct file_header header;
	size_t known = reader->length < sizeof file_magic ? reader->length : sizeof file_magic;
	if (known > 0 && memcmp(reader->bytes, file_magic, known) != 0)
		return HEADER_FOREIGN;
	if (reader->length < sizeof header)
		return HEADER_SHORT;
	memcpy(&header, reader->bytes, sizeof header);
	reader->major = header.major;
	reader->minor = header.minor;
	if (header.major == 0)
		return HEADER_FOREIGN;
	if (header.major > FORMAT_MAJOR)
		return HEADER_NEWER;
	reader->position = sizeof header;
	return HEADER_OK;
}

static uint32_t frame_crc(struct frame_header header, const unsigned char *fields)
{
	uLong crc = crc32(0, NULL, 0);
	header.crc = 0;
	crc = crc32(crc, (const unsigned char *)&header, sizeof header);
	return (uint32_t)crc32(crc, fields, header.length);
}

static enum frame_state check_frame(const unsigned char *bytes, size_t left, struct frame_header *header)
{
	*header = (struct frame_header){0};
	memcpy(header, bytes, left < sizeof *header ? left : sizeof *header);
	uint32_t magic = FRAME_MAGIC;
	if (memcmp(bytes, &magic, left < sizeof magic ? left : sizeof magic) != 0)
		return FRAME_BAD;
	if (left < sizeof *header)
		return FRAME_INCOMPLETE;
	if (header->length > FRAME_MAX)
		return FRAME_BAD;
	if (left - sizeof *header < header->length)
		return FRAME_INCOMPLETE;
	return frame_crc(*header, bytes + sizeof *header) == header->crc ? FRAME_VALID : FRAME_BAD;
}

/* Where the next valid frame begins at or after `from`; the length of the file: nowhere. */
static size_t find_frame(struct reader *reader, size_t from)
{
	uint32_t magic = FRAME_MAGIC;
	struct frame_header header;
	while (from < reader->length) {
		const unsigned char *at = memmem(reader->bytes + from, reader->length - from, &magic, sizeof magic);
		if (at == NULL)
			break;
		from = (size_t)(at - reader->bytes);
		if (check_frame(at, reader->length - from, &header) == FRAME_VALID)
			return from;
		uint64_t cost = sizeof header + (header.length <= FRAME_MAX ? header.length : 0);
		if (cost > reader->work_left)
			break;
		reader->work_left -= cost;
		from++;
	}
	return reader->length;
}

/* Called at something that is not a valid frame. True: reading goes on at reader->position. */
static bool skip_damage(struct reader *reader, enum frame_state state, bool complete)
{
	size_t left = reader->length - reader->position;
	size_t next = find_frame(reader, reader->position + 1);
	if (next == reader->length && !complete && left <= FRAME_MAX)
		return false;
	if (next == reader->length && complete && state == FRAME_INCOMPLETE) {
		reader->torn_bytes = left;
	} else {
		reader->damaged++;
		reader->skipped_bytes += next - reader->position;
	}
	reader->position = next;
	return next < reader->length;
}

bool reader_next(struct reader *reader, struct frame *frame, bool complete)
{
	while (reader->position < reader->length) {
		const unsigned char *at = reader->bytes + reader->position;
		struct frame_header header;
		enum frame_state state = check_frame(at, reader->length - reader->position, &header);
		if (state == FRAME_VALID) {
			*frame = (struct frame){
			    .type = header.type,
			    .pid = header.pid,
			    .sequence = header.sequence,
			    .time_ns = header.time_ns,
			    .fields = {(const char *)at + sizeof header, header.length},
			};
			reader->position += sizeof header + header.length;
			return true;
		}
		if (state == FRAME_INCOMPLETE && !complete)
			return false;
		if (!skip_damage(reader, state, complete))
			return false;
	}
	return false;
}

bool reader_field(struct span *fields, struct field *field)
{
	struct field_header header;
	if (fields->length < sizeof header)
		return false;
	memcpy(&header, fields->bytes, sizeof header);
	size_t left = fields->length - sizeof header;
	if (header.length > left)
		return false;
	*field = (struct field){header.tag, {fields->bytes + sizeof header, header.length}};
	size_t padded = ((size_t)header.length + 7) & ~(size_t)7;
	if (padded > left)
		padded = left;
	fields->bytes += sizeof header + padded;
	fields->length = left - padded;
	return true;
}

uint64_t reader_number(struct span value)
{
	uint64_t number = 0;
	if (value.length == 0 || value.length > sizeof number)
		return NUMBER_ABSENT;
	memcpy(&number, value.bytes, value.length);
	return number;
}
