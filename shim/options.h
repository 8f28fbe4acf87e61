/* Options of the library, from OPSAN_OPTIONS=name=value:name=value. */
#ifndef OPSAN_OPTIONS_H
#define OPSAN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTION_FIELD_NUMBER(name) uint64_t name;
#define OPTION_FIELD_BOOL(name) bool name;
#define OPTION_FIELD_TEXT(name) char name[512];
struct options {
#define OPTION(name, type, default_value, text) OPTION_FIELD_##type(name)
#include "options.def"
#undef OPTION
};

/* Read-only after options_read, which runs once, before main. */
extern struct options options;

/* Reads OPSAN_OPTIONS; what it does not understand is named on stderr and left out. */
void options_read(void);
/* The options in force as name=value:…, cut at `bytes`. Returns `to`. */
char *options_write(char *to, size_t bytes);

#endif
