/* The memory that the process may use by its control group. Not in a handler. */
#ifndef OPSAN_CGROUP_H
#define OPSAN_CGROUP_H

#include <stdint.h>

/* The smallest limit on the way from the process's group to the root, cgroup v2 or v1, in bytes;
 * UINT64_MAX: none. `root` is "" but for tests: the folder that /proc and /sys are looked for in. */
uint64_t cgroup_memory_limit(const char *root);

#endif
