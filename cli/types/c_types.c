/* SPDX-License-Identifier: MIT */
#include "c_types.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "c_types_own.h"
#include "fnv.h"
#include "list.h"

#define MOST_STEPS   64    /* of typedefs and the like; types in types */
#define MOST_LOOKS   4096u /* at types in one: a damaged one may have itself */
#define MOST_MEMBERS (1u << 16) /* of one type: a file may be damaged */
#define MOST_BITS    (1u << 16) /* of one bit field */

const struct c_type c_types_nothing = { .kind = C_VOID, .name = "void" };

struct c_types *c_types_open(void)
{
	return xcalloc(1, sizeof(struct c_types));
}

void c_types_close(struct c_types *t)
{
	struct c_entry *e, *next;
	struct c_types_file *f, *next_f;

	HASH_ITER (hh, t->entries, e, next) {
		HASH_DEL(t->entries, e);
		free(e->members);
		free(e->name);
		free(e);
	}
	HASH_ITER (hh, t->pointers, e, next) {
		HASH_DEL(t->pointers, e);
		free(e);
	}
	HASH_ITER (hh, t->files, f, next_f) {
		HASH_DEL(t->files, f);
		c_file_close(f->file);
		free(f);
	}
	free(t->restored);
	free(t);
}

static struct c_file *file_of(struct c_types *t, Dwarf *dwarf)
{
	struct c_types_file *f;

	HASH_FIND_PTR(t->files, &dwarf, f);
	if (!f) {
		HASH_MAKE(t->files, key, dwarf, f);
		f->file = c_file_open(dwarf);
	}
	return f->file;
}

static enum c_kind kind_of(Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		return C_POINTER;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
		return C_STRUCT;
	case DW_TAG_union_type:
		return C_UNION;
	case DW_TAG_array_type:
		return C_ARRAY;
	case DW_TAG_subroutine_type:
		return C_FUNCTION;
	case DW_TAG_base_type:
		return c_file_size(die) == 1 ? C_BYTE : C_NUMBER;
	case DW_TAG_enumeration_type:
		return C_NUMBER;
	default:
		return C_VOID;
	}
}

static struct c_entry *entry_of(struct c_entry **table, const void *key)
{
	struct c_entry *e;

	HASH_FIND_PTR(*table, &key, e);
	return e;
}

static struct c_entry *add(struct c_entry **table, const void *key)
{
	struct c_entry *e = xcalloc(1, sizeof(*e));

	e->key = key;
	e->type.entry = e;
	e->type.to = &c_types_nothing;
	HASH_ADD_PTR(*table, key, e);
	return e;
}

static const struct c_type *pointer_to(struct c_types *t,
				       const struct c_type *to)
{
	struct c_entry *e = entry_of(&t->pointers, to);

	if (!e) {
		e = add(&t->pointers, to);
		e->type.kind = C_POINTER;
		e->type.size = sizeof(void *);
		e->type.to = to;
	}
	return &e->type;
}

static const struct c_type *type_at(struct c_types *t, Dwarf *dwarf,
				    Dwarf_Die at, int depth);

/* Elements of an array by one of its dimensions; 0: not known. */
static uint64_t elements_of(Dwarf_Die *dimension)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (dwarf_attr(dimension, DW_AT_count, &attribute))
		return dwarf_formudata(&attribute, &value) ? 0 : value;
	if (!dwarf_attr(dimension, DW_AT_upper_bound, &attribute) ||
	    dwarf_formudata(&attribute, &value) || value == UINT64_MAX)
		return 0;
	return value + 1;
}

/* The first dimension among `die` and what follows it; false: there is none. */
static bool go_to_dimension(Dwarf_Die *die)
{
	while (dwarf_tag(die) != DW_TAG_subrange_type)
		if (dwarf_siblingof(die, die))
			return false;
	return true;
}

/* What an array's elements are if `at`, or what follows it, is another
 * dimension: arrays. */
static const struct c_type *element_at(struct c_types *t, Dwarf *dwarf,
				       Dwarf_Die at,
				       const struct c_type *innermost,
				       int depth)
{
	const struct c_type *to = innermost;
	struct c_entry *e;
	Dwarf_Die next;

	if (depth > MOST_STEPS || !go_to_dimension(&at))
		return innermost;
	e = entry_of(&t->entries, at.addr);
	if (e)
		return &e->type;
	if (!dwarf_siblingof(&at, &next))
		to = element_at(t, dwarf, next, innermost, depth + 1);
	e = add(&t->entries, at.addr);
	e->table = t;
	e->dwarf = dwarf;
	e->die = at;
	e->type.kind = C_ARRAY;
	e->type.to = to;
	e->type.count = elements_of(&at);
	if (__builtin_mul_overflow(e->type.count, to->size, &e->type.size))
		e->type.count = e->type.size = 0;
	return &e->type;
}

static void read_array(struct c_types *t, struct c_entry *e, int depth)
{
	Dwarf_Die inner, first, next;

	if (!c_file_next(&e->die, &inner))
		return;
	e->type.to = type_at(t, e->dwarf, inner, depth + 1);
	if (!dwarf_child(&e->die, &first) && go_to_dimension(&first) &&
	    !dwarf_siblingof(&first, &next))
		e->type.to =
		    element_at(t, e->dwarf, next, e->type.to, depth + 1);
	if (e->type.to->size)
		e->type.count = e->type.size / e->type.to->size;
}

/* `alias`: of a typedef for it; NULL. */
static void read_name(struct c_types *t, struct c_entry *e, const char *alias)
{
	int tag = dwarf_tag(&e->die);

	if (c_file_is_aggregate(tag) || tag == DW_TAG_enumeration_type)
		e->name = c_file_name(file_of(t, e->dwarf), &e->die,
				      &e->type.unnamed);
	else if (dwarf_diename(&e->die))
		e->name = xstrdup(dwarf_diename(&e->die));
	if (alias && (!e->name || e->type.unnamed)) {
		free(e->name);
		e->name = xstrdup(alias);
		e->type.unnamed = false;
	}
	e->type.name = e->name;
}

static const struct c_type *type_at(struct c_types *t, Dwarf *dwarf,
				    Dwarf_Die at, int depth)
{
	Dwarf_Die inner;
	const char *alias = NULL;
	struct c_entry *e;
	int steps = 0;

	while (c_file_is_alias(dwarf_tag(&at))) {
		if (dwarf_tag(&at) == DW_TAG_typedef)
			alias = dwarf_diename(&at);
		if (++steps > MOST_STEPS || !c_file_next(&at, &inner))
			return &c_types_nothing;
		at = inner;
	}
	if (depth > MOST_STEPS)
		return &c_types_nothing;
	if (kind_of(&at) == C_POINTER)
		return pointer_to(t, c_file_next(&at, &inner)
					 ? type_at(t, dwarf, inner, depth + 1)
					 : &c_types_nothing);
	c_file_unite(file_of(t, dwarf), &at);
	e = entry_of(&t->entries, at.addr);
	if (e)
		return &e->type;
	e = add(&t->entries, at.addr);
	e->table = t;
	e->dwarf = dwarf;
	e->die = at;
	e->type.kind = kind_of(&at);
	e->type.size = c_file_size(&at);
	read_name(t, e, alias);
	if (e->type.kind == C_ARRAY)
		read_array(t, e, depth);
	return &e->type;
}

/*
 * Gives restored types their DIEs, so that those that are read now are the same.
 * Until then they are in a table by their addresses in memory.
 */
static void find_dies(struct c_types *t)
{
	Dwarf *dwarf = t->main ? t->main(t->data) : NULL;

	t->main = NULL;
	for (size_t i = 0; dwarf && i < t->restored_count; i++) {
		struct c_entry *e = t->restored[i];

		if (e->type.kind == C_POINTER ||
		    !dwarf_offdie(dwarf, (Dwarf_Off)e->at, &e->die))
			continue;
		HASH_DEL(t->entries, e);
		e->dwarf = dwarf;
		e->key = e->die.addr;
		HASH_ADD_PTR(t->entries, key, e);
	}
}

const struct c_type *c_type_of(struct c_types *t, Dwarf *dwarf, Dwarf_Die *die)
{
	Dwarf_Die type;

	if (t->main)
		find_dies(t);

	return c_file_next(die, &type) ? type_at(t, dwarf, type, 0)
				       : &c_types_nothing;
}

const struct c_type *c_type_called(struct c_types *t, Dwarf *dwarf,
				   const char *name)
{
	Dwarf_Die die;

	if (t->main)
		find_dies(t);
	return c_file_named(file_of(t, dwarf), name, &die)
		   ? type_at(t, dwarf, die, 0)
		   : NULL;
}

const struct c_type *c_type_at(struct c_types *t, Dwarf *dwarf, Dwarf_Die *die)
{
	if (t->main)
		find_dies(t);
	return type_at(t, dwarf, *die, 0);
}

const struct c_type *c_type_void(void)
{
	return &c_types_nothing;
}

const struct c_type *c_type_pointer(struct c_types *t, const struct c_type *to)
{
	return pointer_to(t, to);
}

/* The value of a number among `die`'s attributes; false: it is none. */
static bool number_of(Dwarf_Die *die, unsigned name, Dwarf_Word *value)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, name, &attribute) &&
	       !dwarf_formudata(&attribute, value);
}

/* The first bit of a bit field, from the start of the structure. Until DWARF 4
 * they are counted from the upper end of the storage around it. */
static bool first_bit(Dwarf_Die *die, const struct c_member *m, uint64_t *bit)
{
	Dwarf_Attribute attribute;
	Dwarf_Sword from_upper;
	Dwarf_Word storage = m->type->size;

	if (dwarf_hasattr(die, DW_AT_data_bit_offset))
		return number_of(die, DW_AT_data_bit_offset, bit);
	*bit = m->offset * 8;
	if (!dwarf_attr(die, DW_AT_bit_offset, &attribute))
		return true;
	if (dwarf_formsdata(&attribute, &from_upper))
		return false;
	if (dwarf_hasattr(die, DW_AT_byte_size) &&
	    !number_of(die, DW_AT_byte_size, &storage))
		return false;
	*bit += storage * 8 - (uint64_t)from_upper - m->bits;
	return true;
}

/* Where a member stands; false: it is not known, or it is static. */
static bool read_place(Dwarf_Die *die, bool is_union, struct c_member *m)
{
	bool is_field = dwarf_hasattr(die, DW_AT_bit_size);
	uint64_t bit;
	Dwarf_Word value = 0;

	if (dwarf_hasattr(die, DW_AT_data_member_location)) {
		if (!number_of(die, DW_AT_data_member_location, &value))
			return false; /* an expression: a virtual base */
	} else if (!is_union && !dwarf_hasattr(die, DW_AT_data_bit_offset)) {
		return false;
	}
	m->offset = value;
	if (!is_field)
		return !dwarf_hasattr(die, DW_AT_data_bit_offset);
	if (!number_of(die, DW_AT_bit_size, &value) || !value ||
	    value > MOST_BITS)
		return false;
	m->bits = (uint32_t)value;
	if (!first_bit(die, m, &bit))
		return false;
	m->offset = bit / 8;
	m->bit = (uint8_t)(bit % 8);
	return true;
}

/* The type that is argument 0 of a template; `void`: none is. */
static const struct c_type *argument_of(struct c_entry *e)
{
	Dwarf_Die child;

	if (dwarf_child(&e->die, &child))
		return &c_types_nothing;
	while (dwarf_tag(&child) != DW_TAG_template_type_parameter)
		if (dwarf_siblingof(&child, &child))
			return &c_types_nothing;
	return c_type_of(e->table, e->dwarf, &child);
}

/*
 * Libraries of C++ have bytes where an object is made later, in the nodes of
 * containers and behind the counts of a std::shared_ptr: the argument of the
 * template tells what stands there, and no name is in between.
 */
static bool is_called(const struct c_entry *e, const char *template)
{
	return e->name && !strncmp(e->name, template, strlen(template));
}

static bool is_room(const struct c_entry *e)
{
	return is_called(e, "__gnu_cxx::__aligned_buffer<") ||
	       is_called(e, "__gnu_cxx::__aligned_membuf<");
}

/* The allocator stands before the object, unless it is empty. */
static bool is_room_in(const struct c_entry *e, const char *member)
{
	return member && !strcmp(member, "__storage_") &&
	       is_called(e, "std::__1::__shared_ptr_emplace<") &&
	       strstr(e->name, ", std::__1::allocator<");
}

static void put_in_room(struct c_entry *e, struct c_member *m)
{
	const struct c_type *type = argument_of(e);

	if (!type->size || type->size > m->type->size)
		return;
	m->name = NULL;
	m->type = type;
}

/*
 * Of Rust's enums: if one alternative only has members, as of an Option, these are
 * there or not; what several have in one place is not known.
 */
static void read_variants(struct c_entry *e, Dwarf_Die *part)
{
	struct c_member found = { 0 };
	Dwarf_Die variant, child;
	int several = 0;

	if (dwarf_child(part, &variant))
		return;
	do {
		struct c_member m = { 0 };
		size_t count;

		if (dwarf_tag(&variant) != DW_TAG_variant ||
		    dwarf_child(&variant, &child) ||
		    !c_file_go_to_member(&child))
			continue;
		m.type = c_type_of(e->table, e->dwarf, &child);
		if (!read_place(&child, false, &m))
			continue;
		m.name = dwarf_diename(&child);
		c_members(m.type, &count);
		if (!count)
			continue;
		found = m;
		several++;
	} while (!dwarf_siblingof(&variant, &variant));
	if (several == 1)
		*LIST_ADD(e->members, e->member_count) = found;
	e->hidden |= several > 1;
}

static void read_members(struct c_entry *e)
{
	bool is_union = e->type.kind == C_UNION;
	Dwarf_Die child;

	if (dwarf_child(&e->die, &child))
		return;
	do {
		int tag = dwarf_tag(&child);
		struct c_member m = { .base = tag == DW_TAG_inheritance };

		if (tag == DW_TAG_variant_part)
			read_variants(e, &child);
		if (tag != DW_TAG_member && !m.base)
			continue;
		m.type = c_type_of(e->table, e->dwarf, &child);
		if (!read_place(&child, is_union, &m)) {
			e->hidden |= !dwarf_hasattr(&child, DW_AT_external);
			continue;
		}
		m.name = dwarf_diename(&child);
		if ((is_room(e) && !m.base) || is_room_in(e, m.name))
			put_in_room(e, &m);
		e->hidden |= !m.type->size && m.type->kind != C_ARRAY;
		*LIST_ADD(e->members, e->member_count) = m;
	} while (e->member_count < MOST_MEMBERS &&
		 !dwarf_siblingof(&child, &child));
}

const struct c_member *c_members(const struct c_type *type, size_t *count)
{
	struct c_entry *e = type->entry;

	*count = 0;
	if (type->kind != C_STRUCT && type->kind != C_UNION)
		return NULL;
	if (!e->members_known) {
		e->members_known = true;
		if (e->table->main)
			find_dies(e->table);
		if (e->dwarf)
			read_members(e);
	}
	*count = e->member_count;
	return e->members;
}

uint64_t c_member_size(const struct c_member *m)
{
	return m->bits ? (m->bit + m->bits + 7ull) / 8 : m->type->size;
}

static const struct c_member *member_named(const struct c_type *type,
					   const char *name, int depth)
{
	size_t count;
	const struct c_member *m = c_members(type, &count), *found = NULL;

	for (size_t i = 0; i < count && !found; i++) {
		if (m[i].name && !strcmp(m[i].name, name))
			return &m[i];
		if ((!m[i].name || m[i].base) && depth < MOST_STEPS)
			found = member_named(m[i].type, name, depth + 1);
	}
	return found;
}

const struct c_member *c_member_named(const struct c_type *type,
				      const char *name)
{
	return member_named(type, name, 0);
}

bool c_has_hidden(const struct c_type *type)
{
	size_t count;

	c_members(type, &count);
	return type->entry && type->entry->hidden;
}

bool c_begins_with_named(const struct c_type *type, const char *name)
{
	const struct c_member *m;
	size_t count;

	for (int steps = 0; steps < MOST_STEPS; steps++) {
		if (type->name && !strcmp(type->name, name))
			return true;
		m = c_members(type, &count);
		if (!count || m->offset || m->bits)
			return false;
		type = m->type;
	}
	return false;
}

bool c_is_open(const struct c_type *type)
{
	const struct c_member *m;
	size_t count;

	for (int steps = 0; steps < MOST_STEPS; steps++) {
		m = c_members(type, &count);
		if (!count)
			return false;
		type = m[count - 1].type;
		if (type->kind == C_ARRAY)
			return type->count <= 1;
	}
	return false;
}

/* Of two tables: whether both have the same members in the same places. */
static bool has_same_members(const struct c_type *a, const struct c_type *b)
{
	size_t count, other;
	const struct c_member *x = c_members(a, &count);
	const struct c_member *y = c_members(b, &other);

	if (count != other)
		return false;
	for (size_t i = 0; i < count; i++)
		if (x[i].offset != y[i].offset || !x[i].name != !y[i].name ||
		    (x[i].name && strcmp(x[i].name, y[i].name) != 0))
			return false;
	return true;
}

bool c_is_same(const struct c_type *a, const struct c_type *b)
{
	for (int steps = 0;
	     a->kind == C_POINTER && b->kind == C_POINTER && steps < MOST_STEPS;
	     steps++) {
		a = a->to;
		b = b->to;
	}
	if (a == b)
		return true;
	return a->entry && b->entry && a->entry->table != b->entry->table &&
	       a->kind == b->kind && a->size == b->size && a->name && b->name &&
	       !strcmp(a->name, b->name) &&
	       (!a->unnamed || has_same_members(a, b));
}

uint64_t c_type_key(const struct c_type *type)
{
	uint64_t key = 0;

	for (int steps = 0; type->kind == C_POINTER && steps < MOST_STEPS;
	     steps++) {
		type = type->to;
		key++;
	}
	if (type->name)
		key = fnv_text(key, type->name);
	return key ^ type->size << 8 ^ (uint64_t)type->kind << 4;
}

/* Whether it is a union that may be `type`. */
static bool is_union_of(const struct c_type *it, const struct c_type *type)
{
	size_t count;
	const struct c_member *m =
	    it->kind == C_UNION ? c_members(it, &count) : NULL;

	for (size_t i = 0; m && i < count; i++)
		if (c_is_same(m[i].type, type))
			return true;
	return false;
}

bool c_begins_with(const struct c_type *type, const struct c_type *first)
{
	for (int steps = 0; steps < MOST_STEPS; steps++) {
		const struct c_member *m;
		size_t count;

		if (c_is_same(type, first) || is_union_of(first, type))
			return true;
		m = c_members(type, &count);
		if (type->kind == C_ARRAY)
			type = type->to;
		else if (count && type->kind == C_STRUCT && !m[0].offset &&
			 !m[0].bits)
			type = m[0].type;
		else
			return false;
	}
	return false;
}

static uint64_t alignment(const struct c_type *type, int depth, unsigned *looks)
{
	uint64_t most = 1;
	const struct c_member *m;
	size_t count;

	if (depth > MOST_STEPS || ++*looks > MOST_LOOKS)
		return 1;
	if (type->kind == C_POINTER || type->kind == C_NUMBER)
		return type->size <= 8 && (type->size & (type->size - 1)) == 0
			   ? type->size
			   : 1;
	if (type->kind == C_ARRAY)
		return alignment(type->to, depth + 1, looks);
	m = c_members(type, &count);
	for (size_t i = 0; i < count; i++) {
		uint64_t own = alignment(m[i].type, depth + 1, looks);

		if (!own || m[i].offset % own)
			return 1; /* packed */
		most = own > most ? own : most;
	}
	return (type->size % most) ? 1 : most;
}

uint64_t c_alignment(const struct c_type *type)
{
	unsigned looks = 0;
	uint64_t found = alignment(type, 0, &looks);

	return found ? found : 1;
}

bool c_is_telling(const struct c_type *type)
{
	for (int steps = 0; type->kind == C_ARRAY; type = type->to)
		if (++steps > MOST_STEPS)
			return false;
	switch (type->kind) {
	case C_VOID:
	case C_BYTE:
	case C_FUNCTION:
		return false;
	case C_POINTER:
		return type->to->kind != C_FUNCTION;
	default:
		return true;
	}
}

static const struct c_type *pointer_at(const struct c_type *type,
				       uint64_t offset, int depth,
				       unsigned *looks)
{
	const struct c_member *m;
	size_t count;

	if (depth > MOST_STEPS || ++*looks > MOST_LOOKS)
		return NULL;
	if (type->kind == C_POINTER)
		return offset ? NULL : type;
	if (type->kind == C_ARRAY)
		return type->to->size
			   ? pointer_at(type->to, offset % type->to->size,
					depth + 1, looks)
			   : NULL;
	if (type->kind != C_STRUCT)
		return NULL;
	m = c_members(type, &count);
	for (size_t i = 0; i < count; i++) {
		const struct c_type *found;
		bool open = m[i].type->kind == C_ARRAY && !m[i].type->size &&
			    i + 1 == count;

		if (offset < m[i].offset ||
		    (!open && offset - m[i].offset >= c_member_size(&m[i])))
			continue;
		found = pointer_at(m[i].type, offset - m[i].offset, depth + 1,
				   looks);
		if (found)
			return found;
	}
	return NULL;
}

const struct c_type *c_pointer_at(const struct c_type *type, uint64_t offset)
{
	unsigned looks = 0;

	return pointer_at(type, offset, 0, &looks);
}

static char *text_of(const struct c_type *type, int depth);

/* "int[2][3]"; `dimensions` stands before those of the type. */
static char *array_text(const struct c_type *type, char *dimensions, int depth)
{
	char *inner, *text;

	for (; type->kind == C_ARRAY && depth <= MOST_STEPS; depth++) {
		inner = dimensions;
		dimensions = type->count
				 ? xasprintf("%s[%llu]", inner,
					     (unsigned long long)type->count)
				 : xasprintf("%s[]", inner);
		free(inner);
		type = type->to;
	}
	inner = text_of(type, depth);
	text = xasprintf("%s%s", inner, dimensions);
	free(inner);
	free(dimensions);
	return text;
}

static char *text_of(const struct c_type *type, int depth)
{
	char *inner, *text;

	if (depth > MOST_STEPS)
		return xstrdup("...");
	switch (type->kind) {
	case C_POINTER:
		inner = text_of(type->to, depth + 1);
		text = xasprintf("%s%s*", inner,
				 type->to->kind == C_POINTER ? "" : " ");
		free(inner);
		return text;
	case C_ARRAY:
		return array_text(type, xstrdup(""), depth);
	case C_FUNCTION:
		return xstrdup("function");
	default:
		return xstrdup(type->name ? type->name : "void");
	}
}

char *c_type_text(const struct c_type *type)
{
	return text_of(type, 0);
}

char *c_type_array_text(const struct c_type *type, uint64_t count)
{
	char *first = count ? xasprintf("[%llu]", (unsigned long long)count)
			    : xstrdup("[]");

	return array_text(type, first, 0);
}
