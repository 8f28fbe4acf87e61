/* Every thread that was inside a PHP request or met a stale access, and what it is doing. The table
 * is shared with forked children, so that a process knows of the requests of its siblings. */
#ifndef OPSAN_THREAD_H
#define OPSAN_THREAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum thread_state {                   /* ordered by what it can hold */
	                THREAD_IDLE,      /* outside a request */
	                THREAD_STARTING,  /* in php_request_startup: holds nothing of OPcache's yet */
	                THREAD_BYSTANDER, /* inside a request that began while a restart was pending: OPcache is off in it */
	                THREAD_HOLDER,    /* inside a request, may hold pointers into the segment */
};

struct thread {
	_Alignas(128) _Atomic pid_t tid; /* 0: free */
	pid_t pid;
	char name[16]; /* as it was when the entry was taken */
	_Atomic uint32_t state;
	/* Generation in which the request began. Written before the first look-up of the request, so
	 * that whoever reads it after exchanging the hash either sees it or has been seen. */
	_Atomic uint32_t began;
	/* Generation that was current when its last request had started: what it keeps across requests
	 * (keys of its PCRE cache) is of this one or a later one. UINT32_MAX: it keeps nothing. */
	_Atomic uint32_t purged;
	uint32_t epoch;              /* of the slots that this thread's counter belongs to */
	_Atomic uint64_t since_ns;   /* CLOCK_MONOTONIC at the start of the request */
	_Atomic uintptr_t storage;   /* tsrm_get_ls_cache() of the thread; 0: not a PHP thread */
	_Atomic uintptr_t out_start; /* what it is writing to a client, see output.c; 0: nothing */
	_Atomic size_t out_bytes;
};

/* What only the thread itself reads. Its handlers may. */
struct thread_local_state {
	struct thread *shared;
	uint32_t starting;       /* depth of php_module_startup */
	uint32_t in_handler;     /* depth of the fault handler and of what must not fault */
	bool chores;             /* has carried out a restart and left something to be done */
	bool in_restart;         /* between OPcache's lock and unlock of byte 2 */
	bool holds_lock;         /* OPcache's allocation lock, byte 0 */
	uint32_t keys_at_lock;   /* entries in the hash table when byte 0 was locked */
	uint32_t restarts_seen;  /* restarts begun when this thread last knew its scripts current */
	int storing;             /* descriptor of the opcache.file_cache file that it writes; 0: none */
	bool for_kernel;         /* touches memory on behalf of a system call */
	uintptr_t retry_address; /* last fault that was none by the time it was looked at */
	uint32_t retries;
};
extern __thread struct thread_local_state self;

enum { THREADS_MAX = 4096 };

/* Once, not in a handler. False if there is no memory. */
bool thread_table_create(void);
/* The calling thread's entry, taken if it has none; NULL if the table is full. Any handler. */
struct thread *thread_self(void);
/* How many entries were ever taken, and the i-th of them. Any thread, any handler. */
size_t thread_count(void);
struct thread *thread_at(size_t i);
/* Whether the thread that the entry belongs to has ended. */
bool thread_is_gone(const struct thread *t);
/* In a forked child: it has no entry yet. */
void thread_forked(void);
/* Threads that found the table full; their requests are unknown, so nothing may be recycled. */
size_t thread_unknown(void);

#endif
