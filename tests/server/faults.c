#include "faults.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

void fault_write_low_address(void) {
	volatile uintptr_t address = 0x18; /* volatile: the compiler must not see what is coming */
	*(volatile int *)address = 1;
}

static void *write_low_address(void *unused) {
	fault_write_low_address();
	return unused;
}

void fault_in_c_thread(void) {
	pthread_t thread;
	if (pthread_create(&thread, NULL, write_low_address, NULL) == 0) pthread_join(thread, NULL);
}

void fault_raise(void) { raise(SIGSEGV); }

void fault_abort(void) { abort(); }
