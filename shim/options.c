#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options options;

static bool set_number(uint64_t *to, const char *value)
{
	char *end;

	if (*value < '0' || *value > '9') {
		return false;
	}
	errno = 0;
	unsigned long long n = strtoull(value, &end, 10);
	if (errno || *end) {
		return false;
	}
	*to = n;
	return true;
}

static bool set_bool(bool *to, const char *value)
{
	if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0) {
		return false;
	}
	*to = *value == '1';
	return true;
}

static bool set_text(char *to, size_t bytes, const char *value)
{
	size_t length = strlen(value);

	if (length >= bytes) {
		return false;
	}
	memcpy(to, value, length + 1);
	return true;
}

#define SET_NUMBER(name) set_number(&options.name, value)
#define SET_BOOL(name) set_bool(&options.name, value)
#define SET_TEXT(name) set_text(options.name, sizeof options.name, value)

/* False if there is no such option, or if it cannot have that value. */
static bool set(const char *option, const char *value)
{
#define OPTION(name, type, default_value, text) \
	if (strcmp(option, #name) == 0) { \
		return SET_##type(name); \
	}
#include "options.def"
#undef OPTION
	return false;
}

static void set_defaults(void)
{
#define DEFAULT_NUMBER(name, v) options.name = v;
#define DEFAULT_BOOL(name, v) options.name = v;
#define DEFAULT_TEXT(name, v) set_text(options.name, sizeof options.name, v);
#define OPTION(name, type, default_value, text) DEFAULT_##type(name, default_value)
#include "options.def"
#undef OPTION
}

static void print_help(void)
{
	fputs("opsan: options of OPSAN_OPTIONS=name=value:…\n", stderr);
#define OPTION(name, type, default_value, text) fprintf(stderr, "  %-14s %s\n", #name, text);
#include "options.def"
#undef OPTION
}

void options_read(void)
{
	const char *text = getenv("OPSAN_OPTIONS");
	char *copy = strdup(text ? text : ""), *rest = NULL;

	set_defaults();
	for (char *item = copy ? strtok_r(copy, ":", &rest) : NULL; item; item = strtok_r(NULL, ":", &rest)) {
		char *value = strchr(item, '=');
		if (value) {
			*value++ = '\0';
		}
		if (!value || !set(item, value)) {
			fprintf(stderr,
			        "opsan: OPSAN_OPTIONS: '%s%s%s' is not an option with a value it can have; OPSAN_OPTIONS=help=1 "
			        "lists them\n",
			        item, value ? "=" : "", value ? value : "");
		}
	}
	free(copy);
	if (options.help) {
		print_help();
	}
}

static void append(char *to, size_t bytes, const char *name, const char *value)
{
	size_t n = strlen(to);

	snprintf(to + n, bytes - n, "%s%s=%s", n ? ":" : "", name, value);
}

char *options_write(char *to, size_t bytes)
{
	char number[32];

	*to = '\0';
#define WRITE_NUMBER(name) (snprintf(number, sizeof number, "%llu", (unsigned long long)options.name), number)
#define WRITE_BOOL(name) (options.name ? "1" : "0")
#define WRITE_TEXT(name) options.name
#define OPTION(name, type, default_value, text) append(to, bytes, #name, WRITE_##type(name));
#include "options.def"
#undef OPTION
	return to;
}
