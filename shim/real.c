#include "real.h"

#include <dlfcn.h>
#include <string.h>

#define FUNCTIONS(X) \
	X(real_dl_iterate_phdr, RTLD_NEXT, "dl_iterate_phdr") \
	X(real_dlopen, RTLD_NEXT, "dlopen") \
	X(real_dlclose, RTLD_NEXT, "dlclose") \
	X(real_sigaction, RTLD_NEXT, "sigaction") \
	X(real_fcntl, RTLD_NEXT, "fcntl") \
	X(real_php_module_startup, RTLD_NEXT, "php_module_startup") \
	X(real_php_request_startup, RTLD_NEXT, "php_request_startup") \
	X(real_php_request_shutdown, RTLD_NEXT, "php_request_shutdown") \
	X(real_zend_map_ptr_reset, RTLD_NEXT, "zend_map_ptr_reset") \
	X(real_zend_alloc_ce_cache, RTLD_NEXT, "zend_alloc_ce_cache") \
	X(php_storage, RTLD_DEFAULT, "tsrm_get_ls_cache") \
	X(php_extend_slots, RTLD_DEFAULT, "zend_map_ptr_extend") \
	X(php_ini_string, RTLD_DEFAULT, "zend_ini_string") \
	X(php_hash_find, RTLD_DEFAULT, "zend_hash_str_find") \
	X(php_find_function, RTLD_DEFAULT, "zend_fetch_function_str")

int (*real_dl_iterate_phdr)(int (*)(struct dl_phdr_info *, size_t, void *), void *);
void *(*real_dlopen)(const char *, int);
int (*real_dlclose)(void *);
int (*real_sigaction)(int, const struct sigaction *, struct sigaction *);
int (*real_fcntl)(int, int, ...);
int (*real_php_module_startup)(void *, void *);
int (*real_php_request_startup)(void);
void (*real_php_request_shutdown)(void *);
void (*real_zend_map_ptr_reset)(void);
void (*real_zend_alloc_ce_cache)(void *);
void *(*php_storage)(void);
void (*php_extend_slots)(size_t);
char *(*php_ini_string)(const char *, size_t, int);
void *(*php_find_function)(const char *, size_t);
void *(*php_hash_find)(const void *, const char *, size_t);
const size_t *php_executor_offset;
const size_t *php_sapi_offset;
char *php_sapi_module;

/* ISO C has no conversion from dlsym's pointer to a function's; POSIX says that the bytes are it. */
static void resolve(void *function, void *handle, const char *name)
{
	void *symbol = dlsym(handle, name);

	if (symbol) {
		memcpy(function, &symbol, sizeof symbol);
	}
}

void real_resolve(void)
{
#define RESOLVE(variable, handle, name) resolve((void *)&(variable), handle, name);
	FUNCTIONS(RESOLVE)
#undef RESOLVE
	php_executor_offset = dlsym(RTLD_DEFAULT, "executor_globals_offset");
	php_sapi_offset = dlsym(RTLD_DEFAULT, "sapi_globals_offset");
	php_sapi_module = dlsym(RTLD_DEFAULT, "sapi_module");
}
