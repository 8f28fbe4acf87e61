#include "symbol_module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 4096 };

static const char *print_to_pool(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));
static const char *print_to_pool(struct pool *pool, const char *format, ...)
{
	char text[2 * PATH_ROOM];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return pool_string(pool, text);
}

static const char *hex(struct pool *pool, const unsigned char *bytes, size_t length)
{
	char *text = pool_allocate(pool, 2 * length + 1);
	for (size_t i = 0; i < length; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return text;
}

/* A path out of a record may be anything: a FIFO must not block us, a device must not be read. */
static int open_regular(const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file < 0)
		return -1;
	struct stat status;
	if (fstat(file, &status) == 0 && S_ISREG(status.st_mode))
		return file;
	close(file);
	errno = EINVAL;
	return -1;
}

static Dwfl *begin_dwfl(const char *debug_directory)
{
	/* libdw keeps the address of the string, and of the callbacks. */
	static char *search_path;
	static const Dwfl_Callbacks callbacks = {
	    .find_debuginfo = dwfl_standard_find_debuginfo,
	    .section_address = dwfl_offline_section_address,
	    .debuginfo_path = &search_path,
	};
	if (search_path == NULL) {
		size_t room = PATH_ROOM + strlen(debug_directory == NULL ? "" : debug_directory);
		search_path = memory_allocate(room);
		snprintf(search_path, room, ":.debug:/usr/lib/debug%s%s", debug_directory == NULL ? "" : ":",
		         debug_directory == NULL ? "" : debug_directory);
	}
	return dwfl_begin(&callbacks);
}

/* Compares what was recorded with what the file says; NULL: the file is the right one. */
static const char *check_build_id(struct symbol_module *module, struct pool *pool, const char *path)
{
	const unsigned char *found;
	GElf_Addr address;
	struct span recorded = module->module.build_id;
	if (recorded.bytes == NULL || recorded.length == 0)
		return NULL;
	int length = dwfl_module_build_id(module->dwfl_module, &found, &address);
	if (length <= 0)
		return print_to_pool(pool, "%s has no build id, the module that ran had one", path);
	if ((size_t)length == recorded.length && memcmp(found, recorded.bytes, recorded.length) == 0)
		return NULL;
	return print_to_pool(pool, "%s is not the file that ran: build id %s, recorded %s", path,
	                     hex(pool, found, (size_t)length),
	                     hex(pool, (const unsigned char *)recorded.bytes, recorded.length));
}

static bool open_candidate(struct symbol_module *module, struct pool *pool, const char *path,
                           const char *debug_directory)
{
	int file = open_regular(path);
	if (file < 0) {
		if (module->problem == NULL)
			module->problem = print_to_pool(pool, "%s: %s", path, errno == EINVAL ? "not a file" : strerror(errno));
		return false;
	}
	module->dwfl = begin_dwfl(debug_directory);
	if (module->dwfl != NULL) {
		dwfl_report_begin(module->dwfl);
		/* true: the base is added to the addresses in the file, as the recorded one is meant. */
		module->dwfl_module = dwfl_report_elf(module->dwfl, path, path, file, module->module.base, true);
		dwfl_report_end(module->dwfl, NULL, NULL);
	}
	const char *problem = NULL;
	if (module->dwfl_module == NULL) {
		close(file);
		problem = print_to_pool(pool, "%s cannot be read as ELF: %s", path, dwfl_errmsg(-1));
	} else {
		problem = check_build_id(module, pool, path);
	}
	if (problem == NULL) {
		module->file = pool_string(pool, path);
		module->problem = NULL;
		return true;
	}
	symbol_module_close(module);
	module->problem = problem;
	return false;
}

/* The file is gone or another one (a deploy, another machine): debug files are kept by build id. */
static bool open_by_build_id(struct symbol_module *module, struct pool *pool, const char *directory,
                             const char *debug_directory)
{
	struct span id = module->module.build_id;
	if (directory == NULL || id.bytes == NULL || id.length < 2 || id.length > 64)
		return false;
	const char *text = hex(pool, (const unsigned char *)id.bytes, id.length);
	const char *problem = module->problem;
	static const char *const suffixes[] = {"", ".debug"};
	for (size_t i = 0; i < 2; i++) {
		const char *path = print_to_pool(pool, "%s/.build-id/%.2s/%s%s", directory, text, text + 2, suffixes[i]);
		if (access(path, R_OK) == 0 && open_candidate(module, pool, path, debug_directory))
			return true;
	}
	module->problem = problem;
	return false;
}

void symbol_module_open(struct symbol_module *module, struct pool *pool, const char *debug_directory)
{
	struct span path = module->module.path;
	if (path.length == 0) {
		module->problem = "the kernel's vdso has no file";
		return;
	}
	if (path.length >= PATH_ROOM || memchr(path.bytes, '\0', path.length) != NULL) {
		module->problem = "the recorded path is not one";
		return;
	}
	char *terminated = pool_allocate(pool, path.length + 1);
	memcpy(terminated, path.bytes, path.length);
	if (open_candidate(module, pool, terminated, debug_directory))
		return;
	if (!open_by_build_id(module, pool, debug_directory, debug_directory))
		open_by_build_id(module, pool, "/usr/lib/debug", debug_directory);
}

const char *symbol_module_debug_file(const struct symbol_module *module)
{
	const char *main_file = NULL, *debug_file = NULL;
	if (module->dwfl_module != NULL)
		dwfl_module_info(module->dwfl_module, NULL, NULL, NULL, NULL, NULL, &main_file, &debug_file);
	return debug_file;
}
