/* Closing areas by moving their page tables, and by hand where the kernel refuses. */
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "os.h"
#include "parking.h"
#include "unit.h"

enum { AREA = 6 << 20 };

static char *area, *alias;

static int make_area(void **state)
{
	int fd = os_memory_file("test", AREA);

	(void)state;
	area = os_map_file(fd, AREA, OS_READ_WRITE);
	alias = os_map_file(fd, AREA, OS_READ_WRITE);
	os_close(fd);
	memset(area, 'x', AREA);
	return area && alias ? 0 : -1;
}

static int remove_area(void **state)
{
	(void)state;
	parking_forget();
	return munmap(area, AREA) || munmap(alias, AREA);
}

static void assert_closed(void)
{
	for (size_t i = 0; i < AREA; i += os_page_size()) {
		assert_false(os_readable((uintptr_t)area + i));
		assert_int_equal(alias[i], 'x');
	}
}

static void close_and_open_again(void)
{
	assert_true(parking_close((uintptr_t)area, AREA));
	assert_closed();
	parking_empty();
	assert_closed();
	assert_true(os_protect((uintptr_t)area, AREA, OS_READ_WRITE));
	assert_int_equal(area[AREA - 1], 'x');
}

static void prepared_or_not(void **state)
{
	(void)state;
	parking_prepare((uintptr_t)area, AREA);
	close_and_open_again();
	close_and_open_again();
}

static void in_pieces_of_what_was_prepared(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) { /* more than there are places */
		parking_prepare((uintptr_t)area, AREA);
		assert_true(parking_close((uintptr_t)area, AREA / 2));
		assert_true(parking_close((uintptr_t)area + AREA / 2, AREA / 2));
		assert_closed();
		parking_empty();
		assert_true(os_protect((uintptr_t)area, AREA, OS_READ_WRITE));
	}
}

/* The kernel unmaps the place before it refuses; what is mapped there then is not ours. In the last test:
 * after a refusal nothing is moved any more. */
static void refused(void **state)
{
	struct rlimit before, none = {1 << 20, RLIM_INFINITY};
	char *decoys[8];

	(void)state;
	parking_prepare((uintptr_t)area, AREA);
	getrlimit(RLIMIT_AS, &before);
	none.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_AS, &none);
	assert_true(parking_close((uintptr_t)area, AREA));
	setrlimit(RLIMIT_AS, &before);
	for (size_t i = 0; i < 8; i++) {
		decoys[i] = os_map_private(AREA);
		memset(decoys[i], 'd', AREA);
	}
	assert_closed();
	parking_empty();
	for (size_t i = 0; i < 8; i++) {
		assert_true(os_readable((uintptr_t)decoys[i]) && os_readable((uintptr_t)decoys[i] + AREA - 1));
		munmap(decoys[i], AREA);
	}
	os_protect((uintptr_t)area, AREA, OS_READ_WRITE);
	close_and_open_again();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(prepared_or_not, make_area, remove_area),
	    cmocka_unit_test_setup_teardown(in_pieces_of_what_was_prepared, make_area, remove_area),
	    cmocka_unit_test_setup_teardown(refused, make_area, remove_area),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
