/* The functions that opsan's interposed ones stand in front of. Resolved before main; the ones of
 * PHP are NULL in a process without PHP, or where PHP is linked in statically. */
#ifndef OPSAN_REAL_H
#define OPSAN_REAL_H

#include <link.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

void real_resolve(void);

extern int (*real_dl_iterate_phdr)(int (*)(struct dl_phdr_info *, size_t, void *), void *);
extern void *(*real_dlopen)(const char *, int);
extern int (*real_dlclose)(void *);
extern int (*real_sigaction)(int, const struct sigaction *, struct sigaction *);
extern int (*real_fcntl)(int, int, ...);

extern int (*real_php_module_startup)(void *, void *);
extern int (*real_php_request_startup)(void);
extern void (*real_php_request_shutdown)(void *);
extern void (*real_zend_map_ptr_reset)(void);
extern void (*real_zend_alloc_ce_cache)(void *);

/* PHP's own functions and variables that opsan uses; NULL without PHP. */
extern void *(*php_storage)(void);                                 /* tsrm_get_ls_cache */
extern void (*php_extend_slots)(size_t);                           /* zend_map_ptr_extend */
extern char *(*php_ini_string)(const char *, size_t, int);         /* zend_ini_string */
extern void *(*php_find_function)(const char *, size_t);           /* zend_fetch_function_str */
extern void *(*php_hash_find)(const void *, const char *, size_t); /* zend_hash_str_find */
extern const size_t *php_executor_offset;                          /* executor_globals_offset */
extern const size_t *php_sapi_offset;                              /* sapi_globals_offset */
extern char *php_sapi_module;                                      /* sapi_module */

#endif
