#include "../../tools/findings.h"
#include "record_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct record_bytes record;
static struct model model;
static struct findings findings;
static struct symbolizer *symbolizer;

static void put_thread(struct record_bytes *into, uint16_t tag, uint64_t tid, uint64_t began_in, const char *file,
                       uint64_t address)
{
	static struct record_bytes thread, php;
	thread.length = php.length = 0;
	put_text(&php, FIELD_FILE, file);
	put_number(&php, FIELD_LINE, 12);
	put_number(&thread, FIELD_TID, tid);
	put_text(&thread, FIELD_URI, "/page");
	put_number(&thread, FIELD_BEGAN_IN, began_in);
	put_field(&thread, FIELD_PHP_FRAME, php.bytes, php.length);
	put_number(&thread, FIELD_NATIVE, address);
	put_field(into, tag, thread.bytes, thread.length);
}

static void add_stale(uint64_t tid, uint64_t began_in, const char *file, uint64_t address)
{
	static struct record_bytes fields;
	fields.length = 0;
	put_number(&fields, FIELD_ACCESS, ACCESS_READ);
	put_number(&fields, FIELD_OBJECT, OBJECT_STRING);
	put_number(&fields, FIELD_STALE_SINCE, 1);
	put_thread(&fields, FIELD_THREAD, tid, began_in, file, address);
	put_frame(&record, FRAME_STALE, 9, &fields);
}

static void add_restart(uint64_t tid)
{
	static struct record_bytes fields;
	fields.length = 0;
	put_number(&fields, FIELD_NUMBER, 1);
	put_thread(&fields, FIELD_IN_FLIGHT, tid, 0, "/a.php", 0);
	put_frame(&record, FRAME_RESTART, 1, &fields);
}

static int begin(void **state)
{
	(void)state;
	record.length = 0;
	put_header(&record, FORMAT_MAJOR);
	symbolizer = symbolizer_create(NULL);
	return 0;
}

static int end(void **state)
{
	(void)state;
	findings_clear(&findings);
	model_clear(&model);
	symbolizer_destroy(symbolizer);
	return 0;
}

static void collect(void)
{
	struct reader reader;
	struct frame frame;
	reader_begin(&reader, record.bytes, record.length);
	assert_int_equal(reader_check_header(&reader), HEADER_OK);
	while (reader_next(&reader, &frame, true))
		model_add(&model, &frame);
	model_finish(&model);
	findings_collect(&findings, &model, symbolizer);
}

static void test_same_stacks_are_one_finding(void **state)
{
	(void)state;
	add_stale(1, 0, "/b.php", 0x1000);
	add_stale(2, 0, "/a.php", 0x1000);
	add_stale(3, 0, "/a.php", 0x1000);
	add_stale(3, 0, "/a.php", 0x2000);
	collect();
	assert_int_equal(findings.count, 3);
	assert_int_equal(findings.items[0]->count, 2);
	assert_int_equal(findings.items[0]->first->fields.thread.tid, 2);
	assert_int_equal(findings.items[0]->last->fields.thread.tid, 3);
}

static void test_request_in_flight_that_used_stale_memory(void **state)
{
	(void)state;
	add_restart(7);
	add_stale(7, 0, "/a.php", 0x1000);
	collect();
	assert_true(model.restarts[0]->fields.in_flight[0].later_stale);
	assert_ptr_equal(model.stales[0]->restart, model.restarts[0]);
}

static void test_later_request_of_the_same_thread_is_another(void **state)
{
	(void)state;
	add_restart(7);
	add_stale(7, 1, "/a.php", 0x1000);
	add_stale(8, 0, "/a.php", 0x1000);
	collect();
	assert_false(model.restarts[0]->fields.in_flight[0].later_stale);
}

static void test_options(void **state)
{
	(void)state;
	struct span options = span_from("mode=defer:defer_ms=5:log=");
	assert_true(span_equal(option_value(options, "mode"), span_from("defer")));
	assert_true(span_equal(option_value(options, "defer_ms"), span_from("5")));
	assert_null(option_value(options, "ode").bytes);
	assert_null(option_value(span_from(NULL), "mode").bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_same_stacks_are_one_finding, begin, end),
	    cmocka_unit_test_setup_teardown(test_request_in_flight_that_used_stale_memory, begin, end),
	    cmocka_unit_test_setup_teardown(test_later_request_of_the_same_thread_is_another, begin, end),
	    cmocka_unit_test(test_options),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
