/* A stack that is full: the handler can only run on another, and jumps out of it. */
#include "fault.h"

static char alternate[16 << 10];
static sigjmp_buf out;

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info, (void)context;
	siglongjmp(out, 1);
}

static int deeper(int n)
{
	volatile char local[1000];

	local[n % 1000] = 1;
	return n < 0 ? 0 : deeper(n + 1) + local[n % 1000];
}

int main(void)
{
	stack_t s = {.ss_sp = alternate, .ss_size = sizeof alternate};

	sigaltstack(&s, NULL);
	handle(SIGSEGV, handler, SA_ONSTACK);
	for (volatile int i = 0; i < 3; i++) {
		if (sigsetjmp(out, 1) == 0) {
			deeper(0);
		}
		say("out\n");
	}
}
