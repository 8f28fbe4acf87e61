/* The handler runs on the stack that it asked for. */
#include "fault.h"

static char alternate[64 << 10];

static void handler(int signal, siginfo_t *info, void *context)
{
	char local;
	stack_t now;

	(void)signal, (void)info, (void)context;
	sigaltstack(NULL, &now);
	say("%s stack, sigaltstack says %s\n",
	    &local >= alternate && &local < alternate + sizeof alternate ? "alternate" : "normal",
	    now.ss_flags & SS_ONSTACK ? "on it" : "not on it");
}

int main(void)
{
	stack_t s = {.ss_sp = alternate, .ss_size = sizeof alternate}, old;

	handle(SIGSEGV, handler, SA_ONSTACK);
	raise(SIGSEGV); /* there is none yet */
	sigaltstack(NULL, &old);
	say("%s before\n", old.ss_flags & SS_DISABLE ? "none" : "one");
	sigaltstack(&s, NULL);
	raise(SIGSEGV);
	handle(SIGSEGV, handler, 0);
	raise(SIGSEGV);
}
