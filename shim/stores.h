/* opcache.file_cache: a script is stored into its file after OPcache's lock was given back, and which
 * of its strings are interned is asked again while that goes on. If a restart begins in between, the
 * file would hold offsets of the new generation under a valid checksum. Such a store is refused. */
#ifndef OPSAN_STORES_H
#define OPSAN_STORES_H

#include <stdbool.h>

/* A file is about to be created by the function that `caller` is in. True, with errno: the call must
 * fail. */
bool stores_refuse_open(const char *path, int flags, const void *caller);
/* It was created. */
void stores_opened(const char *path, int flags, const void *caller, int fd);
void stores_closed(int fd);
/* The file's content is about to be written. True, with errno: the call must fail; PHP then removes
 * the file. */
bool stores_refuse_write(int fd);

#endif
