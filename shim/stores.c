#include "stores.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include "events.h"
#include "fault.h"
#include "generation.h"
#include "takeover.h"
#include "thread.h"

/* zend_file_cache.c: SUFFIX ".bin", opened with O_CREAT | O_EXCL. */
static bool is_store(const char *path, int flags, const void *caller)
{
	size_t n;

	if ((flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL) || !generation_opcache() || !takeover_is_opcache(caller)) {
		return false;
	}
	n = strlen(path);
	return n > 4 && strcmp(path + n - 4, ".bin") == 0;
}

/* A restart has begun since this thread last held OPcache's lock, or began its request. */
static bool straddles(void)
{
	return self.restarts_seen != generation_restarts_begun() && !BROKEN("store");
}

static bool refuse(int error)
{
	event_notice(NOTICE_STORE_REFUSED, self.restarts_seen,
	             "a store into opcache.file_cache was refused: a restart began while the script was being stored; the "
	             "script is stored when it is next compiled");
	errno = error;
	return true;
}

bool stores_refuse_open(const char *path, int flags, const void *caller)
{
	/* EEXIST: PHP takes it that somebody else is storing the file, and says nothing. */
	return is_store(path, flags, caller) && straddles() && refuse(EEXIST);
}

void stores_opened(const char *path, int flags, const void *caller, int fd)
{
	if (fd >= 0 && is_store(path, flags, caller)) {
		self.storing = fd;
		DELAY("store");
	}
}

void stores_closed(int fd)
{
	if (fd == self.storing) {
		self.storing = 0;
	}
}

bool stores_refuse_write(int fd)
{
	return self.storing && fd == self.storing && straddles() && refuse(EAGAIN);
}
