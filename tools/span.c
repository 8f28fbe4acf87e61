#include "span.h"

#include <string.h>

struct span span_from(const char *text)
{
	return (struct span){text, text == NULL ? 0 : strlen(text)};
}

bool span_equal(struct span a, struct span b)
{
	if (a.bytes == NULL || b.bytes == NULL)
		return a.bytes == b.bytes;
	return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

struct span span_basename(struct span path)
{
	if (path.bytes == NULL)
		return path;
	const char *slash = memrchr(path.bytes, '/', path.length);
	if (slash == NULL)
		return path;
	size_t skip = (size_t)(slash + 1 - path.bytes);
	return (struct span){slash + 1, path.length - skip};
}

/* How many bytes the sequence that begins with `first` has, and its smallest code point. */
static size_t sequence_length(unsigned char first, uint32_t *smallest)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
	*smallest = least[length];
	return length;
}

size_t span_decode(const char *bytes, size_t left, uint32_t *code_point)
{
	if (left == 0)
		return 0;
	unsigned char first = (unsigned char)bytes[0];
	uint32_t smallest;
	size_t length = sequence_length(first, &smallest);
	if (length == 0 || length > left)
		return 0;
	uint32_t value = length == 1 ? first : first & (0x7fU >> length);
	for (size_t i = 1; i < length; i++) {
		unsigned char next = (unsigned char)bytes[i];
		if ((next & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (next & 0x3f);
	}
	if (value < smallest || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	*code_point = value;
	return length;
}

static bool is_direction_mark(uint32_t code)
{
	return code == 0x61c || code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

/* Formats one unit at `at` into `out` (at least 16 bytes); returns how many bytes it consumed. */
static size_t escape_unit(const char *at, size_t left, char out[16], size_t *columns)
{
	uint32_t code = 0;
	size_t length = span_decode(at, left, &code);
	if (length == 0 || code < 0x20 || code == 0x7f) {
		int printed = snprintf(out, 16, "\\x%02x", (unsigned char)*at);
		*columns = (size_t)printed;
		return 1;
	}
	if ((code >= 0x80 && code < 0xa0) || is_direction_mark(code)) {
		int printed = snprintf(out, 16, "\\u{%x}", code);
		*columns = (size_t)printed;
		return length;
	}
	memcpy(out, at, length);
	out[length] = '\0';
	*columns = 1;
	return length;
}

void span_print(FILE *out, struct span text)
{
	char unit[16];
	size_t columns;
	for (size_t i = 0; i < text.length;) {
		i += escape_unit(text.bytes + i, text.length - i, unit, &columns);
		fputs(unit, out);
	}
}

size_t span_columns(struct span text)
{
	char unit[16];
	size_t total = 0, columns;
	for (size_t i = 0; i < text.length; total += columns)
		i += escape_unit(text.bytes + i, text.length - i, unit, &columns);
	return total;
}

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	uint64_t hash = seed;
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
	/* FNV's high bits are good, its low ones are not, and tables use those. */
	hash ^= hash >> 32;
	return hash * UINT64_C(0x9e3779b97f4a7c15);
}

uint64_t hash_number(uint64_t seed, uint64_t number)
{
	return hash_bytes(seed, &number, sizeof number);
}

uint64_t hash_span(uint64_t seed, struct span text)
{
	return hash_bytes(hash_number(seed, text.bytes == NULL ? UINT64_MAX : text.length), text.bytes, text.length);
}
