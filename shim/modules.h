/* The loaded ELF objects, as a snapshot that a signal handler can read: the dynamic loader's own
 * list is behind its lock. */
#ifndef OPSAN_MODULES_H
#define OPSAN_MODULES_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module {
	char path[512];
	uintptr_t base, start, end;
	char build_id[32];
	size_t build_id_bytes;
	struct dl_phdr_info info; /* its dlpi_phdr points into this module's own copy */
	ElfW(Phdr) phdr[24];
};

/* In a forked child. */
void modules_forked(void);
/* Takes a new snapshot; not in a handler. True if it differs from the one before. */
bool modules_refresh(void);
void modules_each(void (*visit)(const struct module *, void *), void *argument);
/* dl_iterate_phdr over the snapshot, without a lock. Any thread, any handler. */
int modules_iterate(int (*visit)(struct dl_phdr_info *, size_t, void *), void *argument);
/* Whether the address is in the text of a module that has unwind tables. Any thread, any handler. */
bool modules_can_unwind(uintptr_t address);
/* Whether it is the program itself. */
bool modules_is_program(const struct module *m);
/* The module that an address lies in, or NULL. Any thread, any handler. */
const struct module *modules_find(uintptr_t address);

#endif
