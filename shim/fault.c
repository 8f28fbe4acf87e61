/* See fault.h. Not in the product: without OPSAN_FAULTS this file is empty. */
#include "fault.h"

typedef int fault_nothing; /* ISO C wants a declaration */

#ifdef OPSAN_FAULTS
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

bool fault_broken(const char *name)
{
	const char *list = getenv("OPSAN_BREAK");
	size_t n = strlen(name);

	for (const char *at = list; at && (at = strstr(at, name)); at += n) {
		bool starts = at == list || at[-1] == ',';
		if (starts && (at[n] == '\0' || at[n] == ',')) {
			return true;
		}
	}
	return false;
}

void fault_delay(const char *place)
{
	static __thread unsigned random;
	const char *list = getenv("OPSAN_DELAY");
	const char *at = list ? strstr(list, place) : NULL;

	if (!at || at[strlen(place)] != ':') {
		return;
	}
	if (!random) {
		random = (unsigned)syscall(SYS_gettid) * 2654435761U;
	}
	random = random * 1103515245U + 12345U;
	if ((random >> 16) % 8 == 0) {
		usleep((unsigned)atoi(at + strlen(place) + 1));
	}
}

/* A thread that has looked a script up waits here for OPcache's lock: the window of row 3. */
__attribute__((visibility("default"))) int tsrm_mutex_lock(void *mutex);
int tsrm_mutex_lock(void *mutex)
{
	static int (*next)(void *);
	Dl_info caller;

	if (!next) {
		void *symbol = dlsym(RTLD_NEXT, "tsrm_mutex_lock");
		memcpy(&next, &symbol, sizeof next);
	}
	if (dladdr(__builtin_return_address(0), &caller) && caller.dli_fname && strstr(caller.dli_fname, "opcache")) {
		fault_delay("lock");
	}
	return next(mutex);
}
#endif
