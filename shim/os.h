/* The shim's own memory and clocks: every mmap, mprotect, madvise and fallocate that it makes for
 * itself goes through here, as plain system calls, so that none of them meets an interposed
 * function. All may be called in a signal handler; errors are errno's. */
#ifndef OPSAN_OS_H
#define OPSAN_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum os_access { OS_NONE, OS_READ_WRITE };

/* Bytes of a page; a power of two. */
size_t os_page_size(void);
/* Rounded up to whole pages. */
size_t os_pages(size_t bytes);

/* Private zeroed memory, not counted against the overcommit limit until it is touched.
 * NULL on failure. */
void *os_map_private(size_t bytes);
/* The same, shared with forked children. */
void *os_map_shared(size_t bytes);
/* `bytes` of the file from offset 0, shared. Inaccessible or writable. NULL on failure. */
void *os_map_file(int fd, size_t bytes, enum os_access access);
bool os_unmap(void *start, size_t bytes);
/* Puts an inaccessible mapping of nothing over the range: its addresses stay taken. */
bool os_seal(void *start, size_t bytes);
bool os_protect(uintptr_t start, size_t bytes, enum os_access access);
/* A place that the page tables of a range can be moved to; NULL if there is none. */
void *os_map_alike(uintptr_t start, size_t bytes);
/* Makes the range inaccessible in time that does not depend on how much of it is populated, where the
 * kernel can: its page tables move as a whole to `place`, which comes from os_map_alike and is given to
 * os_unmap some time later. `moved` is false if it was done the slow way. False: not done at all. */
bool os_close_range(uintptr_t start, size_t bytes, void *place, bool *moved);
/* With PROT_… flags. */
bool os_protect_as(uintptr_t start, size_t bytes, int protection);
/* Gives the memory behind the range of the file back; it reads as zeros afterwards. */
bool os_punch(int fd, size_t offset, size_t bytes);
/* Whether core dumps contain the range. */
void os_dump(uintptr_t start, size_t bytes, bool dumped);
/* An unnamed file of `bytes` without memory behind it; -1 on failure. */
int os_memory_file(const char *name, size_t bytes);

void os_close(int fd);
/* Mappings that a process may have (vm.max_map_count). Not in a handler. */
uint64_t os_mappings_max(void);

/* CLOCK_MONOTONIC and CLOCK_REALTIME in nanoseconds. */
uint64_t os_monotonic_ns(void);
uint64_t os_realtime_ns(void);
/* Processor time of the calling thread. */
uint64_t os_thread_cpu_ns(void);
pid_t os_tid(void);
pid_t os_pid(void);
/* In a forked child. */
void os_forked(void);

/* Whether the program itself could read at the address, by what the mappings allow. */
bool os_readable(uintptr_t address);
/* Copies memory that may vanish or be inaccessible; false if it could not be read whole. */
bool os_read_memory(void *to, uintptr_t from, size_t bytes);

#endif
