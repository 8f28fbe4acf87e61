/* dlopen(NULL), failures and their messages, and the count of references. */
#include "fault.h"

int main(void)
{
	void *m = dlopen("libm.so.6", RTLD_LAZY), *again = dlopen("libm.so.6", RTLD_LAZY | RTLD_NOLOAD);

	say("the same: %d\n", m && m == again);
	say("itself: %d\n", dlopen(NULL, RTLD_LAZY) != NULL);
	say("missing: %d\n", dlopen("/nonexistent/lib.so", RTLD_LAZY) != NULL);
	say("%s\n", dlerror());
	say("close: %d %d\n", dlclose(m), dlclose(again));
	say("gone: %d\n", dlopen("libm.so.6", RTLD_LAZY | RTLD_NOLOAD) == NULL);
}
