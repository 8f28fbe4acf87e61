/* Addresses as functions, files and lines, through libdw: from the module itself, or from separate
 * debug information found by build id or debug link. A frame that stays without a name says why. */
#ifndef OPSAN_SYMBOLIZE_H
#define OPSAN_SYMBOLIZE_H

#include "decode.h"

struct symbol_place {
	const char *function;
	const char *file; /* NULL: not known */
	int line;
	bool inlined; /* into the place that follows */
};

struct symbol {
	uint64_t address;            /* as recorded */
	const struct module *module; /* NULL: in none. Of the set that was asked with first */
	uint64_t offset;             /* of the address in the module's file */
	struct symbol_place *places; /* innermost first; the last one is the function itself */
	size_t place_count;          /* 0: no name */
	const char *why;             /* no name or no line, because …; NULL: nothing is missing */
	uint64_t fingerprint;        /* equal for places that people call the same */
};

struct symbolizer;

/* `debug_directory` is searched besides /usr/lib/debug; NULL: none. */
struct symbolizer *symbolizer_create(const char *debug_directory);
void symbolizer_destroy(struct symbolizer *symbolizer);

/* Never NULL, and valid as long as the symbolizer. Return addresses are looked up one byte before,
 * where the call is. The modules need not outlive the call. */
const struct symbol *symbolizer_look_up(struct symbolizer *symbolizer, const struct module_set *modules,
                                        uint64_t address, bool is_return);

/* How each module that was asked for was found, for `report --verbose`. */
struct symbol_source {
	const struct module *module;
	const char *file;  /* that was read; NULL: none */
	const char *debug; /* separate debug information; NULL: none, or in the file itself */
	const char *problem;
};
size_t symbolizer_sources(const struct symbolizer *symbolizer, struct pool *pool, struct symbol_source **sources);

#endif
