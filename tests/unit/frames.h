/* The record file as a test reads it: frames and fields, with nothing tolerated. */
#ifndef OPSAN_FRAMES_H
#define OPSAN_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

struct frames {
	char *bytes;
	size_t length;
};

/* Places the record file of this program where tests may write, and says where. Once. */
const char *frames_place(void);
/* Reads a file; ends the test if it is not whole frames with the right checksums. */
struct frames frames_read(const char *path);
void frames_free(struct frames *f);

/* The next frame after `frame` (NULL: the first); NULL after the last. */
const struct frame_header *frames_next(const struct frames *f, const struct frame_header *frame);
/* The last frame of the type; NULL: none. */
const struct frame_header *frames_last(const struct frames *f, enum frame_type type);
/* How many notices of the kind there are. */
size_t frames_notices(const struct frames *f, enum notice notice);

/* The frame's first field with the tag, at its top level; NULL: none. Fields in a group: the same
 * for the group's content. */
const struct field_header *frames_field(const struct frame_header *frame, enum field_tag tag);
const struct field_header *frames_field_in(const struct field_header *group, enum field_tag tag);
/* How many there are. */
size_t frames_fields(const struct frame_header *frame, enum field_tag tag);
/* Ends the test if there is no such number. */
uint64_t frames_number(const struct frame_header *frame, enum field_tag tag);
bool frames_text_is(const struct field_header *field, const char *text);

#endif
