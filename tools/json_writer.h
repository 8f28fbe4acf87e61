/* Writes JSON to a stream. Commas and indentation are the writer's, the order of calls is the
 * caller's. Whatever the bytes of a text are, what is written is valid UTF-8: what is not UTF-8
 * becomes U+FFFD. */
#ifndef OPSAN_JSON_WRITER_H
#define OPSAN_JSON_WRITER_H

#include "span.h"

struct json {
	FILE *out;
	int depth;
	bool has_items; /* at this depth: a comma comes before the next one */
};

/* `name` is NULL in an array and for the outermost value. */
void json_object_begin(struct json *json, const char *name);
void json_object_end(struct json *json);
void json_array_begin(struct json *json, const char *name);
void json_array_end(struct json *json);
void json_text(struct json *json, const char *name, const char *text);    /* NULL: null */
void json_span(struct json *json, const char *name, struct span text);    /* absent: null */
void json_number(struct json *json, const char *name, uint64_t number);   /* UINT64_MAX: null */
void json_address(struct json *json, const char *name, uint64_t address); /* "0x…", UINT64_MAX: null */
void json_boolean(struct json *json, const char *name, bool value);
void json_null(struct json *json, const char *name);

#endif
