/* RTLD_DEEPBIND: a library prefers its own functions to the program's.
 * cc: -rdynamic */
#include "fault.h"

int answer(void);

int answer(void)
{
	return 7;
}

static int ask(int flags)
{
	char path[512];
	void *library, *symbol;
	int (*function)(void);
	int r;

	path[readlink("/proc/self/exe", path, sizeof path - 1)] = '\0';
	strcpy(strrchr(path, '/'), "/lib/libdeepbind.so");
	library = dlopen(path, RTLD_NOW | flags);
	if (!library) {
		say("%s\n", dlerror());
		return 0;
	}
	symbol = dlsym(library, "ask");
	memcpy(&function, &symbol, sizeof function);
	r = function();
	dlclose(library);
	return r;
}

int main(void)
{
	say("without: %d\n", ask(0));
	say("with: %d\n", ask(RTLD_DEEPBIND));
}
