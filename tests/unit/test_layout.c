#include "layout.h"

#include <string.h>

#include "fake_opcache.h"
#include "unit.h"

static void finds_rows_by_abi(void **state)
{
	(void)state;
	assert_string_equal(layout_find("API420220829,TS")->name, "PHP 8.2, x86_64");
	assert_string_equal(layout_find("API420240924,TS")->name, "PHP 8.4, x86_64");
}

static void knows_only_whole_abis(void **state)
{
	static const char *const unknown[] = {"", "API420240924", "API420240924,NTS", "API420240924,TS,debug",
	                                      "API420240925,TS"};

	(void)state;
	for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
		assert_null(layout_find(unknown[i]));
	}
}

/* A column that a row leaves out would be 0, and 0 is right for few. */
static void rows_have_all_columns(void **state)
{
	static const char *const at_zero[] = {"smm_segments", "segment_size", "strings_mask", "script_path",
	                                      "hash_table",   "entry_hash",   "trace_id",     "frame_opline"};

	(void)state;
	for (size_t i = 0; fake_layout(i); i++) {
		const struct layout *l = fake_layout(i);
#define LAYOUT(column, type, member) \
	if (l->column == 0) { \
		size_t n = 0; \
		while (n < sizeof at_zero / sizeof at_zero[0] && strcmp(at_zero[n], #column) != 0) { \
			n++; \
		} \
		if (n == sizeof at_zero / sizeof at_zero[0]) { \
			fail_msg("%s: %s is missing", l->name, #column); \
		} \
	}
#define LAYOUT_SIZE(column, type) assert_int_not_equal(l->column, 0);
#include "layout.def"
#undef LAYOUT
#undef LAYOUT_SIZE
	}
}

/* The buffer of the string table follows its structure, and that is the last in the shared globals. */
static void strings_end_the_globals(void **state)
{
	(void)state;
	for (size_t i = 0; fake_layout(i); i++) {
		const struct layout *l = fake_layout(i);
		assert_int_equal(l->app_strings + l->strings_bytes, l->app_bytes);
		assert_true(l->script_size < l->script_bytes && l->script_mem < l->script_bytes);
		assert_true(l->entry_indirect < l->entry_bytes && l->entry_data < l->entry_bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_rows_by_abi),
	    cmocka_unit_test(knows_only_whole_abis),
	    cmocka_unit_test(rows_have_all_columns),
	    cmocka_unit_test(strings_end_the_globals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
