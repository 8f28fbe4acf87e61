/* May run in a signal handler, but for what php.h excepts. */
#include "php.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "generation.h"
#include "options.h"
#include "os.h"
#include "real.h"

enum {
	USER_FUNCTION = 2,
	EVAL_CODE = 4, /* ZEND_USER_FUNCTION, ZEND_EVAL_CODE (Zend/zend_compile.h) */
	INTERNAL_FUNCTION = 1,
	TEXT_BYTES = 300,
	URI_BYTES = 512,
};

static const struct layout *layout;

void php_use_layout(const struct layout *l)
{
	layout = l;
}

bool php_known(void)
{
	return layout != NULL;
}

/* --- memory that may be somebody else's --- */

/* A PHP stack is read in many small pieces that lie close together, and each reading is a system call. */
enum { BLOCK = 2048, BLOCKS = 8 };
static __thread struct {
	uintptr_t start; /* 0: empty */
	char bytes[BLOCK];
} blocks[BLOCKS];

static void forget_blocks(void)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i].start = 0;
	}
}

static const char *block(uintptr_t start)
{
	size_t i = start / BLOCK % BLOCKS;

	if (blocks[i].start != start) {
		blocks[i].start = os_read_memory(blocks[i].bytes, start, BLOCK) ? start : 0;
	}
	return blocks[i].start ? blocks[i].bytes : NULL;
}

static bool copy_foreign(void *to, uintptr_t from, size_t bytes)
{
	uintptr_t start = from - from % BLOCK;
	const char *b = from - start + bytes <= BLOCK ? block(start) : NULL;

	if (b) {
		memcpy(to, b + (from - start), bytes);
		return true;
	}
	return os_read_memory(to, from, bytes);
}

/* What lies in the segment is read through the shim's view: it may be closed. */
static bool copy(void *to, uintptr_t from, size_t bytes)
{
	const struct opcache *o = generation_opcache();
	const void *view = o ? segment_view(o->segment, from, bytes) : NULL;

	if (view) {
		memcpy(to, view, bytes);
		return true;
	}
	return from >= os_page_size() && copy_foreign(to, from, bytes);
}

static uintptr_t word(uintptr_t from)
{
	uintptr_t value;

	return copy(&value, from, sizeof value) ? value : 0;
}

/* Reads up to `bytes`, as far as a page goes if the rest cannot be read. */
static size_t copy_text(char *to, uintptr_t from, size_t bytes)
{
	size_t in_page = os_page_size() - from % os_page_size();

	if (copy(to, from, bytes)) {
		return bytes;
	}
	return in_page < bytes && copy(to, from, in_page) ? in_page : 0;
}

size_t php_string(uintptr_t string, char *to, size_t bytes)
{
	size_t length = layout && string ? word(string + layout->string_length) : 0;

	return length ? copy_text(to, string + layout->string_text, length < bytes ? length : bytes) : 0;
}

static size_t c_string(uintptr_t from, char *to, size_t bytes)
{
	size_t n = from ? copy_text(to, from, bytes) : 0;

	return n ? strnlen(to, n) : 0;
}

/* --- the PHP stack --- */

static void write_string(struct record *r, enum field_tag tag, uintptr_t string)
{
	char text[TEXT_BYTES];
	size_t n = php_string(string, text, sizeof text);

	/* An anonymous class is called class@anonymous, a zero byte, and where it is. */
	n = n ? strnlen(text, n) : 0;
	if (n) {
		record_text(r, tag, text, n);
	}
}

static uint32_t line_of(uintptr_t frame)
{
	uint32_t line = 0;
	uintptr_t opline = word(frame + layout->frame_opline);

	return opline && copy(&line, opline + layout->op_line, sizeof line) ? line : 0;
}

/* False if what is there is no function. */
static bool write_frame(struct record *r, uintptr_t frame, uintptr_t function)
{
	uint8_t type;
	size_t group;
	uintptr_t scope, name;

	if (!copy(&type, function, sizeof type) ||
	    (type != INTERNAL_FUNCTION && type != USER_FUNCTION && type != EVAL_CODE)) {
		return false;
	}
	group = record_group_begin(r, FIELD_PHP_FRAME);
	name = word(function + layout->function_name);
	scope = word(function + layout->function_scope);
	if (name) {
		write_string(r, FIELD_FUNCTION, name);
	} else {
		record_string(r, FIELD_FUNCTION, "{main}");
	}
	if (scope) {
		write_string(r, FIELD_CLASS, word(scope + layout->class_name));
	}
	if (type != INTERNAL_FUNCTION) {
		write_string(r, FIELD_FILE, word(function + layout->function_path));
		record_number(r, FIELD_LINE, line_of(frame));
	}
	record_group_end(r, group);
	return true;
}

static void write_stack(struct record *r, uintptr_t storage, size_t frames_max)
{
	uintptr_t frame = word(storage + *php_executor_offset + layout->executor_frame);
	size_t steps = 0;

	while (frame && steps < frames_max) {
		uintptr_t function = word(frame + layout->frame_function);
		/* Frames without a function are PHP's own markers. */
		if (function && !write_frame(r, frame, function)) {
			record_number(r, FIELD_PHP_UNREADABLE, 1);
			return;
		}
		frame = word(frame + layout->frame_previous);
		steps++;
	}
	if (frame) {
		record_number(r, FIELD_TRUNCATED, 1);
	}
}

static void write_uri(struct record *r, uintptr_t from)
{
	char text[URI_BYTES];
	size_t n = c_string(from, text, sizeof text);
	const char *query = memchr(text, '?', n);

	if (query && options.redact) {
		n = (size_t)(query - text);
	}
	if (n) {
		record_text(r, FIELD_URI, text, n);
	}
}

void php_write_request(struct record *r, const struct thread *t, size_t frames_max)
{
	uintptr_t storage = atomic_load(&t->storage);
	char method[16];
	uintptr_t sapi;
	size_t n;

	if (!layout || !storage || !php_sapi_offset || !php_executor_offset || atomic_load(&t->state) == THREAD_IDLE) {
		return;
	}
	forget_blocks();
	sapi = storage + *php_sapi_offset;
	n = c_string(word(sapi + layout->sapi_method), method, sizeof method);
	if (n) {
		record_text(r, FIELD_METHOD, method, n);
	}
	write_uri(r, word(sapi + layout->sapi_uri));
	write_stack(r, storage, frames_max);
}

/* --- not in a handler --- */

void php_settings(void (*visit)(const char *name, const char *value, void *), void *argument)
{
	/* Those that a reader needs to judge a record; none of them holds a secret. */
	static const char *const names[] = {
	    "opcache.memory_consumption",
	    "opcache.interned_strings_buffer",
	    "opcache.max_accelerated_files",
	    "opcache.max_wasted_percentage",
	    "opcache.validate_timestamps",
	    "opcache.revalidate_freq",
	    "opcache.file_cache",
	    "opcache.preload",
	    "opcache.protect_memory",
	    "opcache.preferred_memory_model",
	    "opcache.jit",
	    "opcache.jit_buffer_size",
	    "opcache.force_restart_timeout",
	    "opcache.huge_code_pages",
	};

	for (size_t i = 0; php_ini_string && i < sizeof names / sizeof names[0]; i++) {
		const char *value = php_ini_string(names[i], strlen(names[i]), 0);
		if (value) {
			visit(names[i], value, argument);
		}
	}
}

uint64_t php_setting_number(const char *name)
{
	const char *value = php_ini_string ? php_ini_string(name, strlen(name), 0) : NULL;

	return value ? strtoull(value, NULL, 10) : 0;
}

bool php_setting_is_set(const char *name)
{
	const char *value = php_ini_string ? php_ini_string(name, strlen(name), 0) : NULL;

	return value && *value;
}

php_write_function *php_wrap_write(php_write_function *wrapper)
{
	_Atomic uintptr_t *slot;
	uintptr_t there;
	php_write_function *function;

	if (!layout || !php_sapi_module) {
		return NULL;
	}
	slot = (_Atomic uintptr_t *)(void *)(php_sapi_module + layout->sapi_write);
	there = atomic_load(slot);
	if (!there || there == (uintptr_t)wrapper || !atomic_compare_exchange_strong(slot, &there, (uintptr_t)wrapper)) {
		return NULL;
	}
	memcpy(&function, &there, sizeof function);
	return function;
}

php_handler *php_wrap_function(const char *name, php_handler *wrapper)
{
	char *function = php_find_function ? php_find_function(name, strlen(name)) : NULL;
	php_handler **slot, *there;

	if (!layout || !function || *function != INTERNAL_FUNCTION) {
		return NULL;
	}
	slot = (php_handler **)(void *)(function + layout->function_handler);
	there = *slot;
	if (there == wrapper) {
		return NULL;
	}
	*slot = wrapper;
	return there;
}

/* zval (Zend/zend_types.h): 8 bytes of value, then the type. The same in all versions since 7.0. */
enum { ZVAL_LONG = 4, ZVAL_ARRAY = 7, ZVAL_TYPE_OFFSET = 8 };

void *php_array_element(const void *array, const char *key)
{
	const char *value = array;
	void *table;

	if (!php_hash_find || !value || value[ZVAL_TYPE_OFFSET] != ZVAL_ARRAY) {
		return NULL;
	}
	memcpy(&table, value, sizeof table);
	return php_hash_find(table, key, strlen(key));
}

int64_t *php_number(void *value)
{
	char *zval = value;

	return zval && zval[ZVAL_TYPE_OFFSET] == ZVAL_LONG ? value : NULL;
}
