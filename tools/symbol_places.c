/* Functions, inlined functions and lines of one module. libdw's own look-up of scopes walks all of
 * a compilation unit each time, which takes long in PHP's executor (one unit, 100,000 entries), and
 * its look-up of units needs .debug_aranges, which clang and Go leave out. So there is an index. */
#include "symbol_module.h"

#include <dwarf.h>
#include <stdlib.h>

struct code_range {
	Dwarf_Addr low, high;
	Dwarf_Off die; /* of the unit or of the function */
};

struct ranges {
	struct code_range *items;
	size_t count, room;
};

struct symbol_unit {
	Dwarf_Off die;
	struct ranges functions;
	struct symbol_unit *next;
};

struct symbol_units {
	struct ranges ranges;
	struct symbol_unit *opened; /* those whose functions are indexed */
};

static int compare_ranges(const void *left, const void *right)
{
	const struct code_range *a = left, *b = right;
	return a->low < b->low ? -1 : a->low > b->low;
}

static void add_ranges(struct ranges *ranges, Dwarf_Die *die)
{
	Dwarf_Addr base, low, high;
	for (ptrdiff_t at = 0; (at = dwarf_ranges(die, at, &base, &low, &high)) > 0;) {
		/* Functions that the linker dropped are left at address 0. */
		if (low == 0 || low >= high)
			continue;
		ranges->items = memory_grow(ranges->items, &ranges->room, ranges->count + 1, sizeof *ranges->items);
		ranges->items[ranges->count++] = (struct code_range){low, high, dwarf_dieoffset(die)};
	}
}

static const struct code_range *find_range(const struct ranges *ranges, Dwarf_Addr address)
{
	size_t low = 0, high = ranges->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ranges->items[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address >= ranges->items[low - 1].high)
		return NULL;
	return &ranges->items[low - 1];
}

static struct symbol_units *index_units(Dwarf *dwarf)
{
	struct symbol_units *units = memory_allocate(sizeof *units);
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;
	while (dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die, NULL) == 0)
		add_ranges(&units->ranges, &die);
	qsort(units->ranges.items, units->ranges.count, sizeof *units->ranges.items, compare_ranges);
	return units;
}

static int add_function(Dwarf_Die *function, void *ranges)
{
	add_ranges(ranges, function);
	return DWARF_CB_OK;
}

static const struct ranges *index_functions(struct symbol_units *units, Dwarf_Die *unit_die)
{
	Dwarf_Off offset = dwarf_dieoffset(unit_die);
	for (struct symbol_unit *unit = units->opened; unit != NULL; unit = unit->next)
		if (unit->die == offset)
			return &unit->functions;
	struct symbol_unit *unit = memory_allocate(sizeof *unit);
	unit->die = offset;
	dwarf_getfuncs(unit_die, add_function, &unit->functions, 0);
	qsort(unit->functions.items, unit->functions.count, sizeof *unit->functions.items, compare_ranges);
	unit->next = units->opened;
	units->opened = unit;
	return &unit->functions;
}

static bool is_container(int tag)
{
	return tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block || tag == DW_TAG_GNU_call_site ||
	       tag == DW_TAG_call_site;
}

/* The child of a scope that holds the address. */
static bool find_child(Dwarf_Die *scope, Dwarf_Addr address, Dwarf_Die *child)
{
	if (dwarf_child(scope, child) != 0)
		return false;
	do {
		if (is_container(dwarf_tag(child)) && dwarf_haspc(child, address) == 1)
			return true;
	} while (dwarf_siblingof(child, child) == 0);
	return false;
}

static Dwarf_Word number_attribute(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value = 0;
	if (dwarf_formudata(dwarf_attr(die, name, &attribute), &value) != 0)
		return 0;
	return value;
}

/* The place from which an inlined function was called. */
static struct symbol_place call_place(struct pool *pool, Dwarf_Die *unit, Dwarf_Die *inlined)
{
	struct symbol_place place = {0};
	Dwarf_Files *files;
	size_t count;
	Dwarf_Word file = number_attribute(inlined, DW_AT_call_file);
	if (dwarf_getsrcfiles(unit, &files, &count) == 0 && file < count)
		place.file = pool_string(pool, dwarf_filesrc(files, (size_t)file, NULL, NULL));
	place.line = (int)number_attribute(inlined, DW_AT_call_line);
	return place;
}

static const char *die_name(struct pool *pool, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));
	if (name == NULL)
		name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));
	return pool_string(pool, name);
}

enum { PLACES_MAX = 64 }; /* inlined into each other; deeper is damage */

/* From the function inwards: the line table knows where the innermost place is, each inlined
 * function where the place around it is. */
static void add_places(struct pool *pool, Dwarf_Die *unit, Dwarf_Die scope, Dwarf_Addr address, struct symbol *symbol)
{
	struct symbol_place places[PLACES_MAX];
	size_t count = 0;
	Dwarf_Die child;
	places[count++] = (struct symbol_place){.function = die_name(pool, &scope)};
	for (int depth = 0; depth < 4 * PLACES_MAX && find_child(&scope, address, &child); depth++, scope = child) {
		if (dwarf_tag(&child) != DW_TAG_inlined_subroutine || count == PLACES_MAX)
			continue;
		struct symbol_place around = call_place(pool, unit, &child);
		places[count - 1].file = around.file;
		places[count - 1].line = around.line;
		places[count++] = (struct symbol_place){.function = die_name(pool, &child), .inlined = true};
	}
	Dwarf_Line *line = dwarf_getsrc_die(unit, address);
	if (line != NULL) {
		places[count - 1].file = pool_string(pool, dwarf_linesrc(line, NULL, NULL));
		dwarf_lineno(line, &places[count - 1].line);
	}
	symbol->places = pool_allocate(pool, count * sizeof *symbol->places);
	symbol->place_count = count;
	for (size_t i = 0; i < count; i++)
		symbol->places[i] = places[count - 1 - i];
}

/* Name and line out of debug information. False: there is none for this address. */
static bool resolve_with_dwarf(struct symbol_module *module, struct pool *pool, uint64_t look_up, struct symbol *symbol)
{
	Dwarf_Addr bias;
	Dwarf *dwarf = dwfl_module_getdwarf(module->dwfl_module, &bias);
	if (dwarf == NULL)
		return false;
	if (module->units == NULL)
		module->units = index_units(dwarf);
	Dwarf_Die unit, function;
	const struct code_range *range = find_range(&module->units->ranges, look_up - bias);
	if (range == NULL || dwarf_offdie(dwarf, range->die, &unit) == NULL)
		return false;
	range = find_range(index_functions(module->units, &unit), look_up - bias);
	if (range == NULL || dwarf_offdie(dwarf, range->die, &function) == NULL)
		return false;
	add_places(pool, &unit, function, look_up - bias, symbol);
	return true;
}

/* The symbol table's name. */
static const char *table_name(struct symbol_module *module, struct pool *pool, uint64_t look_up)
{
	GElf_Off offset;
	GElf_Sym entry;
	const char *name = dwfl_module_addrinfo(module->dwfl_module, look_up, &offset, &entry, NULL, NULL, NULL);
	/* The nearest symbol before the address is no name for it if the symbol ends before. */
	if (name == NULL || *name == '\0' || (entry.st_size != 0 && offset >= entry.st_size))
		return NULL;
	return pool_string(pool, name);
}

void symbol_module_resolve(struct symbol_module *module, struct pool *pool, uint64_t look_up, struct symbol *symbol)
{
	if (module->dwfl == NULL) {
		symbol->why = module->problem;
		return;
	}
	if (resolve_with_dwarf(module, pool, look_up, symbol) && symbol->places[symbol->place_count - 1].function != NULL) {
		for (size_t i = 0; i < symbol->place_count; i++)
			if (symbol->places[i].function == NULL)
				symbol->places[i].function = "(anonymous)";
		return;
	}
	symbol->place_count = 0;
	const char *name = table_name(module, pool, look_up);
	if (name == NULL) {
		symbol->why = "stripped: no symbol covers this address, and no debug information was found";
		return;
	}
	symbol->places = pool_allocate(pool, sizeof *symbol->places);
	symbol->places[0] = (struct symbol_place){.function = name};
	symbol->place_count = 1;
	symbol->why = "no debug information for this address: only its symbol is known";
}

static void free_units(struct symbol_units *units)
{
	if (units == NULL)
		return;
	while (units->opened != NULL) {
		struct symbol_unit *unit = units->opened;
		units->opened = unit->next;
		free(unit->functions.items);
		free(unit);
	}
	free(units->ranges.items);
	free(units);
}

void symbol_module_close(struct symbol_module *module)
{
	free_units(module->units);
	module->units = NULL;
	if (module->dwfl != NULL)
		dwfl_end(module->dwfl);
	module->dwfl = NULL;
	module->dwfl_module = NULL;
}
