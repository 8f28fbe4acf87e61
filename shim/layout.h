/* Where PHP keeps what: one row per version and ABI, as data. The columns are in layout.def, the
 * rows in layout_table.def; both come from debug information (docs/internals.md). */
#ifndef OPSAN_LAYOUT_H
#define OPSAN_LAYOUT_H

#include <stdint.h>

struct layout {
	const char *name; /* shown to people */
	const char *abi;  /* zend_extension build id that it is for */
#define LAYOUT(column, type, member) uint32_t column;
#define LAYOUT_SIZE(column, type) uint32_t column;
#include "layout.def"
#undef LAYOUT
#undef LAYOUT_SIZE
};

/* The row for a zend_extension build id such as "API420240924,TS"; NULL if there is none. */
const struct layout *layout_find(const char *abi);

#endif
