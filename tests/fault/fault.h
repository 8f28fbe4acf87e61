/* What the programs here share: they say what they see, line by line, also in a handler. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define say(...) dprintf(1, __VA_ARGS__)

enum { PAGE = 4096 };

/* The compiler does not know where it points. */
static inline volatile char *nowhere(uintptr_t address)
{
	volatile uintptr_t a = address;

	return (volatile char *)a;
}

static inline void fault(void)
{
	*nowhere(64) = 1;
}

static inline void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction a = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

	sigaction(signal, &a, NULL);
}

static inline const char *name_of(int error)
{
	return error ? strerrorname_np(error) : "0";
}
