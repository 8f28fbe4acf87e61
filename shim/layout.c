#include "layout.h"

#include <stddef.h>
#include <string.h>

#include "fault.h"

static const struct layout rows[] = {
#include "layout_table.def"
};

const struct layout *layout_find(const char *abi)
{
	for (size_t i = BROKEN("layout") ? sizeof rows / sizeof rows[0] : 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (strcmp(rows[i].abi, abi) == 0) {
			return &rows[i];
		}
	}
	return NULL;
}
