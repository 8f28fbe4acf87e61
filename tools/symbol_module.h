/* One loaded module for symbolize.c: the file behind it, its debug information, its functions. */
#ifndef OPSAN_SYMBOL_MODULE_H
#define OPSAN_SYMBOL_MODULE_H

#include "symbolize.h"

#include <elfutils/libdwfl.h>

struct symbol_module {
	struct module module; /* its spans are in the symbolizer's pool */
	Dwfl *dwfl;           /* NULL: no file that belongs to it */
	Dwfl_Module *dwfl_module;
	const char *file, *problem;
	struct symbol_units *units; /* functions by address, built when first needed */
};

/* Finds the file and opens it. On failure only `problem` is filled in. */
void symbol_module_open(struct symbol_module *module, struct pool *pool, const char *debug_directory);
void symbol_module_close(struct symbol_module *module);
const char *symbol_module_debug_file(const struct symbol_module *module);

/* Fills in places and why of a symbol; `look_up` is the address to look at. */
void symbol_module_resolve(struct symbol_module *module, struct pool *pool, uint64_t look_up, struct symbol *symbol);

#endif
