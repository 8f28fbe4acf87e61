/* The control group's memory limit, from folders made for it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroup.h"
#include "unit.h"

static char root[] = "/tmp/opsan-cgroup.XXXXXX";

static void put(const char *file, const char *text)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", root, file);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int make_root(void **state)
{
	(void)state;
	strcpy(root, "/tmp/opsan-cgroup.XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	char command[600];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", root);
	return system(command);
}

static void none(void **state)
{
	(void)state;
	assert_true(cgroup_memory_limit(root) == UINT64_MAX);
	put("proc/self/cgroup", "0::/\n");
	put("sys/fs/cgroup/memory.max", "max\n");
	assert_true(cgroup_memory_limit(root) == UINT64_MAX);
}

static void version_2_smallest_on_the_way_up(void **state)
{
	(void)state;
	put("proc/self/cgroup", "0::/system.slice/php.service\n");
	put("sys/fs/cgroup/system.slice/memory.max", "300000000\n");
	put("sys/fs/cgroup/system.slice/php.service/memory.max", "max\n");
	assert_true(cgroup_memory_limit(root) == 300000000);
}

static void version_2_in_a_container(void **state)
{
	(void)state;
	put("proc/self/cgroup", "0::/docker/4711\n");
	put("sys/fs/cgroup/memory.max", "536870912\n");
	assert_true(cgroup_memory_limit(root) == 536870912);
}

static void version_1(void **state)
{
	(void)state;
	put("proc/self/cgroup", "12:cpu,cpuacct:/a\n4:memory:/docker/1\n0::/x\n");
	put("sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "268435456\n");
	put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	assert_true(cgroup_memory_limit(root) == 268435456);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(none, make_root, remove_root),
	    cmocka_unit_test_setup_teardown(version_2_smallest_on_the_way_up, make_root, remove_root),
	    cmocka_unit_test_setup_teardown(version_2_in_a_container, make_root, remove_root),
	    cmocka_unit_test_setup_teardown(version_1, make_root, remove_root),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
