#include "json_writer.h"

#include <inttypes.h>

static void write_code_point(FILE *out, const char *bytes, size_t length, uint32_t code)
{
	if (code == '"' || code == '\\')
		fprintf(out, "\\%c", (char)code);
	else if (code == '\n')
		fputs("\\n", out);
	else if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029)
		fprintf(out, "\\u%04x", (unsigned)code);
	else
		fwrite(bytes, 1, length, out);
}

static void write_string(FILE *out, struct span text)
{
	fputc('"', out);
	for (size_t i = 0; i < text.length;) {
		uint32_t code = 0;
		size_t length = span_decode(text.bytes + i, text.length - i, &code);
		if (length == 0) {
			fputs("\xef\xbf\xbd", out);
			length = 1;
		} else {
			write_code_point(out, text.bytes + i, length, code);
		}
		i += length;
	}
	fputc('"', out);
}

/* What comes before a value: the comma after the one before, the line, the name. */
static void begin_value(struct json *json, const char *name)
{
	if (json->has_items)
		fputc(',', json->out);
	if (json->depth > 0)
		fprintf(json->out, "\n%*s", 2 * json->depth, "");
	json->has_items = true;
	if (name != NULL) {
		write_string(json->out, span_from(name));
		fputs(": ", json->out);
	}
}

static void begin_group(struct json *json, const char *name, char bracket)
{
	begin_value(json, name);
	fputc(bracket, json->out);
	json->depth++;
	json->has_items = false;
}

static void end_group(struct json *json, char bracket)
{
	json->depth--;
	if (json->has_items)
		fprintf(json->out, "\n%*s", 2 * json->depth, "");
	fputc(bracket, json->out);
	json->has_items = true;
	if (json->depth == 0) {
		fputc('\n', json->out);
		json->has_items = false;
	}
}

void json_object_begin(struct json *json, const char *name)
{
	begin_group(json, name, '{');
}

void json_object_end(struct json *json)
{
	end_group(json, '}');
}

void json_array_begin(struct json *json, const char *name)
{
	begin_group(json, name, '[');
}

void json_array_end(struct json *json)
{
	end_group(json, ']');
}

void json_text(struct json *json, const char *name, const char *text)
{
	json_span(json, name, span_from(text));
}

void json_span(struct json *json, const char *name, struct span text)
{
	if (text.bytes == NULL) {
		json_null(json, name);
		return;
	}
	begin_value(json, name);
	write_string(json->out, text);
}

void json_number(struct json *json, const char *name, uint64_t number)
{
	if (number == UINT64_MAX) {
		json_null(json, name);
		return;
	}
	begin_value(json, name);
	fprintf(json->out, "%" PRIu64, number);
}

void json_address(struct json *json, const char *name, uint64_t address)
{
	if (address == UINT64_MAX) {
		json_null(json, name);
		return;
	}
	begin_value(json, name);
	fprintf(json->out, "\"0x%" PRIx64 "\"", address);
}

void json_boolean(struct json *json, const char *name, bool value)
{
	begin_value(json, name);
	fputs(value ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *name)
{
	begin_value(json, name);
	fputs("null", json->out);
}
