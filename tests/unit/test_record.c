#include "record.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "frames.h"
#include "thread.h"
#include "unit.h"

static const char *path;

static const struct frame_header *header(const struct record *r)
{
	return (const void *)r->bytes;
}

/* The frame as it will be once written: the file has the length, a test that does not write has not. */
static const struct frame_header *finished(struct record *r)
{
	struct frame_header *h = (void *)r->bytes;

	h->length = (uint32_t)(r->length - sizeof *h);
	return h;
}

/* --- putting a frame together --- */

static void fields_are_padded_to_words(void **state)
{
	_Alignas(8) char memory[1024];
	struct record r;

	(void)state;
	record_begin_in(&r, FRAME_STALE, memory, sizeof memory);
	assert_int_equal(r.length, sizeof(struct frame_header));
	for (size_t n = 0; n <= 17; n++) {
		size_t before = r.length;
		memset(memory + before, 0x55, 64);
		record_text(&r, FIELD_TEXT, "seventeen bytes..", n);
		assert_int_equal(r.length - before, 8 + (n + 7) / 8 * 8);
		const struct field_header *h = (const void *)(memory + before);
		assert_int_equal(h->tag, FIELD_TEXT);
		assert_int_equal(h->reserved, 0);
		assert_int_equal(h->length, n);
		assert_memory_equal(h + 1, "seventeen bytes..", n);
		for (size_t i = before + 8 + n; i < r.length; i++) {
			assert_int_equal(memory[i], 0);
		}
	}
	assert_false(r.overflow);
}

static void groups_nest(void **state)
{
	_Alignas(8) char memory[512];
	uintptr_t addresses[] = {1, 2, 3};
	struct record r;
	size_t outer, inner;

	(void)state;
	record_begin_in(&r, FRAME_STALE, memory, sizeof memory);
	outer = record_group_begin(&r, FIELD_THREAD);
	record_number(&r, FIELD_TID, 7);
	inner = record_group_begin(&r, FIELD_PHP_FRAME);
	record_string(&r, FIELD_FUNCTION, "strlen");
	record_group_end(&r, inner);
	record_addresses(&r, FIELD_NATIVE, addresses, 3);
	record_group_end(&r, outer);
	record_number(&r, FIELD_CURRENT, 9);

	const struct frame_header *frame = finished(&r);
	const struct field_header *thread = frames_field(frame, FIELD_THREAD);
	assert_int_equal(thread->length, 16 + 8 + 16 + 8 + 24);
	assert_true(frames_text_is(frames_field_in(frames_field_in(thread, FIELD_PHP_FRAME), FIELD_FUNCTION), "strlen"));
	assert_int_equal(frames_field_in(thread, FIELD_NATIVE)->length, 24);
	assert_int_equal(frames_number(frame, FIELD_CURRENT), 9);
	assert_null(frames_field(frame, FIELD_TID));
}

static void empty_group_is_a_field(void **state)
{
	_Alignas(8) char memory[128];
	struct record r;

	(void)state;
	record_begin_in(&r, FRAME_STALE, memory, sizeof memory);
	record_group_end(&r, record_group_begin(&r, FIELD_THREAD));
	assert_int_equal(r.length, 32 + 8);
	assert_int_equal(frames_field(finished(&r), FIELD_THREAD)->length, 0);
}

/* A field is there whole or not at all, whatever room there is; nothing is written behind it. */
static void overflow_leaves_whole_fields(void **state)
{
	(void)state;
	for (size_t room = 32 + 32; room < 232; room++) { /* the last 32 bytes are kept for what comes last */
		char *memory = malloc(room);                  /* the sanitizer sees what goes beyond */
		struct record r;
		record_begin_in(&r, FRAME_STALE, memory, room);
		size_t group = record_group_begin(&r, FIELD_THREAD);
		record_string(&r, FIELD_THREAD_NAME, "thread");
		record_number(&r, FIELD_TID, 1);
		record_string(&r, FIELD_URI, "/a/path/that/takes/some/room");
		record_group_end(&r, group);
		record_number(&r, FIELD_ADDRESS, 2);
		assert_true(r.length <= room);
		assert_int_equal(r.overflow, room < 32 + 8 + 16 + 16 + 40 + 16 + 32);
		frames_field(finished(&r), FIELD_THREAD); /* ends the test if the fields do not add up */
		free(memory);
	}
}

static void hostile_lengths_overflow(void **state)
{
	_Alignas(8) char memory[256 + 32], from[256] = "";
	struct record r;

	(void)state;
	record_begin_in(&r, FRAME_STALE, memory, sizeof memory);
	record_text(&r, FIELD_TEXT, from, 1 << 20);
	assert_true(r.overflow);
	assert_int_equal(r.length, 32);
	record_append(&r, from, 225);
	assert_int_equal(r.length, 32);
	record_append(&r, from, 224);
	assert_int_equal(r.length, 256);
}

/* --- the file --- */

static void write_number(enum field_tag tag, uint64_t value)
{
	struct record r;

	assert_true(record_begin(&r, FRAME_NOTICE));
	record_number(&r, tag, value);
	record_write(&r);
}

/* Runs first: nothing has been written yet. */
static void file_begins_with_the_process(void **state)
{
	(void)state;
	assert_int_equal(access(path, F_OK), -1);
	write_number(FIELD_COUNT, 5);
	struct frames f = frames_read(path);
	const struct frame_header *process = frames_next(&f, NULL), *notice = frames_next(&f, process);
	assert_int_equal(process->type, FRAME_PROCESS);
	assert_int_equal(process->pid, getpid());
	assert_int_equal(process->sequence, 1);
	assert_true(frames_text_is(frames_field(process, FIELD_VERSION), OPSAN_VERSION));
	assert_non_null(frames_field(process, FIELD_EXECUTABLE));
	assert_non_null(frames_field(process, FIELD_KERNEL));
	assert_non_null(frames_field(process, FIELD_OPTIONS));
	assert_non_null(frames_field(process, FIELD_LIBC));
	assert_true(frames_text_is(frames_field(process, FIELD_COMMAND), "test_record"));
	assert_int_equal(notice->type, FRAME_NOTICE);
	assert_int_equal(notice->sequence, 2);
	assert_int_equal(frames_number(notice, FIELD_COUNT), 5);
	assert_null(frames_next(&f, notice));
	frames_free(&f);
}

static void modules_come_before_what_needs_them(void **state)
{
	(void)state;
	record_prepare_modules();
	write_number(FIELD_COUNT, 6);
	write_number(FIELD_COUNT, 7);
	struct frames f = frames_read(path);
	const struct frame_header *modules = frames_last(&f, FRAME_MODULES);
	const struct frame_header *six = frames_next(&f, modules), *seven = frames_next(&f, six);
	assert_int_equal(frames_number(six, FIELD_COUNT), 6);
	assert_int_equal(frames_number(seven, FIELD_COUNT), 7);
	assert_null(frames_next(&f, seven));
	frames_free(&f);
}

static void sequence_has_no_gaps(void **state)
{
	uint32_t expected = 1;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		write_number(FIELD_COUNT, i);
	}
	struct frames f = frames_read(path);
	for (const struct frame_header *h = frames_next(&f, NULL); h; h = frames_next(&f, h)) {
		assert_int_equal(h->sequence, expected);
		expected++;
	}
	frames_free(&f);
}

/* zlib's checksum of header (with a zero in its place) and fields, in one go. */
static void checksum_is_of_the_whole_frame(void **state)
{
	(void)state;
	write_number(FIELD_COUNT, 8);
	struct frames f = frames_read(path);
	struct frame_header *h = (struct frame_header *)(uintptr_t)frames_last(&f, FRAME_NOTICE);
	uint32_t crc = h->crc;
	h->crc = 0;
	assert_int_equal(crc32(0, (const unsigned char *)h, (uInt)sizeof *h + h->length), crc);
	frames_free(&f);
}

/* 64 buffers: the 65th event at a time is lost, and the next frame says so, once. */
static void lost_events_are_told(void **state)
{
	struct record r[64], more;
	uint64_t before = record_lost();

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		assert_true(record_begin(&r[i], FRAME_NOTICE));
	}
	assert_false(record_begin(&more, FRAME_NOTICE));
	assert_false(record_begin(&more, FRAME_NOTICE));
	assert_int_equal(record_lost() - before, 2);
	for (size_t i = 0; i < 64; i++) {
		record_number(&r[i], FIELD_COUNT, 1000 + i);
		record_write(&r[i]);
	}
	struct frames f = frames_read(path);
	for (const struct frame_header *h = frames_next(&f, NULL); h; h = frames_next(&f, h)) {
		if (h->type == FRAME_NOTICE && frames_number(h, FIELD_COUNT) == 1000) {
			assert_int_equal(frames_number(h, FIELD_LOST), before + 2);
		} else {
			assert_null(frames_field(h, FIELD_LOST));
		}
	}
	frames_free(&f);
}

/* "What does not fit is left out and marked": also where the mark itself has no room left. */
static void full_frame_is_marked(void **state)
{
	struct record r;
	size_t fields = 0;

	(void)state;
	assert_true(record_begin(&r, FRAME_NOTICE));
	while (!r.overflow) {
		record_number(&r, FIELD_COUNT, fields++);
	}
	record_write(&r);
	struct frames f = frames_read(path);
	const struct frame_header *h = frames_last(&f, FRAME_NOTICE);
	assert_true(frames_fields(h, FIELD_COUNT) > 1000);
	assert_non_null(frames_field(h, FIELD_TRUNCATED));
	frames_free(&f);
}

static void overflowing_text_is_marked(void **state)
{
	static char text[64 << 10];
	struct record r;

	(void)state;
	assert_true(record_begin(&r, FRAME_NOTICE));
	record_text(&r, FIELD_TEXT, text, sizeof text);
	record_number(&r, FIELD_COUNT, 12);
	record_write(&r);
	struct frames f = frames_read(path);
	const struct frame_header *h = frames_last(&f, FRAME_NOTICE);
	assert_null(frames_field(h, FIELD_TEXT));
	assert_int_equal(frames_number(h, FIELD_COUNT), 12);
	assert_int_equal(frames_number(h, FIELD_TRUNCATED), 1);
	frames_free(&f);
}

/* format.h: FRAME_PROCESS is the first frame of each process, and the sequence counts from 1. */
static void forked_child_says_who_it_is(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		thread_forked();
		write_number(FIELD_COUNT, 13);
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	struct frames f = frames_read(path);
	const struct frame_header *h = frames_next(&f, NULL);
	while (h && h->pid != (uint32_t)child) {
		h = frames_next(&f, h);
	}
	assert_non_null(h);
	assert_int_equal(h->type, FRAME_PROCESS);
	assert_int_equal(h->sequence, 1);
	frames_free(&f);
}

/* In a child: it leaves the file torn. A full disk is a loss like any other, and no error of the program's. */
static void failed_write_is_counted(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		struct rlimit limit = {0, 0};
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		uint64_t before = record_lost();
		write_number(FIELD_COUNT, 14);
		_exit(record_lost() > before ? 0 : 1);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

static void header_is_complete_from_the_start(void **state)
{
	_Alignas(8) char memory[64];
	struct record r;

	(void)state;
	record_begin_in(&r, FRAME_RESTART, memory, sizeof memory);
	assert_int_equal(header(&r)->magic, FRAME_MAGIC);
	assert_int_equal(header(&r)->type, FRAME_RESTART);
	assert_true(header(&r)->time_ns > UINT64_C(1700000000) * 1000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields_are_padded_to_words),
	    cmocka_unit_test(header_is_complete_from_the_start),
	    cmocka_unit_test(groups_nest),
	    cmocka_unit_test(empty_group_is_a_field),
	    cmocka_unit_test(overflow_leaves_whole_fields),
	    cmocka_unit_test(hostile_lengths_overflow),
	    cmocka_unit_test(file_begins_with_the_process),
	    cmocka_unit_test(modules_come_before_what_needs_them),
	    cmocka_unit_test(sequence_has_no_gaps),
	    cmocka_unit_test(checksum_is_of_the_whole_frame),
	    cmocka_unit_test(lost_events_are_told),
	    cmocka_unit_test(full_frame_is_marked),
	    cmocka_unit_test(overflowing_text_is_marked),
	    cmocka_unit_test(failed_write_is_counted),
	    cmocka_unit_test(forked_child_says_who_it_is),
	};

	path = frames_place();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
