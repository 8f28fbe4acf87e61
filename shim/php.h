/* PHP's own state: requests, PHP stacks, settings. What other threads own is read as it can be:
 * copied with checks, never dereferenced. */
#ifndef OPSAN_PHP_H
#define OPSAN_PHP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"
#include "record.h"
#include "thread.h"

/* Once OPcache's version is known, from then on the functions below work. */
void php_use_layout(const struct layout *l);
bool php_known(void);

/* Writes method, URI and PHP stack of the thread's request into the group at hand. At most
 * `frames_max` frames. Any thread, any handler. */
void php_write_request(struct record *r, const struct thread *t, size_t frames_max);
/* The text of a zend_string, cut; returns its bytes, 0 if it cannot be read. Any thread, any handler. */
size_t php_string(uintptr_t string, char *to, size_t bytes);

/* Calls `visit` for each opcache.* setting. Not in a handler; on a thread of PHP's. */
void php_settings(void (*visit)(const char *name, const char *value, void *), void *argument);

/* The setting as a number, 0 if it is none. Not in a handler; on a thread of PHP's. */
uint64_t php_setting_number(const char *name);
/* Whether the setting has a value. Not in a handler; on a thread of PHP's. */
bool php_setting_is_set(const char *name);

/* Puts `wrapper` in front of sapi_module.ub_write; returns the one that was there, or NULL if there
 * is none or ours is there already. Not in a handler. */
typedef size_t php_write_function(const char *, size_t);
php_write_function *php_wrap_write(php_write_function *wrapper);
/* Puts `wrapper` in front of a PHP function such as opcache_reset(); returns the one that was there, or
 * NULL if there is none or ours is there already. */
typedef void php_handler(void *execute_data, void *return_value);
php_handler *php_wrap_function(const char *name, php_handler *wrapper);
/* The element of an array (a zval) by its key, as a zval; NULL if it is no array or has no such key. */
void *php_array_element(const void *array, const char *key);
/* The number in a zval, to be changed in place; NULL if it is none. */
int64_t *php_number(void *value);

#endif
