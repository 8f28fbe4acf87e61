/* OPcache's lock protocol: fcntl(2) record locks on the lock file, the calls that tell what OPcache
 * is about to do. docs/internals.md has the table. */
#ifndef OPSAN_LOCK_H
#define OPSAN_LOCK_H

#include <fcntl.h>
#include <stdbool.h>

/* As fcntl(2) for F_GETLK, F_SETLK and F_SETLKW: carries out the call, and whatever opsan has to do
 * before or after it. `caller` is an address in the calling function. Any thread; not in a handler. */
int lock_call(int fd, int command, struct flock *lock, const void *caller);
/* The descriptor is being closed: it may be the lock file's. */
void lock_closed(int fd);

#endif
