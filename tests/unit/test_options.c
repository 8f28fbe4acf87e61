#include "options.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

/* Reads the options from `text`; returns what was said on stderr. */
static const char *read_options(const char *text)
{
	static char said[8192];
	FILE *to = tmpfile();
	int saved = dup(2);
	ssize_t n;

	assert_non_null(to);
	if (text) {
		setenv("OPSAN_OPTIONS", text, 1);
	} else {
		unsetenv("OPSAN_OPTIONS");
	}
	fflush(stderr);
	dup2(fileno(to), 2);
	options_read();
	fflush(stderr);
	dup2(saved, 2);
	close(saved);
	n = pread(fileno(to), said, sizeof said - 1, 0);
	said[n > 0 ? n : 0] = '\0';
	fclose(to);
	return said;
}

static const char *written(void)
{
	static char text[1024];

	return options_write(text, sizeof text);
}

static const char defaults[] =
    "log_path=:log_at_start=0:quarantine_mb=1024:defer_ms=2000:max_slots=16384:redact=0:help=0";

static void has_defaults(void **state)
{
	(void)state;
	assert_string_equal(read_options(NULL), "");
	assert_string_equal(written(), defaults);
	assert_string_equal(read_options(""), "");
	assert_string_equal(written(), defaults);
}

static void sets_each_type(void **state)
{
	(void)state;
	assert_string_equal(read_options("log_path=/var/log/x.%p.rec:quarantine_mb=18446744073709551615:redact=1"), "");
	assert_string_equal(options.log_path, "/var/log/x.%p.rec");
	assert_int_equal(options.quarantine_mb, UINT64_MAX);
	assert_true(options.redact);
	assert_int_equal(options.defer_ms, 2000);
}

static void later_one_wins(void **state)
{
	(void)state;
	assert_string_equal(read_options("defer_ms=1:defer_ms=2"), "");
	assert_int_equal(options.defer_ms, 2);
}

static void forgets_the_reading_before(void **state)
{
	(void)state;
	read_options("max_slots=5:redact=1:log_path=x");
	read_options(NULL);
	assert_string_equal(written(), defaults);
}

static void value_can_hold_an_equals_sign(void **state)
{
	(void)state;
	assert_string_equal(read_options("log_path=/tmp/a=b"), "");
	assert_string_equal(options.log_path, "/tmp/a=b");
}

static void skips_empty_items(void **state)
{
	(void)state;
	assert_string_equal(read_options("::defer_ms=7:"), "");
	assert_int_equal(options.defer_ms, 7);
}

/* Names the item, and leaves everything else as it would be without. */
static void refuses(const char *item)
{
	char text[2048], quoted[2048];
	const char *said;

	snprintf(text, sizeof text, "max_slots=9:%s:redact=1", item);
	snprintf(quoted, sizeof quoted, "'%s' is not an option with a value it can have; OPSAN_OPTIONS=help=1 lists them\n",
	         item);
	said = read_options(text);
	assert_non_null(strstr(said, quoted));
	assert_string_equal(written(),
	                    "log_path=:log_at_start=0:quarantine_mb=1024:defer_ms=2000:max_slots=9:redact=1:help=0");
}

static void refuses_what_it_does_not_know(void **state)
{
	static const char *const items[] = {"mode=catch", "quarantine", "quarantine_mb", "Defer_ms=1", " defer_ms=1", "=1"};

	(void)state;
	for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
		refuses(items[i]);
	}
}

static void refuses_numbers_that_are_none(void **state)
{
	static const char *const values[] = {"", "x", "1x", "0x10", "-1", " -1", "1 ", "18446744073709551616"};
	char item[64];

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		snprintf(item, sizeof item, "quarantine_mb=%s", values[i]);
		refuses(item);
	}
}

static void refuses_switches_that_are_none(void **state)
{
	static const char *const values[] = {"", "2", "yes", "on", "00", "-1"};
	char item[64];

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		snprintf(item, sizeof item, "log_at_start=%s", values[i]);
		refuses(item);
	}
}

static void refuses_texts_that_are_too_long(void **state)
{
	char item[700] = "log_path=/";

	(void)state;
	memset(item + 10, 'x', 600);
	refuses(item);
}

static void help_lists_every_option(void **state)
{
	const char *said = read_options("help=1");

	(void)state;
#define OPTION(name, type, default_value, help) \
	assert_non_null(strstr(said, "\n  " #name " ")); \
	assert_non_null(strstr(said, help "\n"));
#include "options.def"
#undef OPTION
}

static void is_cut_where_room_ends(void **state)
{
	char text[32];

	(void)state;
	read_options(NULL);
	memset(text, '#', sizeof text);
	assert_string_equal(options_write(text, 20), "log_path=:log_at_st");
	assert_int_equal(text[20], '#');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(has_defaults),
	    cmocka_unit_test(sets_each_type),
	    cmocka_unit_test(later_one_wins),
	    cmocka_unit_test(forgets_the_reading_before),
	    cmocka_unit_test(value_can_hold_an_equals_sign),
	    cmocka_unit_test(skips_empty_items),
	    cmocka_unit_test(refuses_what_it_does_not_know),
	    cmocka_unit_test(refuses_numbers_that_are_none),
	    cmocka_unit_test(refuses_switches_that_are_none),
	    cmocka_unit_test(refuses_texts_that_are_too_long),
	    cmocka_unit_test(help_lists_every_option),
	    cmocka_unit_test(is_cut_where_room_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
