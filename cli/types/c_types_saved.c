/* SPDX-License-Identifier: MIT */
/* The types of a module from one run to the next. */
#include <stdlib.h>

#include "c_types_own.h"
#include "list.h"

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
	return i < 0 ? &c_types_nothing : &t->restored[i]->type;
}

/* NULL: a name is not UTF-8. */
static json_t *save_members(const struct c_entry *e)
{
	json_t *list = json_array();

	for (size_t i = 0; i < e->member_count; i++) {
		const struct c_member *m = &e->members[i];

		if (json_array_append_new(
			list,
			json_pack("[s?, I, I, b, i, I]", m->name,
				  (json_int_t)m->offset, c_type_number(m->type),
				  m->base, (int)m->bit, (json_int_t)m->bits))) {
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
	return json_pack("[i, s?, I, I, I, o, I, b, b]", (int)e->type.kind,
			 e->type.name, (json_int_t)e->type.size,
			 c_type_number(e->type.to), (json_int_t)e->type.count,
			 e->members_known ? save_members(e) : json_null(),
			 (json_int_t)at, (int)e->hidden, (int)e->type.unnamed);
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
			.bit = json_integer_value(json_array_get(one, 4)) & 7,
			.bits = (uint32_t)json_integer_value(
			    json_array_get(one, 5)),
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
	e->type.unnamed = json_is_true(json_array_get(saved, 8));
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
		e->type.to = &c_types_nothing;
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
