#include "../../tools/reader.h"
#include "record_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct record_bytes record, fields;
static struct reader reader;
static struct frame frame;

/* A header and `count` notices. */
static int make(size_t count)
{
	record.length = fields.length = 0;
	put_header(&record, FORMAT_MAJOR);
	put_text(&fields, FIELD_TEXT, "a notice");
	for (size_t i = 0; i < count; i++)
		put_frame(&record, FRAME_NOTICE, (uint32_t)i + 1, &fields);
	return 0;
}

static size_t count_frames(size_t length, bool complete)
{
	size_t count = 0;
	reader_begin(&reader, record.bytes, length);
	assert_int_equal(reader_check_header(&reader), HEADER_OK);
	while (reader_next(&reader, &frame, complete))
		count++;
	return count;
}

static enum header_state header_of(const void *bytes, size_t length)
{
	reader_begin(&reader, bytes, length);
	return reader_check_header(&reader);
}

static void test_header(void **state)
{
	(void)state;
	make(0);
	assert_int_equal(header_of("", 0), HEADER_SHORT);
	assert_int_equal(header_of(record.bytes, 5), HEADER_SHORT);
	assert_int_equal(header_of("OPSANREX", 8), HEADER_FOREIGN);
	assert_int_equal(header_of(record.bytes, record.length), HEADER_OK);
	record.length = 0;
	put_header(&record, FORMAT_MAJOR + 1);
	assert_int_equal(header_of(record.bytes, record.length), HEADER_NEWER);
}

static void test_frames_and_fields(void **state)
{
	(void)state;
	struct field field;
	make(2);
	assert_int_equal(count_frames(record.length, true), 2);
	assert_int_equal(frame.type, FRAME_NOTICE);
	assert_int_equal(frame.sequence, 2);
	assert_int_equal(frame.pid, 100);
	assert_true(reader_field(&frame.fields, &field));
	assert_int_equal(field.tag, FIELD_TEXT);
	assert_true(span_equal(field.value, span_from("a notice")));
	assert_false(reader_field(&frame.fields, &field));
}

static void test_torn_tail(void **state)
{
	(void)state;
	make(3);
	for (size_t cut = 1; cut < 48; cut++) {
		assert_int_equal(count_frames(record.length - cut, true), 2);
		assert_true(reader.torn_bytes > 0);
		assert_int_equal(reader.damaged, 0);
	}
}

static void test_growing_file_waits(void **state)
{
	(void)state;
	make(3);
	assert_int_equal(count_frames(record.length - 1, false), 2);
	assert_int_equal(reader.torn_bytes, 0);
	size_t left = reader.length - reader.position;
	reader_begin(&reader, record.bytes + record.length - left - 1, left + 1);
	assert_true(reader_next(&reader, &frame, false));
	assert_int_equal(frame.sequence, 3);
}

static void test_every_flipped_bit_costs_one_frame(void **state)
{
	(void)state;
	make(3);
	size_t size = (record.length - sizeof(struct file_header)) / 3;
	size_t second = sizeof(struct file_header) + size;
	for (size_t bit = 0; bit < size * 8; bit++) {
		record.bytes[second + bit / 8] ^= (unsigned char)(1u << bit % 8);
		assert_int_equal(count_frames(record.length, true), 2);
		assert_int_equal(reader.damaged, 1);
		assert_int_equal(reader.skipped_bytes, size);
		record.bytes[second + bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
}

static void test_impossible_field_length(void **state)
{
	(void)state;
	struct field_header header = {.tag = 1, .length = UINT32_MAX};
	struct span bytes = {(const char *)&header, sizeof header};
	struct field field;
	assert_false(reader_field(&bytes, &field));
	bytes.length = 3;
	assert_false(reader_field(&bytes, &field));
}

static void test_numbers(void **state)
{
	(void)state;
	assert_int_equal(reader_number((struct span){"\1\2", 2}), 0x201);
	assert_true(reader_number((struct span){"", 0}) == NUMBER_ABSENT);
	assert_true(reader_number((struct span){"123456789", 9}) == NUMBER_ABSENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_header),
	    cmocka_unit_test(test_frames_and_fields),
	    cmocka_unit_test(test_torn_tail),
	    cmocka_unit_test(test_growing_file_waits),
	    cmocka_unit_test(test_every_flipped_bit_costs_one_frame),
	    cmocka_unit_test(test_impossible_field_length),
	    cmocka_unit_test(test_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
