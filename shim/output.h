/* What the kernel reads out of old generations: it does not fault, it fails with EFAULT. */
#ifndef OPSAN_OUTPUT_H
#define OPSAN_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/* Puts our function in front of sapi_module.ub_write, by which PHP sends a response. Not in a handler. */
void output_wrap(void);
/* After a failed system call: whether it failed because of the argument and is worth repeating.
 * The object that the argument lies in is then accessible, and the access is recorded. */
bool output_repair(const void *argument, size_t bytes);
bool output_repair_path(const char *path);

#endif
