/* Finding OPcache's segment among what the process maps, and taking it over. */
#ifndef OPSAN_TAKEOVER_H
#define OPSAN_TAKEOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A mapping that could become OPcache's segment: returns a reservation for it. MAP_FAILED with errno
 * ENOMEM: the call fails; MAP_FAILED with errno 0: it must be carried out as it is. `caller` is an
 * address in the function that calls mmap. */
void *takeover_map(size_t length, int protection, int flags, int fd, const void *caller);
/* Whether the mapping at `start` was one of ours; if so it is gone now. */
bool takeover_unmap(void *start, size_t length);
/* OPcache's mprotect of its whole segment (opcache.protect_memory) must not reach the generations.
 * False: not such a call. */
bool takeover_protect(void *start, size_t length, int protection, int *result);

/* A segment may be waiting for its first lock call. Cheap. */
bool takeover_waiting(void);
/* OPcache's allocation lock (byte 0) was taken, and is about to be given back. */
void takeover_locked(void);
void takeover_unlocking(void);

/* A shared object was loaded, or unloaded. */
void takeover_loaded(void *handle, const char *path);
void takeover_unloaded(void);
/* php_module_startup begins and ends on this thread: its own requests (preloading) are no requests. */
void takeover_starting(bool begins);

#endif
