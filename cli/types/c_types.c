/* SPDX-License-Identifier: MIT */
#include "c_types.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "list.h"

#define MOST_STEPS   64    /* of typedefs and the like; types in types */
#define MOST_LOOKS   4096u /* at types in one: a damaged one may have itself */
#define MOST_MEMBERS (1u << 16) /* of one type: a file may be damaged */

struct c_entry {
	struct c_type type;
	const void *key; /* where the DIE lies in memory; of a pointer the type
			    that it points at */
	Dwarf *dwarf;
	Dwarf_Die die; /* complete, and no typedef */
	struct c_types *table;
	char *name; /* type.name, if it is ours to free */
	struct c_member *members;
	size_t member_count;
	bool members_known;
	bool hidden;      /* see c_has_hidden() */
	json_int_t at;    /* restored: the offset of its DIE */
	json_int_t index; /* in the saved table */
	UT_hash_handle hh;
};

/* A type that is defined somewhere in a file, by its whole name. */
struct definition {
	char *name; /* "struct session", "std::string" */
	Dwarf_Die die;
	bool several; /* units differ in what has that name */
	UT_hash_handle hh;
};

/* A type in a namespace or in a class: only a walk down from its unit tells. */
struct scoped {
	const void *key; /* of its DIE */
	char *name;      /* "std::string" */
	UT_hash_handle hh;
};

struct file { /* one Dwarf: the module's, a .dwo, a dwz */
	const Dwarf *key;
	bool c; /* all units that say their language are of C */
	struct definition *definitions;
	struct scoped *scoped;
	UT_hash_handle hh;
};

struct c_types {
	struct c_entry *entries;
	struct c_entry *pointers;
	struct file *files;
	/* Restored types, by number, that have no DIE yet; NULL: there are none. */
	struct c_entry **restored;
	size_t restored_count;
	Dwarf *(*main)(void *data); /* see c_types_restore() */
	void *data;
};

static const struct c_type nothing = { .kind = C_VOID, .name = "void" };

struct c_types *c_types_open(void)
{
	return xcalloc(1, sizeof(struct c_types));
}

static void release_file(struct file *f)
{
	struct definition *d, *next_d;
	struct scoped *s, *next_s;

	HASH_ITER (hh, f->definitions, d, next_d) {
		HASH_DEL(f->definitions, d);
		free(d->name);
		free(d);
	}
	HASH_ITER (hh, f->scoped, s, next_s) {
		HASH_DEL(f->scoped, s);
		free(s->name);
		free(s);
	}
	free(f);
}

void c_types_close(struct c_types *t)
{
	struct c_entry *e, *next;
	struct file *f, *next_f;

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
		release_file(f);
	}
	free(t->restored);
	free(t);
}

static bool is_aggregate(int tag)
{
	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
	       tag == DW_TAG_union_type;
}

static bool is_declared_only(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	bool flag = false;

	return dwarf_attr(die, DW_AT_declaration, &attribute) &&
	       !dwarf_formflag(&attribute, &flag) && flag;
}

/* The type that `die` says it is of; false: none. */
static bool next_type(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_attr_integrate(die, DW_AT_type, &attribute) &&
	       dwarf_formref_die(&attribute, type);
}

static bool is_c(int language)
{
	switch (language) {
	case DW_LANG_C:
	case DW_LANG_C89:
	case DW_LANG_C99:
	case DW_LANG_C11:
		return true;
	default:
		return false;
	}
}

static uint64_t size_of(Dwarf_Die *die)
{
	Dwarf_Word size;

	return dwarf_aggregate_size(die, &size) ? 0 : size;
}

/* "struct session" in C, "ns::session" elsewhere; NULL if it has no name. */
static char *whole_name(Dwarf_Die *die, const char *within, bool c)
{
	const char *name = dwarf_diename(die);
	int tag = dwarf_tag(die);

	if (!name)
		return NULL;
	if (tag == DW_TAG_base_type)
		return xstrdup(name);
	if (!c)
		return xasprintf("%s%s%s", within, *within ? "::" : "", name);
	return xasprintf("%s %s",
			 tag == DW_TAG_union_type         ? "union"
			 : tag == DW_TAG_enumeration_type ? "enum"
							  : "struct",
			 name);
}

/* The first of `die` that is a member, or the next of such; false: none is. */
static bool go_to_member(Dwarf_Die *die)
{
	while (dwarf_tag(die) != DW_TAG_member)
		if (dwarf_siblingof(die, die))
			return false;
	return true;
}

static bool has_same_name(Dwarf_Die *a, Dwarf_Die *b)
{
	const char *x = dwarf_diename(a), *y = dwarf_diename(b);

	return x && y ? !strcmp(x, y) : x == y;
}

/* Whether both have members of the same names. */
static bool has_same_members(Dwarf_Die *a, Dwarf_Die *b)
{
	Dwarf_Die x, y;
	bool more_x = !dwarf_child(a, &x) && go_to_member(&x);
	bool more_y = !dwarf_child(b, &y) && go_to_member(&y);

	while (more_x && more_y && has_same_name(&x, &y)) {
		more_x = !dwarf_siblingof(&x, &x) && go_to_member(&x);
		more_y = !dwarf_siblingof(&y, &y) && go_to_member(&y);
	}
	return !more_x && !more_y;
}

/* Whether two DIEs of one name are of one type, in two units. */
static bool is_twin(Dwarf_Die *a, Dwarf_Die *b)
{
	return dwarf_tag(a) == dwarf_tag(b) && size_of(a) == size_of(b) &&
	       has_same_members(a, b);
}

static void define(struct file *f, const char *name, Dwarf_Die *type)
{
	struct definition *d;

	HASH_FIND_STR(f->definitions, name, d);
	if (d) {
		d->several |= !is_twin(&d->die, type);
		return;
	}
	d = xcalloc(1, sizeof(*d));
	d->name = xstrdup(name);
	d->die = *type;
	HASH_ADD_KEYPTR(hh, f->definitions, d->name, strlen(d->name), d);
}

/* A type without a name has that of the typedef for it. */
static void define_alias(struct file *f, Dwarf_Die *alias)
{
	const char *name = dwarf_diename(alias);
	Dwarf_Die type;

	if (name && next_type(alias, &type) && !dwarf_diename(&type) &&
	    (is_aggregate(dwarf_tag(&type)) ||
	     dwarf_tag(&type) == DW_TAG_enumeration_type) &&
	    !is_declared_only(&type))
		define(f, name, &type);
}

static bool is_listed(int tag)
{
	return is_aggregate(tag) || tag == DW_TAG_namespace ||
	       tag == DW_TAG_base_type || tag == DW_TAG_enumeration_type;
}

static void add_scoped(struct file *f, const Dwarf_Die *type, const char *name)
{
	struct scoped *s = xcalloc(1, sizeof(*s));

	s->key = type->addr;
	s->name = xstrdup(name);
	HASH_ADD_PTR(f->scoped, key, s);
}

static void list_types(struct file *f, Dwarf_Die *parent, const char *within,
		       bool c, int depth)
{
	Dwarf_Die child;

	if (depth > MOST_STEPS || dwarf_child(parent, &child))
		return;
	do {
		int tag = dwarf_tag(&child);
		bool aggregate = is_aggregate(tag);
		char *name;

		if (tag == DW_TAG_typedef)
			define_alias(f, &child);
		if (!is_listed(tag))
			continue;
		if (tag == DW_TAG_namespace && !dwarf_diename(&child)) {
			list_types(f, &child, within, c, depth + 1);
			continue;
		}
		name = whole_name(&child, within, c);
		if (!name)
			continue;
		if (tag != DW_TAG_namespace && !is_declared_only(&child))
			define(f, name, &child);
		if (aggregate && !c && *within)
			add_scoped(f, &child, name);
		if (!c)
			list_types(f, &child, name, c, depth + 1);
		free(name);
	} while (!dwarf_siblingof(&child, &child));
}

/* What dwz moved out of several units says no language. */
static bool is_unit_of_c(const struct file *f, Dwarf_Die *unit)
{
	int language = dwarf_srclang(unit);

	return language < 0 ? f->c : is_c(language);
}

static struct file *file_of(struct c_types *t, Dwarf *dwarf)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	struct file *f;

	HASH_FIND_PTR(t->files, &dwarf, f);
	if (f)
		return f;
	f = xcalloc(1, sizeof(*f));
	f->key = dwarf;
	f->c = true;
	while (!dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &unit, NULL)) {
		int language = dwarf_srclang(&unit);

		f->c = f->c && (language < 0 || is_c(language));
	}
	cu = NULL;
	while (!dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &unit, NULL))
		list_types(f, &unit, "", is_unit_of_c(f, &unit), 0);
	HASH_ADD_PTR(t->files, key, f);
	return f;
}

/* The text of its name, for the caller to free; NULL: none. */
static char *name_of(struct c_types *t, Dwarf *dwarf, Dwarf_Die *die)
{
	struct file *f = file_of(t, dwarf);
	struct scoped *s;
	Dwarf_Die unit;

	if (!dwarf_diecu(die, &unit, NULL, NULL))
		return NULL;
	if (is_unit_of_c(f, &unit))
		return whole_name(die, "", true);
	HASH_FIND_PTR(f->scoped, &die->addr, s);
	return s ? xstrdup(s->name) : whole_name(die, "", false);
}

/*
 * Each unit has a DIE of its own for one type: of those with one name, size and
 * members the first stands for all, and for declarations unless there are
 * several. `alias`: of a typedef for it; NULL.
 */
static void unite(struct c_types *t, Dwarf *dwarf, Dwarf_Die *die,
		  const char *alias)
{
	int tag = dwarf_tag(die);
	struct definition *d;
	char *name;

	if (!is_aggregate(tag) && tag != DW_TAG_base_type &&
	    tag != DW_TAG_enumeration_type)
		return;
	name = name_of(t, dwarf, die);
	if (!name && alias)
		name = xstrdup(alias);
	if (!name)
		return;
	HASH_FIND_STR(file_of(t, dwarf)->definitions, name, d);
	free(name);
	if (d && (is_declared_only(die) ? !d->several : is_twin(die, &d->die)))
		*die = d->die;
}

static bool is_passed_over(int tag)
{
	return tag == DW_TAG_typedef || tag == DW_TAG_const_type ||
	       tag == DW_TAG_volatile_type || tag == DW_TAG_restrict_type ||
	       tag == DW_TAG_atomic_type || tag == DW_TAG_immutable_type ||
	       tag == DW_TAG_packed_type || tag == DW_TAG_shared_type;
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
		return size_of(die) == 1 ? C_BYTE : C_NUMBER;
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
	e->type.to = &nothing;
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
				    Dwarf_Die at, int depth)
{
	Dwarf_Die inner;
	const char *alias = NULL;
	struct c_entry *e;
	int steps = 0;

	while (is_passed_over(dwarf_tag(&at))) {
		if (dwarf_tag(&at) == DW_TAG_typedef)
			alias = dwarf_diename(&at);
		if (++steps > MOST_STEPS || !next_type(&at, &inner))
			return &nothing;
		at = inner;
	}
	if (depth > MOST_STEPS)
		return &nothing;
	if (kind_of(&at) == C_POINTER)
		return pointer_to(t, next_type(&at, &inner)
					 ? type_at(t, dwarf, inner, depth + 1)
					 : &nothing);
	unite(t, dwarf, &at, alias);
	e = entry_of(&t->entries, at.addr);
	if (e)
		return &e->type;
	e = add(&t->entries, at.addr);
	e->table = t;
	e->dwarf = dwarf;
	e->die = at;
	e->type.kind = kind_of(&at);
	e->type.size = size_of(&at);
	if (is_aggregate(dwarf_tag(&at)) ||
	    dwarf_tag(&at) == DW_TAG_enumeration_type)
		e->name = name_of(t, dwarf, &at);
	else if (dwarf_diename(&at))
		e->name = xstrdup(dwarf_diename(&at));
	if (!e->name && alias)
		e->name = xstrdup(alias);
	e->type.name = e->name;
	if (e->type.kind == C_ARRAY && next_type(&at, &inner))
		e->type.to = type_at(t, dwarf, inner, depth + 1);
	if (e->type.kind == C_ARRAY && e->type.to->size)
		e->type.count = e->type.size / e->type.to->size;
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

	return next_type(die, &type) ? type_at(t, dwarf, type, 0) : &nothing;
}

/* Where a member stands; false: it is a bit field or static. */
static bool place_of(Dwarf_Die *die, bool is_union, uint64_t *offset)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value = 0;

	if (dwarf_hasattr(die, DW_AT_bit_size) ||
	    dwarf_hasattr(die, DW_AT_data_bit_offset))
		return false;
	*offset = 0;
	if (!dwarf_attr(die, DW_AT_data_member_location, &attribute))
		return is_union;
	if (dwarf_formudata(&attribute, &value))
		return false; /* an expression: a virtual base */
	*offset = value;
	return true;
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

		if (tag != DW_TAG_member && !m.base)
			continue;
		if (!place_of(&child, is_union, &m.offset)) {
			e->hidden |= !dwarf_hasattr(&child, DW_AT_external);
			continue;
		}
		m.name = dwarf_diename(&child);
		m.type = c_type_of(e->table, e->dwarf, &child);
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
		if (!count || m->offset)
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
	       !strcmp(a->name, b->name);
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
		else if (count && type->kind == C_STRUCT && !m[0].offset)
			type = m[0].type;
		else
			return false;
	}
	return false;
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
		    (!open && offset - m[i].offset >= m[i].type->size))
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
		break;
	case C_ARRAY:
		inner = text_of(type->to, depth + 1);
		text = type->count ? xasprintf("%s[%llu]", inner,
					       (unsigned long long)type->count)
				   : xasprintf("%s[]", inner);
		break;
	case C_FUNCTION:
		return xstrdup("function");
	case C_STRUCT:
	case C_UNION:
		return xstrdup(type->name              ? type->name
			       : type->kind == C_UNION ? "union"
						       : "struct");
	default:
		return xstrdup(type->name ? type->name : "void");
	}
	free(inner);
	return text;
}

char *c_type_text(const struct c_type *type)
{
	return text_of(type, 0);
}

/* --- From one run to the next --------------------------------------------------- */

json_int_t c_type_number(const struct c_type *type)
{
	return type->entry ? type->entry->index : -1;
}

const struct c_type *c_type_numbered(const struct c_types *t,
				     const json_t *number)
{
	json_int_t i = json_integer_value(number);

	if (!json_is_integer(number) || i < -1 ||
	    i >= (json_int_t)t->restored_count)
		return NULL;
	return i < 0 ? &nothing : &t->restored[i]->type;
}

/* NULL: a name is not UTF-8. */
static json_t *save_members(const struct c_entry *e)
{
	json_t *list = json_array();

	for (size_t i = 0; i < e->member_count; i++) {
		const struct c_member *m = &e->members[i];

		if (json_array_append_new(
			list, json_pack("[s?, I, I, b]", m->name,
					(json_int_t)m->offset,
					c_type_number(m->type), m->base))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* Null for a type that was never looked into. */
static json_t *save(struct c_entry *e, Dwarf *main)
{
	Dwarf_Die again;
	Dwarf_Off at = 0;
	bool pointer = e->type.kind == C_POINTER;

	if (!pointer && !e->die.addr) {
		at = (Dwarf_Off)e->at; /* restored, and not read again */
	} else if (!pointer) {
		at = dwarf_dieoffset(&e->die);
		if (!dwarf_offdie(main, at, &again) ||
		    again.addr != e->die.addr)
			return NULL;
	}
	return json_pack("[i, s?, I, I, I, o, I, b]", (int)e->type.kind,
			 e->type.name, (json_int_t)e->type.size,
			 c_type_number(e->type.to), (json_int_t)e->type.count,
			 e->members_known ? save_members(e) : json_null(),
			 (json_int_t)at, (int)e->hidden);
}

json_t *c_types_save(struct c_types *t, Dwarf *main)
{
	struct c_entry *const tables[] = { t->entries, t->pointers };
	json_t *list = json_array();
	json_int_t number = 0;

	for (int i = 0; i < 2; i++)
		for (struct c_entry *e = tables[i]; e; e = e->hh.next)
			e->index = number++;
	for (int i = 0; i < 2; i++)
		for (struct c_entry *e = tables[i]; e; e = e->hh.next) {
			json_t *one = save(e, main);

			if (!one || json_array_append_new(list, one)) {
				json_decref(list);
				return NULL;
			}
		}
	return list;
}

static bool restore_members(struct c_types *t, struct c_entry *e,
			    const json_t *list)
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
	{
		const json_t *name = json_array_get(one, 0);
		struct c_member m = {
			.name = json_string_value(name),
			.offset = (uint64_t)json_integer_value(
			    json_array_get(one, 1)),
			.type = c_type_numbered(t, json_array_get(one, 2)),
			.base = json_is_true(json_array_get(one, 3)),
		};

		if (!m.type)
			return false;
		*LIST_ADD(e->members, e->member_count) = m;
	}
	return true;
}

/* What a record says of the others, once all are there. */
static bool restore(struct c_types *t, struct c_entry *e, const json_t *saved)
{
	const json_t *members = json_array_get(saved, 5);

	e->type.to = c_type_numbered(t, json_array_get(saved, 3));
	e->members_known = json_is_array(members);
	e->hidden = json_is_true(json_array_get(saved, 7));
	if (!e->type.to || !restore_members(t, e, members))
		return false;
	if (e->type.kind == C_POINTER) {
		e->key = e->type.to;
		HASH_ADD_PTR(t->pointers, key, e);
	} else {
		e->key = e; /* until find_dies() */
		HASH_ADD_PTR(t->entries, key, e);
	}
	return true;
}

bool c_types_restore(struct c_types *t, const json_t *saved,
		     Dwarf *(*main)(void *data), void *data)
{
	size_t i, count = json_array_size(saved);
	bool good = true;
	json_t *one;

	t->main = main;
	t->data = data;
	t->restored = xcalloc(count + 1, sizeof(*t->restored));
	t->restored_count = count;
	json_array_foreach(saved, i, one)
	{
		struct c_entry *e = xcalloc(1, sizeof(*e));
		json_int_t kind = json_integer_value(json_array_get(one, 0));
		const char *name = json_string_value(json_array_get(one, 1));

		t->restored[i] = e;
		e->table = t;
		e->type.entry = e;
		e->type.kind =
		    kind < 0 || kind > C_FUNCTION ? C_VOID : (enum c_kind)kind;
		e->name = name ? xstrdup(name) : NULL;
		e->type.name = e->name;
		e->type.size =
		    (uint64_t)json_integer_value(json_array_get(one, 2));
		e->type.count =
		    (uint64_t)json_integer_value(json_array_get(one, 4));
		e->at = json_integer_value(json_array_get(one, 6));
		e->type.to = &nothing;
	}
	json_array_foreach(saved, i, one)
	{
		if (good && restore(t, t->restored[i], one))
			continue;
		good = false;
		free(t->restored[i]->members);
		free(t->restored[i]->name);
		free(t->restored[i]);
	}
	return good;
}
