#include "layout.h"

#include "layout_types.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <elfutils/libdwfl.h>

struct layout_column {
	const char *name, *type, *member; /* member NULL: the size of the type */
	bool optional;
};

static const struct layout_column columns[] = {
#define LAYOUT(column, type, member) {#column, type, member, false},
#define LAYOUT_OPTIONAL(column, type, member) {#column, type, member, true},
#define LAYOUT_SIZE(column, type) {#column, type, NULL, false},
#include "../shim/layout.def"
#undef LAYOUT
#undef LAYOUT_OPTIONAL
#undef LAYOUT_SIZE
};

enum { COLUMN_COUNT = sizeof columns / sizeof columns[0], FILES_MAX = 2 };

/* Debug information of the files that were named; separate debug files are found as usual. */
struct layout_files {
	Dwfl *dwfl[FILES_MAX];
	int count;
};

static Dwarf *open_file(struct layout_files *files, const char *path, Dwfl_Module **module)
{
	static char *search_path; /* libdw's default */
	static const Dwfl_Callbacks callbacks = {
	    .find_debuginfo = dwfl_standard_find_debuginfo,
	    .section_address = dwfl_offline_section_address,
	    .debuginfo_path = &search_path,
	};
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0) {
		message_print("%s: cannot be opened: %s; give the path of libphp.so, php or opcache.so", path, strerror(errno));
		return NULL;
	}
	Dwfl *dwfl = dwfl_begin(&callbacks);
	files->dwfl[files->count++] = dwfl;
	dwfl_report_begin(dwfl);
	*module = dwfl_report_elf(dwfl, path, path, file, 0, true);
	dwfl_report_end(dwfl, NULL, NULL);
	if (*module == NULL) {
		close(file);
		message_print("%s: not an ELF file: %s; give the path of libphp.so, php or opcache.so", path, dwfl_errmsg(-1));
		return NULL;
	}
	Dwarf_Addr bias;
	Dwarf *dwarf = dwfl_module_getdwarf(*module, &bias);
	if (dwarf == NULL)
		message_print("%s: has no debug information (%s); build PHP with -g, or install its debug symbols", path,
		              dwfl_errmsg(-1));
	return dwarf;
}

/* Where the row comes from: a table row without it could not be checked later. */
static void print_provenance(const char *path, Dwfl_Module *module)
{
	const unsigned char *id;
	GElf_Addr address;
	const char *slash = strrchr(path, '/');
	int length = dwfl_module_build_id(module, &id, &address);
	printf("/* %s, build id ", slash == NULL ? path : slash + 1);
	for (int i = 0; i < length; i++)
		printf("%02x", id[i]);
	printf("%s */\n", length <= 0 ? "none" : "");
}

static size_t collect_types(struct layout_type *types)
{
	size_t count = 0;
	for (int i = 0; i < COLUMN_COUNT; i++) {
		size_t k = 0;
		/* cppcheck-suppress uninitvar ; the first `count` of them have been set */
		while (k < count && strcmp(types[k].name, columns[i].type) != 0)
			k++;
		if (k == count)
			types[count++] = (struct layout_type){.name = columns[i].type};
	}
	return count;
}

static bool print_column(const struct layout_column *column, struct layout_type *types)
{
	uint64_t value;
	struct layout_type *type = types;
	while (strcmp(type->name, column->type) != 0)
		type++;
	bool known = type->found && (column->member == NULL ? layout_type_size(&type->die, &value)
	                                                    : layout_member_offset(&type->die, column->member, &value));
	if (known)
		printf(".%s = %" PRIu64 ",\n", column->name, value);
	else if (column->optional)
		printf(".%s = LAYOUT_NONE,\n", column->name);
	else if (!type->found)
		message_print("%s: the type %s is in neither file; give opcache.so as the second file, and files that belong "
		              "together",
		              column->name, column->type);
	else
		message_print("%s: %s has no member %s in this PHP; correct shim/layout.def, or make the column optional there",
		              column->name, column->type, column->member == NULL ? "(size)" : column->member);
	return known || column->optional;
}

static int print_row(char **paths, int count, struct layout_files *files)
{
	struct layout_type types[COLUMN_COUNT];
	size_t type_count = collect_types(types);
	for (int i = 0; i < count; i++) {
		Dwfl_Module *module;
		Dwarf *dwarf = open_file(files, paths[i], &module);
		if (dwarf == NULL)
			return STATUS_FAILED;
		print_provenance(paths[i], module);
		layout_types_find(dwarf, types, type_count);
	}
	bool complete = true;
	for (int i = 0; i < COLUMN_COUNT; i++)
		complete &= print_column(&columns[i], types);
	return complete ? STATUS_OK : STATUS_FAILED;
}

int layout_main(int count, char **arguments)
{
	struct layout_files files = {0};
	bool wants_help = count > 1 && (strcmp(arguments[1], "--help") == 0 || strcmp(arguments[1], "-h") == 0);
	if (wants_help) {
		fputs("Usage: opsan layout LIBPHP [OPCACHE]\n"
		      "Prints a row of the layout table (shim/layout.def) from the debug information of a PHP library or\n"
		      "executable and of opcache.so, unless OPcache is part of the first.\n",
		      stdout);
		return STATUS_OK;
	}
	if (count < 2 || count > 1 + FILES_MAX) {
		message_print("layout needs one file or two; use \"opsan layout LIBPHP [OPCACHE]\"");
		return STATUS_USAGE;
	}
	unsetenv("DEBUGINFOD_URLS");
	int status = print_row(arguments + 1, count - 1, &files);
	for (int i = 0; i < files.count; i++)
		dwfl_end(files.dwfl[i]);
	return status;
}
