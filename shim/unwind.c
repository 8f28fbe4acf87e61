/* May run in a signal handler. */
#include "unwind.h"

#define UNW_LOCAL_ONLY
#include <libunwind.h>
#include <string.h>
#include <ucontext.h>

#include "modules.h"
#include "os.h"

#if defined(__x86_64__)
enum { FRAME_REGISTER = UNW_X86_64_RBP };
#elif defined(__aarch64__)
enum { FRAME_REGISTER = UNW_AARCH64_X29 };
#endif

static __thread bool active;

bool unwind_active(void)
{
	return active;
}

/* Go keeps frame pointers in code that has no unwind tables: the caller's at the pointer, the
 * return address behind it. */
static size_t follow_frame_pointers(uintptr_t frame, uintptr_t *addresses, size_t max)
{
	uintptr_t pair[2];
	size_t n = 0;

	while (n < max && frame % sizeof frame == 0 && frame >= os_page_size() &&
	       os_read_memory(pair, frame, sizeof pair) && pair[1] && modules_find(pair[1])) {
		addresses[n++] = pair[1];
		if (pair[0] <= frame) {
			break; /* the stack grows down: callers lie above */
		}
		frame = pair[0];
	}
	return n;
}

static size_t walk(unw_cursor_t *cursor, uintptr_t *addresses, size_t max, bool *more)
{
	unw_word_t ip = 0, frame = 0;
	size_t n = 0;
	int step;

	do {
		if (unw_get_reg(cursor, UNW_REG_IP, &ip) != 0 || ip == 0) {
			break;
		}
		addresses[n++] = ip;
		unw_get_reg(cursor, FRAME_REGISTER, &frame);
		if (!modules_can_unwind(ip)) {
			n += follow_frame_pointers(frame, addresses + n, max - n);
			break;
		}
		step = unw_step(cursor);
	} while (step > 0 && n < max);
	*more = n == max;
	return n;
}

size_t unwind_signal(void *ucontext, uintptr_t *addresses, size_t max, bool *more)
{
	unw_cursor_t cursor;
	size_t n = 0;

	active = true;
	*more = false;
	if (unw_init_local2(&cursor, ucontext, UNW_INIT_SIGNAL_FRAME) == 0) {
		n = walk(&cursor, addresses, max, more);
	}
	active = false;
	return n;
}

size_t unwind_here(uintptr_t *addresses, size_t max, bool *more)
{
	unw_context_t context;
	unw_cursor_t cursor;
	size_t n = 0;

	active = true;
	*more = false;
	if (unw_getcontext(&context) == 0 && unw_init_local(&cursor, &context) == 0) {
		n = walk(&cursor, addresses, max, more);
	}
	active = false;
	return n;
}

void unwind_prepare(void)
{
	uintptr_t addresses[4];
	bool more;

	unw_set_caching_policy(unw_local_addr_space, UNW_CACHE_GLOBAL);
	unwind_here(addresses, 4, &more);
}
