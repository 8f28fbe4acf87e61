#include "../../tools/json_writer.h"
#include "../../tools/span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static char *text;
static size_t size;

static struct json begin(void)
{
	return (struct json){.out = open_memstream(&text, &size)};
}

static void expect(struct json *json, const char *expected)
{
	fclose(json->out);
	assert_string_equal(text, expected);
	free(text);
}

static void test_structure(void **state)
{
	(void)state;
	struct json json = begin();
	json_object_begin(&json, NULL);
	json_number(&json, "n", 7);
	json_array_begin(&json, "a");
	json_text(&json, NULL, "x");
	json_null(&json, NULL);
	json_array_end(&json);
	json_array_begin(&json, "empty");
	json_array_end(&json);
	json_boolean(&json, "b", true);
	json_object_end(&json);
	expect(&json, "{\n  \"n\": 7,\n  \"a\": [\n    \"x\",\n    null\n  ],\n  \"empty\": [],\n  \"b\": true\n}\n");
}

static void test_absent_is_null(void **state)
{
	(void)state;
	struct json json = begin();
	json_array_begin(&json, NULL);
	json_number(&json, NULL, UINT64_MAX);
	json_address(&json, NULL, UINT64_MAX);
	json_span(&json, NULL, (struct span){NULL, 0});
	json_address(&json, NULL, 255);
	json_array_end(&json);
	expect(&json, "[\n  null,\n  null,\n  null,\n  \"0xff\"\n]\n");
}

static void expect_bytes(const char *bytes, size_t length, const char *expected)
{
	struct json json = begin();
	json_span(&json, NULL, (struct span){bytes, length});
	expect(&json, expected);
}

static void test_strings(void **state)
{
	(void)state;
	expect_bytes("a\"b\\c\n", 6, "\"a\\\"b\\\\c\\n\"");
	expect_bytes("\0\x1b\x7f", 3, "\"\\u0000\\u001b\\u007f\"");
	expect_bytes("\xc3\xa4", 2, "\"\xc3\xa4\"");
	/* Cut, overlong, a surrogate, beyond Unicode, a lone continuation. */
	expect_bytes("\xc3", 1, "\"\xef\xbf\xbd\"");
	expect_bytes("\xc0\x80", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	expect_bytes("\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	expect_bytes("\xf4\x90\x80\x80z", 5, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"");
	expect_bytes("\x80", 1, "\"\xef\xbf\xbd\"");
}

static void test_text_for_people(void **state)
{
	(void)state;
	struct json json = begin();
	span_print(json.out, (struct span){"a\x1b[2J\xff\xe2\x80\xae\xc2\x9b\xc3\xa4\0", 14});
	expect(&json, "a\\x1b[2J\\xff\\u{202e}\\u{9b}\xc3\xa4\\x00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_structure),
	    cmocka_unit_test(test_absent_is_null),
	    cmocka_unit_test(test_strings),
	    cmocka_unit_test(test_text_for_people),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
