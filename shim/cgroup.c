#include "cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "max" and what cannot be read are no limit. */
static uint64_t limit_in(const char *file)
{
	char text[32], *end = text;
	unsigned long long limit = UINT64_MAX;
	FILE *f = fopen(file, "re");

	if (!f) {
		return UINT64_MAX;
	}
	if (fgets(text, sizeof text, f)) {
		limit = strtoull(text, &end, 10);
	}
	fclose(f);
	return end == text ? UINT64_MAX : limit;
}

/* Of the group and all groups above it. In a container the group's own path may not exist, but what
 * is mounted there is the container's group. */
static uint64_t smallest(const char *root, const char *mount, char *group, const char *name)
{
	uint64_t least = UINT64_MAX, limit;
	char file[1024], *slash;

	for (;;) {
		snprintf(file, sizeof file, "%s%s%s/%s", root, mount, group, name);
		limit = limit_in(file);
		least = limit < least ? limit : least;
		slash = strrchr(group, '/');
		if (!slash) {
			return least;
		}
		*slash = '\0';
	}
}

/* Lines of /proc/self/cgroup: "0::/group" (v2), "4:memory:/group" (v1). */
static uint64_t limit_of_line(const char *root, char *line)
{
	char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!group) {
		return UINT64_MAX;
	}
	*group++ = '\0';
	group[strcspn(group, "\n")] = '\0';
	if (strcmp(group, "/") == 0) {
		*group = '\0';
	}
	if (controllers[1] == '\0') {
		return smallest(root, "/sys/fs/cgroup", group, "memory.max");
	}
	return strstr(controllers, "memory") ? smallest(root, "/sys/fs/cgroup/memory", group, "memory.limit_in_bytes")
	                                     : UINT64_MAX;
}

uint64_t cgroup_memory_limit(const char *root)
{
	uint64_t least = UINT64_MAX, limit;
	char line[1024];
	FILE *f;

	snprintf(line, sizeof line, "%s/proc/self/cgroup", root);
	f = fopen(line, "re");
	while (f && fgets(line, sizeof line, f)) {
		limit = limit_of_line(root, line);
		least = limit < least ? limit : least;
	}
	if (f) {
		fclose(f);
	}
	return least;
}
