/* Finding OPcache's segment among what the process maps, and taking it over. */
#ifndef OPSAN_TAKEOVER_H
#define OPSAN_TAKEOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A mapping that could become OPcache's segment: answers the call in `result`, with a reservation, or
 * with MAP_FAILED and errno. False: it is none, and must be carried out as it is; errno is untouched.
 * `caller` is an address in the function that calls mmap. */
bool takeover_map(size_t length, int protection, int flags, int fd, const void *caller, void **result);
/* Whether the address is in OPcache's code. Cheap. */
bool takeover_is_opcache(const void *caller);
/* OPcache has locked its lock file though nothing was mapped that could be its segment. */
void takeover_without_segment(void);
/* Whether the mapping at `start` was one of ours; if so it is gone now. */
bool takeover_unmap(void *start, size_t length);
/* OPcache's mprotect of its whole segment (opcache.protect_memory) must not reach the generations.
 * False: not such a call. */
bool takeover_protect(void *start, size_t length, int protection, int *result);

/* A segment may be waiting for its first lock call. Cheap. */
bool takeover_waiting(void);
/* OPcache's allocation lock (byte 0) was taken. */
void takeover_locked(void);

/* A shared object was loaded, or unloaded. */
void takeover_loaded(void *handle, const char *path);
void takeover_unloaded(void);
/* In a forked child. */
void takeover_forked(void);
/* php_module_startup begins and ends on this thread: its own requests (preloading) are no requests. */
void takeover_starting(bool begins);

#endif
