/* Structures of C by name, in debug information. */
#ifndef OPSAN_LAYOUT_TYPES_H
#define OPSAN_LAYOUT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdw.h>

struct layout_type {
	const char *name; /* of a typedef or of a struct */
	bool found;
	Dwarf_Die die; /* the structure or union with its members; valid while its file is open */
};

/* Fills in those types that are defined in the file and were not found before. */
void layout_types_find(Dwarf *dwarf, struct layout_type *types, size_t count);

/* Offset of a member such as "script.filename", looking into anonymous structs and unions. */
bool layout_member_offset(Dwarf_Die *type, const char *path, uint64_t *offset);
bool layout_type_size(Dwarf_Die *type, uint64_t *size);

#endif
