#include "symbolize.h"

#include "symbol_module.h"

#include "table.h"

#include <stdlib.h>

struct symbolizer {
	struct pool pool;
	const char *debug_directory;
	struct table modules; /* struct symbol_module by what identifies a module */
	struct table symbols; /* struct symbol by module and address */
	struct symbol_module **opened;
	size_t opened_count, opened_room;
};

struct symbolizer *symbolizer_create(const char *debug_directory)
{
	/* Nothing here may go out to the network: libdw would, for every file without debug information. */
	unsetenv("DEBUGINFOD_URLS");
	struct symbolizer *symbolizer = memory_allocate(sizeof *symbolizer);
	symbolizer->debug_directory = pool_string(&symbolizer->pool, debug_directory);
	return symbolizer;
}

void symbolizer_destroy(struct symbolizer *symbolizer)
{
	if (symbolizer == NULL)
		return;
	for (size_t i = 0; i < symbolizer->opened_count; i++)
		symbol_module_close(symbolizer->opened[i]);
	free(symbolizer->opened);
	table_clear(&symbolizer->modules);
	table_clear(&symbolizer->symbols);
	pool_clear(&symbolizer->pool);
	free(symbolizer);
}

static struct span keep_span(struct pool *pool, struct span text)
{
	if (text.bytes != NULL)
		text.bytes = pool_copy(pool, text.bytes, text.length);
	return text;
}

/* Module lists are recorded again and again, by each process and after each dlopen(): equal modules
 * are opened once. */
static struct symbol_module *find_module(struct symbolizer *symbolizer, const struct module *module)
{
	uint64_t key = hash_number(hash_span(hash_span(HASH_SEED, module->path), module->build_id), module->base);
	void **place = table_place(&symbolizer->modules, key);
	if (*place != NULL)
		return *place;
	struct symbol_module *opened = pool_allocate(&symbolizer->pool, sizeof *opened);
	opened->module = *module;
	opened->module.path = keep_span(&symbolizer->pool, module->path);
	opened->module.build_id = keep_span(&symbolizer->pool, module->build_id);
	*place = opened;
	APPEND(symbolizer->opened, symbolizer->opened_count, symbolizer->opened_room, opened);
	symbol_module_open(opened, &symbolizer->pool, symbolizer->debug_directory);
	return opened;
}

/* A function has one name wherever it is loaded and whichever of its instructions was hit; what has
 * no name is told apart by its place in the file. Lines are left out on purpose: a loop that reads
 * the same stale object at two lines is one finding. */
static uint64_t fingerprint(const struct symbol *symbol)
{
	uint64_t hash = HASH_SEED;
	for (size_t i = 0; i < symbol->place_count; i++)
		hash = hash_span(hash, span_from(symbol->places[i].function));
	if (symbol->place_count > 0)
		return hash;
	if (symbol->module == NULL)
		return hash_number(hash, symbol->address);
	return hash_number(hash_span(hash, symbol->module->path), symbol->offset);
}

static struct symbol *resolve(struct symbolizer *symbolizer, const struct module_set *modules, uint64_t address,
                              bool is_return)
{
	struct symbol *symbol = pool_allocate(&symbolizer->pool, sizeof *symbol);
	uint64_t look_up = is_return && address > 0 ? address - 1 : address;
	const struct module *module = module_find(modules, look_up);
	symbol->address = address;
	if (module == NULL) {
		symbol->why = modules == NULL ? "no module list was recorded"
		                              : "in no module: machine code of a JIT, or an address that was not one";
	} else {
		struct symbol_module *opened = find_module(symbolizer, module);
		symbol->module = &opened->module;
		symbol->offset = address - module->base;
		symbol_module_resolve(opened, &symbolizer->pool, look_up, symbol);
	}
	symbol->fingerprint = fingerprint(symbol);
	return symbol;
}

const struct symbol *symbolizer_look_up(struct symbolizer *symbolizer, const struct module_set *modules,
                                        uint64_t address, bool is_return)
{
	const struct module *module = module_find(modules, is_return && address > 0 ? address - 1 : address);
	uint64_t key = hash_number(HASH_SEED, address);
	key = hash_number(key, is_return);
	if (module != NULL)
		key = hash_number(hash_span(hash_span(key, module->path), module->build_id), module->base);
	else
		key = hash_number(key, modules == NULL);
	void **place = table_place(&symbolizer->symbols, key);
	if (*place == NULL) {
		/* resolve() does not touch this table, so the place stays valid. */
		*place = resolve(symbolizer, modules, address, is_return);
	}
	return *place;
}

size_t symbolizer_sources(const struct symbolizer *symbolizer, struct pool *pool, struct symbol_source **sources)
{
	*sources = pool_allocate(pool, symbolizer->opened_count * sizeof **sources);
	for (size_t i = 0; i < symbolizer->opened_count; i++) {
		const struct symbol_module *opened = symbolizer->opened[i];
		(*sources)[i] = (struct symbol_source){
		    .module = &opened->module,
		    .file = opened->file,
		    .debug = symbol_module_debug_file(opened),
		    .problem = opened->problem,
		};
	}
	return symbolizer->opened_count;
}
