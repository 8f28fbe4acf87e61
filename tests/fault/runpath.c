/* A library that only the program's own run path leads to.
 * cc: -Wl,--enable-new-dtags,-rpath,$ORIGIN/lib */
#include "fault.h"

int main(void)
{
	void *library = dlopen("librunpath.so", RTLD_NOW);

	say("%s\n", library ? "found" : dlerror());
}
