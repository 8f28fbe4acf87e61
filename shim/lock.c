#include "lock.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "generation.h"
#include "real.h"
#include "requests.h"
#include "takeover.h"
#include "thread.h"

enum { ALLOCATION = 0, USERS = 1, RESTART = 2 }; /* bytes of the lock file */

/* After a reload of PHP the lock file has another descriptor, and the old number may be a socket's. */
static _Atomic int lock_file = -1;
static _Atomic pid_t lock_owner;

/* By what it is: a memfd called opcache_lock (PHP 8.3 on), an unlinked .ZendSem.XXXXXX, or an unnamed
 * file (O_TMPFILE); and by who locks it. */
static bool looks_like_lock_file(int fd)
{
	char link[64], path[512];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	return strstr(path, "opcache_lock") || strstr(path, ".ZendSem.") || strstr(path, " (deleted)");
}

static bool is_lock_file(int fd, const void *caller)
{
	if (fd == atomic_load(&lock_file)) {
		return true;
	}
	if (!takeover_is_opcache(caller) || !looks_like_lock_file(fd)) {
		return false;
	}
	atomic_store(&lock_file, fd);
	atomic_store(&lock_owner, getpid());
	if (!takeover_waiting()) {
		takeover_without_segment();
	}
	return true;
}

void lock_closed(int fd)
{
	/* A child of vfork closes its own descriptors in our memory. */
	if (fd == atomic_load(&lock_file) && getpid() == atomic_load(&lock_owner)) {
		atomic_compare_exchange_strong(&lock_file, &fd, -1);
	}
}

static bool is(const struct flock *l, int byte, short type)
{
	return l->l_start == byte && l->l_len == 1 && l->l_type == type;
}

/* "Is anybody inside?" Within one process the kernel always says no. To have the restart wait, the
 * answer is yes; by process 0, since OPcache kills a locker that has a positive one. */
static int ask(int fd, struct flock *lock)
{
	bool may = lock->l_start != USERS || generation_may_restart();
	int r = real_fcntl(fd, F_GETLK, lock);

	if (r == 0 && !may && lock->l_type == F_UNLCK) {
		lock->l_type = F_RDLCK;
		lock->l_pid = 0;
	}
	return r;
}

/* A request that began with OPcache switched off uses it after all (opcache.file_cache). */
static void reads_segment(void)
{
	struct thread *t = self.shared;
	uint32_t bystander = THREAD_BYSTANDER;

	if (t && atomic_load(&t->state) == THREAD_BYSTANDER) {
		atomic_store(&t->began, generation_current());
		atomic_compare_exchange_strong(&t->state, &bystander, THREAD_HOLDER);
	}
}

static void before(const struct flock *lock)
{
	if (is(lock, ALLOCATION, F_UNLCK)) {
		generation_unlocking();
		requests_unlocking();
	} else if (is(lock, USERS, F_RDLCK)) {
		reads_segment();
	} else if (is(lock, RESTART, F_UNLCK)) {
		generation_restart_end();
	}
}

static void after(const struct flock *lock)
{
	if (is(lock, ALLOCATION, F_WRLCK)) {
		takeover_locked();
		generation_locked();
	} else if (is(lock, RESTART, F_WRLCK)) {
		generation_restart_begin();
	}
}

int lock_call(int fd, int command, struct flock *lock, const void *caller)
{
	struct flock asked;
	int r, saved;

	if (!is_lock_file(fd, caller)) {
		return real_fcntl(fd, command, lock);
	}
	asked = *lock;
	if (command == F_GETLK) {
		return ask(fd, lock);
	}
	before(&asked);
	r = real_fcntl(fd, command, lock);
	saved = errno;
	if (r == 0) {
		after(&asked);
	}
	errno = saved;
	return r;
}
