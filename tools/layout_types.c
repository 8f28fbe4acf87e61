#include "layout_types.h"

#include <dwarf.h>
#include <string.h>

/* Through typedefs and qualifiers to what has members. */
static bool peel(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;
	Dwarf_Die peeled;
	if (dwarf_tag(die) == DW_TAG_structure_type || dwarf_tag(die) == DW_TAG_union_type)
		peeled = *die;
	else if (dwarf_formref_die(dwarf_attr(die, DW_AT_type, &attribute), &peeled) == NULL ||
	         dwarf_peel_type(&peeled, &peeled) != 0)
		return false;
	int tag = dwarf_tag(&peeled);
	/* A declaration is all that most units know of a type: another unit has its members. */
	if ((tag != DW_TAG_structure_type && tag != DW_TAG_union_type) || dwarf_hasattr(&peeled, DW_AT_declaration))
		return false;
	*type = peeled;
	return true;
}

static bool is_type(int tag)
{
	return tag == DW_TAG_typedef || tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

/* Returns how many types this entry is; one name can be asked for once only. */
static size_t match_type(Dwarf_Die *die, struct layout_type *types, size_t count)
{
	const char *name = is_type(dwarf_tag(die)) ? dwarf_diename(die) : NULL;
	for (size_t i = 0; name != NULL && i < count; i++) {
		if (types[i].found || strcmp(types[i].name, name) != 0)
			continue;
		types[i].found = peel(die, &types[i].die);
		return types[i].found;
	}
	return 0;
}

void layout_types_find(Dwarf *dwarf, struct layout_type *types, size_t count)
{
	size_t missing = 0;
	Dwarf_CU *unit = NULL;
	Dwarf_Die unit_die, die;
	for (size_t i = 0; i < count; i++)
		missing += !types[i].found;
	while (missing > 0 && dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &unit_die, NULL) == 0) {
		if (dwarf_child(&unit_die, &die) != 0)
			continue;
		do
			missing -= match_type(&die, types, count);
		while (missing > 0 && dwarf_siblingof(&die, &die) == 0);
	}
}

static uint64_t member_location(Dwarf_Die *member)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value = 0; /* members of a union have no location */
	dwarf_formudata(dwarf_attr(member, DW_AT_data_member_location, &attribute), &value);
	return value;
}

/* A direct member, or one of an anonymous member; `offset` grows by where it is. */
static bool find_member(Dwarf_Die *type, const char *name, size_t length, Dwarf_Die *found, uint64_t *offset)
{
	Dwarf_Die member, inner;
	if (dwarf_child(type, &member) != 0)
		return false;
	do {
		if (dwarf_tag(&member) != DW_TAG_member)
			continue;
		const char *own = dwarf_diename(&member);
		uint64_t location = *offset + member_location(&member);
		if (own != NULL && strlen(own) == length && memcmp(own, name, length) == 0) {
			*found = member;
			*offset = location;
			return true;
		}
		if (own == NULL && peel(&member, &inner) && find_member(&inner, name, length, found, &location)) {
			*offset = location;
			return true;
		}
	} while (dwarf_siblingof(&member, &member) == 0);
	return false;
}

bool layout_member_offset(Dwarf_Die *type, const char *path, uint64_t *offset)
{
	Dwarf_Die current = *type, member;
	*offset = 0;
	for (;;) {
		size_t length = strcspn(path, ".");
		if (!find_member(&current, path, length, &member, offset))
			return false;
		if (path[length] == '\0')
			return true;
		if (!peel(&member, &current))
			return false;
		path += length + 1;
	}
}

bool layout_type_size(Dwarf_Die *type, uint64_t *size)
{
	int bytes = dwarf_bytesize(type);
	*size = bytes < 0 ? 0 : (uint64_t)bytes;
	return bytes >= 0;
}
