#include "diagnose.h"

#include <stdlib.h>
#include <string.h>

#include "fake_opcache.h"
#include "unit.h"

enum { AREA = 64 << 10, HASH = 4096 };

/* An area at an address that is not the one of its bytes, as in the server. */
static _Alignas(4096) char bytes[AREA];
static const uintptr_t where = 0x7f1200000000;

static void put(size_t offset, uintptr_t value)
{
	memcpy(bytes + offset, &value, sizeof value);
}

static void put_script(const struct layout *l, size_t offset, size_t size, uintptr_t path)
{
	put(offset + l->script_path, path);
	put(offset + l->script_mem, where + offset);
	put(offset + l->script_size, size);
}

static struct area data_area(size_t used)
{
	return (struct area){.start = where, .bytes = bytes, .used = used, .hash_bytes = HASH};
}

static struct area string_area(size_t used)
{
	return (struct area){.start = where, .bytes = bytes, .used = used};
}

static int clear(void **state)
{
	(void)state;
	memset(bytes, 0, sizeof bytes);
	return 0;
}

static void assert_object(struct object o, enum object_kind kind, size_t start, size_t size)
{
	assert_int_equal(o.kind, kind);
	assert_int_equal(o.start - where, start);
	assert_int_equal(o.size, size);
}

/* The header's promise, for every address of the area: the object holds it. */
static void assert_holds(struct object o, uintptr_t address)
{
	if (address < o.start || address >= o.start + o.size) {
		fail_msg("offset %zu: object of kind %d is %zu + %zu", address - where, (int)o.kind, o.start - where, o.size);
	}
}

/* --- data --- */

static void hash_is_one_object(void **state)
{
	struct area a = data_area(AREA);

	(void)state;
	assert_object(diagnose_data(fake_layout(0), &a, where), OBJECT_HASH, 0, HASH);
	assert_object(diagnose_data(fake_layout(0), &a, where + HASH - 1), OBJECT_HASH, 0, HASH);
}

static void script_is_its_block(void **state)
{
	(void)state;
	for (size_t i = 0; fake_layout(i); i++) {
		struct area a = data_area(AREA);
		put_script(fake_layout(i), 8192, 3000, 0x1234);
		for (size_t at = 8192; at < 8192 + 3000; at += 100) {
			struct object o = diagnose_data(fake_layout(i), &a, where + at);
			assert_object(o, OBJECT_SCRIPT, 8192, 3000);
			assert_int_equal(o.name, 0x1234);
		}
		assert_object(diagnose_data(fake_layout(i), &a, where + 8192 + 2999), OBJECT_SCRIPT, 8192, 3000);
		clear(NULL);
	}
}

static void gap_reaches_from_script_to_script(void **state)
{
	struct area a = data_area(AREA);

	(void)state;
	put_script(fake_layout(0), 8192, 3000, 0);
	put_script(fake_layout(0), 16384, 1000, 0);
	assert_object(diagnose_data(fake_layout(0), &a, where + HASH), OBJECT_ALLOCATOR, HASH, 8192 - HASH);
	assert_object(diagnose_data(fake_layout(0), &a, where + 8191), OBJECT_ALLOCATOR, HASH, 8192 - HASH);
	assert_object(diagnose_data(fake_layout(0), &a, where + 8192 + 3000), OBJECT_ALLOCATOR, 8192 + 3000,
	              16384 - 8192 - 3000);
	assert_object(diagnose_data(fake_layout(0), &a, where + 20000), OBJECT_ALLOCATOR, 17384, AREA - 17384);
}

static void gap_without_scripts_is_all_of_it(void **state)
{
	struct area a = data_area(AREA - 8);

	(void)state;
	assert_object(diagnose_data(fake_layout(1), &a, where + HASH + 64), OBJECT_ALLOCATOR, HASH, AREA - 8 - HASH);
}

static void beyond_the_used_nothing_is_known(void **state)
{
	struct area a = data_area(10000);

	(void)state;
	assert_object(diagnose_data(fake_layout(0), &a, where + 10000), OBJECT_UNKNOWN, 10000, 1);
	assert_object(diagnose_string(fake_layout(0), &a, where + 10000), OBJECT_UNKNOWN, 10000, 1);
	assert_int_equal(diagnose_data(fake_layout(0), &a, where - 1).kind, OBJECT_UNKNOWN);
}

/* What looks like a script and cannot be one: too small, beyond the end, at another address. */
static void false_scripts_are_not_believed(void **state)
{
	const struct layout *l = fake_layout(0);
	struct area a = data_area(20000);

	(void)state;
	put_script(l, 8192, l->script_bytes - 1, 0);
	assert_int_equal(diagnose_data(l, &a, where + 8192).kind, OBJECT_ALLOCATOR);
	put_script(l, 8192, 20000 - 8192 + 1, 0);
	assert_int_equal(diagnose_data(l, &a, where + 8192).kind, OBJECT_ALLOCATOR);
	put_script(l, 8192, SIZE_MAX, 0);
	assert_int_equal(diagnose_data(l, &a, where + 8192).kind, OBJECT_ALLOCATOR);
	put_script(l, 8192, 20000 - 8192, 0);
	assert_int_equal(diagnose_data(l, &a, where + 8192).kind, OBJECT_SCRIPT);
	put(8192 + l->script_mem, where + 8192 + 64);
	assert_int_equal(diagnose_data(l, &a, where + 8192).kind, OBJECT_ALLOCATOR);
	/* A header that the used bytes cut off. */
	put_script(l, 19968, 500, 0);
	assert_int_equal(diagnose_data(l, &a, where + 19968).kind, OBJECT_ALLOCATOR);
}

static void every_data_address_has_its_object(void **state)
{
	(void)state;
	for (size_t i = 0; fake_layout(i); i++) {
		struct area a = data_area(40001);
		put_script(fake_layout(i), HASH, 640, 0);
		put_script(fake_layout(i), HASH + 640, 1001, 0);
		put_script(fake_layout(i), 30016, 40001 - 30016, 0);
		for (uintptr_t at = where; at < where + a.used; at++) {
			assert_holds(diagnose_data(fake_layout(i), &a, at), at);
		}
		clear(NULL);
	}
}

/* --- strings --- */

static size_t put_strings(const struct layout *l, const char *const *texts, size_t n)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		used += fake_string(l, bytes + used, texts[i], strlen(texts[i]));
	}
	return used;
}

static const char *const texts[] = {"",
                                    "x",
                                    "seven77",
                                    "eleven elev",
                                    "M\xc3\xbcller & S\xc3\xb6hne",
                                    "a text that is longer than all of the others, to reach over more than one word"};
enum { TEXTS = sizeof texts / sizeof texts[0] };

static void string_includes_its_collision_position(void **state)
{
	(void)state;
	for (size_t i = 0; fake_layout(i); i++) {
		struct area a = string_area(put_strings(fake_layout(i), texts, TEXTS));
		struct object o = diagnose_string(fake_layout(i), &a, where + 32);
		/* "" takes 24 + 1 + 4 bytes, rounded up: the second one is at 32. */
		assert_object(o, OBJECT_STRING, 28, 32);
		assert_int_equal(o.name, where + 32);
		assert_int_equal(diagnose_string(fake_layout(i), &a, where + 28).name, where + 32);
		assert_int_equal(diagnose_string(fake_layout(i), &a, where + 27).name, where);
	}
}

static void every_string_address_has_its_object(void **state)
{
	(void)state;
	for (size_t i = 0; fake_layout(i); i++) {
		struct area a = string_area(put_strings(fake_layout(i), texts, TEXTS));
		for (uintptr_t at = where; at < where + a.used; at++) {
			struct object o = diagnose_string(fake_layout(i), &a, at);
			assert_int_equal(o.kind, OBJECT_STRING);
			assert_holds(o, at);
		}
	}
}

/* Every byte matters: a string whose text, length or hash is off by a bit is none. */
static void damaged_string_is_none(void **state)
{
	const struct layout *l = fake_layout(0);
	const char *text = "Illuminate\\Support\\Collection";
	size_t size = fake_string(l, bytes, text, strlen(text));

	(void)state;
	assert_int_equal(diagnose_string_bytes(l, bytes, size), size);
	for (size_t at = l->string_hash; at <= l->string_text + strlen(text); at++) {
		bytes[at] ^= 4;
		assert_int_equal(diagnose_string_bytes(l, bytes, size), 0);
		bytes[at] ^= 4;
	}
}

static void string_needs_all_of_its_bytes(void **state)
{
	const struct layout *l = fake_layout(0);
	size_t needed = l->string_text + 7 + 1 + 4;

	(void)state;
	fake_string(l, bytes, "seven77", 7);
	for (size_t available = 0; available < needed; available++) {
		assert_int_equal(diagnose_string_bytes(l, bytes, available), 0);
	}
	assert_int_equal(diagnose_string_bytes(l, bytes, needed), 40);
}

static void hostile_length_reads_nothing(void **state)
{
	const struct layout *l = fake_layout(0);
	static const uintptr_t lengths[] = {SIZE_MAX, SIZE_MAX - 28, SIZE_MAX / 2, 1UL << 47, AREA};
	char *tight = malloc(64); /* the sanitizer sees what goes beyond */

	(void)state;
	memset(tight, 0, 64);
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		memcpy(tight + l->string_length, &lengths[i], sizeof lengths[i]);
		assert_int_equal(diagnose_string_bytes(l, tight, 64), 0);
	}
	free(tight);
}

static void area_without_strings_is_unknown(void **state)
{
	struct area a = string_area(4096);

	(void)state;
	assert_object(diagnose_string(fake_layout(0), &a, where + 100), OBJECT_UNKNOWN, 0, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(hash_is_one_object, clear),
	    cmocka_unit_test_setup(script_is_its_block, clear),
	    cmocka_unit_test_setup(gap_reaches_from_script_to_script, clear),
	    cmocka_unit_test_setup(gap_without_scripts_is_all_of_it, clear),
	    cmocka_unit_test_setup(beyond_the_used_nothing_is_known, clear),
	    cmocka_unit_test_setup(false_scripts_are_not_believed, clear),
	    cmocka_unit_test_setup(every_data_address_has_its_object, clear),
	    cmocka_unit_test_setup(string_includes_its_collision_position, clear),
	    cmocka_unit_test_setup(every_string_address_has_its_object, clear),
	    cmocka_unit_test_setup(damaged_string_is_none, clear),
	    cmocka_unit_test_setup(string_needs_all_of_its_bytes, clear),
	    cmocka_unit_test_setup(hostile_length_reads_nothing, clear),
	    cmocka_unit_test_setup(area_without_strings_is_unknown, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
