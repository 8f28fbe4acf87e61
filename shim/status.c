#include "status.h"

#include <stdint.h>

#include "fault.h"
#include "generation.h"
#include "opcache.h"
#include "php.h"

static php_handler *opcache_get_status;

/* OPcache counts the buffer from its globals to its end (zend_accelerator_module.c), and the end has
 * moved. How much of it is free is right as it is. */
static void correct(void *status, const struct opcache *o)
{
	void *usage = php_array_element(status, "interned_strings_usage");
	int64_t *size = php_number(php_array_element(usage, "buffer_size"));
	int64_t *used = php_number(php_array_element(usage, "used_memory"));
	int64_t *free = php_number(php_array_element(usage, "free_memory"));

	if (size && used && free && o->strings_total && !BROKEN("status")) {
		*size = (int64_t)o->strings_total;
		*used = (int64_t)o->strings_total - *free;
	}
}

static void on_get_status(void *execute_data, void *return_value)
{
	const struct opcache *o = generation_opcache();

	opcache_get_status(execute_data, return_value);
	if (o) {
		correct(return_value, o);
	}
}

void status_wrap(void)
{
	php_handler *there = php_wrap_function("opcache_get_status", on_get_status);

	if (there) {
		opcache_get_status = there;
	}
}
