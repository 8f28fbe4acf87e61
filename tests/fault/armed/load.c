/* Preloaded with the library: loads OPcache before the program begins, so that the library is at work. */
#include <dlfcn.h>
#include <stdlib.h>

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULT_OPCACHE");

	if (!path || !dlopen(path, RTLD_NOW)) {
		abort();
	}
}
