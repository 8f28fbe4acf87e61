#include "frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "options.h"
#include "record.h"

static void fail(const char *why)
{
	fprintf(stderr, "record file: %s\n", why);
	abort();
}

static char placed[] = "/tmp/opsan-unit-XXXXXX.rec";

static void remove_placed(void)
{
	unlink(placed);
}

const char *frames_place(void)
{
	int fd = mkstemps(placed, 4);

	if (fd < 0) {
		fail("no place in /tmp");
	}
	close(fd);
	unlink(placed); /* the library makes it, with the file header */
	snprintf(options.log_path, sizeof options.log_path, "%s", placed);
	record_place();
	record_prepare_process();
	atexit(remove_placed);
	return placed;
}

static void check(const struct frames *f)
{
	const struct file_header *h = (const void *)f->bytes;
	size_t at = sizeof *h;

	if (f->length < at || memcmp(h->magic, file_magic, 8) != 0 || h->major != FORMAT_MAJOR) {
		fail("no file header");
	}
	while (at < f->length) {
		struct frame_header frame, zero;
		memcpy(&frame, f->bytes + at, sizeof frame);
		if (frame.magic != FRAME_MAGIC || frame.length > f->length - at - sizeof frame) {
			fail("torn frame");
		}
		zero = frame;
		zero.crc = 0;
		uLong crc = crc32(0, (const unsigned char *)&zero, sizeof zero);
		if (crc32(crc, (const unsigned char *)f->bytes + at + sizeof frame, frame.length) != frame.crc) {
			fail("wrong checksum");
		}
		at += sizeof frame + frame.length;
	}
}

struct frames frames_read(const char *path)
{
	struct frames f = {.bytes = NULL};
	FILE *file = fopen(path, "rb");

	if (!file) {
		fail("there is none");
	}
	fseek(file, 0, SEEK_END);
	f.length = (size_t)ftell(file);
	rewind(file);
	f.bytes = malloc(f.length);
	if (fread(f.bytes, 1, f.length, file) != f.length) {
		fail("cannot be read");
	}
	fclose(file);
	check(&f);
	return f;
}

void frames_free(struct frames *f)
{
	free(f->bytes);
	f->bytes = NULL;
}

const struct frame_header *frames_next(const struct frames *f, const struct frame_header *frame)
{
	const char *next = frame ? (const char *)(frame + 1) + frame->length : f->bytes + sizeof(struct file_header);

	return next < f->bytes + f->length ? (const void *)next : NULL;
}

const struct frame_header *frames_last(const struct frames *f, enum frame_type type)
{
	const struct frame_header *last = NULL;

	for (const struct frame_header *h = frames_next(f, NULL); h; h = frames_next(f, h)) {
		last = h->type == type ? h : last;
	}
	return last;
}

static const struct field_header *find(const char *at, size_t length, enum field_tag tag, size_t *count)
{
	const struct field_header *first = NULL;
	const char *end = at + length;

	while (at < end) {
		const struct field_header *h = (const void *)at;
		if (h->tag == tag) {
			first = first ? first : h;
			++*count;
		}
		at += sizeof *h + (h->length + 7) / 8 * 8;
	}
	if (at != end) {
		fail("fields do not add up to their frame");
	}
	return first;
}

const struct field_header *frames_field(const struct frame_header *frame, enum field_tag tag)
{
	size_t n = 0;

	return find((const char *)(frame + 1), frame->length, tag, &n);
}

const struct field_header *frames_field_in(const struct field_header *group, enum field_tag tag)
{
	size_t n = 0;

	return find((const char *)(group + 1), group->length, tag, &n);
}

size_t frames_fields(const struct frame_header *frame, enum field_tag tag)
{
	size_t n = 0;

	find((const char *)(frame + 1), frame->length, tag, &n);
	return n;
}

uint64_t frames_number(const struct frame_header *frame, enum field_tag tag)
{
	const struct field_header *h = frames_field(frame, tag);
	uint64_t n;

	if (!h || h->length != sizeof n) {
		fail("a number is missing");
	}
	memcpy(&n, h + 1, sizeof n);
	return n;
}

size_t frames_notices(const struct frames *f, enum notice notice)
{
	size_t n = 0;

	for (const struct frame_header *h = frames_next(f, NULL); h; h = frames_next(f, h)) {
		n += h->type == FRAME_NOTICE && frames_number(h, FIELD_NOTICE) == (uint64_t)notice;
	}
	return n;
}

bool frames_text_is(const struct field_header *field, const char *text)
{
	return field && field->length == strlen(text) && memcmp(field + 1, text, field->length) == 0;
}
