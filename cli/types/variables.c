/* SPDX-License-Identifier: MIT */
#include "variables.h"

#include <dwarf.h>
#include <stdlib.h>

#include "die_name.h"
#include "list.h"

#define MOST_DEPTH 256 /* of the tree of DIEs: a file may be damaged */

struct reader {
	struct c_types *types;
	Dwarf *dwarf;
	Dwarf_Addr bias;
	struct place_range base; /* DW_AT_frame_base, as PLACE_ kind; `low` 1:
				    known */
	struct variables *v;
};

/* One operation that says where a value is, or where the frame's base is. */
static bool read_place(const Dwarf_Op *op, size_t count,
		       const struct place_range *base, struct place_range *p)
{
	if (count != 1)
		return false;
	if (op->atom >= DW_OP_reg0 && op->atom <= DW_OP_reg31) {
		p->kind = PLACE_REGISTER;
		p->reg = op->atom - DW_OP_reg0;
		return true;
	}
	if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31) {
		p->kind = PLACE_NEAR;
		p->reg = op->atom - DW_OP_breg0;
		p->offset = (int64_t)op->number;
		return true;
	}
	if (op->atom == DW_OP_call_frame_cfa) {
		p->kind = PLACE_FRAME;
		p->offset = 0;
		return true;
	}
	if (op->atom == DW_OP_fbreg && base) {
		*p = (struct place_range){ p->low, p->high, base->kind,
					   base->reg,
					   base->offset + (int64_t)op->number };
		/* The base is what the register holds. */
		if (base->kind == PLACE_REGISTER)
			p->kind = PLACE_NEAR;
		return true;
	}
	return false;
}

/* A place without a list is so in the variable's scope: in all of its code. */
static void add_in_scope(const struct reader *r, struct place_range p,
			 struct variable *v)
{
	for (size_t i = v->scope; i < v->scope + v->scope_count; i++) {
		p.low = r->v->scopes[i].low;
		p.high = r->v->scopes[i].high;
		*LIST_ADD(v->places, v->count) = p;
	}
}

static void read_places(struct reader *r, Dwarf_Die *die, struct variable *v)
{
	Dwarf_Addr base, low, high;
	Dwarf_Attribute attribute;
	ptrdiff_t at = 0;
	Dwarf_Op *ops;
	size_t count;

	if (!dwarf_attr(die, DW_AT_location, &attribute))
		return;
	while ((at = dwarf_getlocations(&attribute, at, &base, &low, &high,
					&ops, &count)) > 0) {
		struct place_range p = { .low = low + r->bias,
					 .high = high + r->bias };

		if (!read_place(ops, count, r->base.low ? &r->base : NULL, &p))
			continue;
		v->listed = high != (Dwarf_Addr)-1;
		if (!v->listed)
			add_in_scope(r, p, v);
		else
			*LIST_ADD(v->places, v->count) = p;
	}
}

static void note_scope(struct reader *r, Dwarf_Die *scope, struct variable *of)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;

	of->scope = r->v->scope_count;
	while ((at = dwarf_ranges(scope, at, &base, &low, &high)) > 0)
		*LIST_ADD(r->v->scopes, r->v->scope_count) =
		    (struct code_range){ low + r->bias, high + r->bias };
	of->scope_count = r->v->scope_count - of->scope;
}

static void read_scope(struct reader *r, Dwarf_Die *scope, struct variable of,
		       unsigned depth)
{
	Dwarf_Die child;
	bool qualifies;

	note_scope(r, scope, &of);

	if (depth > MOST_DEPTH || dwarf_child(scope, &child))
		return;
	do {
		struct variable v = of;

		v.depth = depth;

		switch (dwarf_tag(&child)) {
		case DW_TAG_variable:
		case DW_TAG_formal_parameter:
			read_places(r, &child, &v);
			if (!v.count)
				break;
			v.name = dwarf_diename(&child);
			v.parameter =
			    dwarf_tag(&child) == DW_TAG_formal_parameter;
			v.type = c_type_of(r->types, r->dwarf, &child);
			*LIST_ADD(r->v->list, r->v->count) = v;
			break;
		case DW_TAG_inlined_subroutine:
			v.owner = child.addr;
			v.inlined = die_name(&child, &qualifies);
			read_scope(r, &child, v, depth + 1);
			break;
		case DW_TAG_lexical_block:
		case DW_TAG_try_block:
		case DW_TAG_catch_block:
			read_scope(r, &child, of, depth + 1);
			break;
		default:
			break;
		}
	} while (!dwarf_siblingof(&child, &child));
}

struct variables variables_of(struct c_types *t, Dwarf *dwarf,
			      Dwarf_Die *function, Dwarf_Addr bias)
{
	struct variables v = { 0 };
	struct reader r = { t, dwarf, bias, { 0 }, &v };
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;

	if (dwarf_attr_integrate(function, DW_AT_frame_base, &attribute) &&
	    !dwarf_getlocation(&attribute, &ops, &count) &&
	    read_place(ops, count, NULL, &r.base))
		r.base.low = 1;
	read_scope(&r, function, (struct variable){ .owner = function->addr },
		   0);
	return v;
}

void variables_release(struct variables *v)
{
	for (size_t i = 0; i < v->count; i++)
		free(v->list[i].places);
	free(v->list);
	free(v->scopes);
	*v = (struct variables){ 0 };
}

const struct place_range *variable_place(const struct variable *v, uint64_t pc)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->places[i].low <= pc && pc < v->places[i].high)
			return &v->places[i];
	return NULL;
}

bool variable_is_seen(const struct variables *all, const struct variable *v,
		      uint64_t pc)
{
	const struct code_range *range = all->scopes + v->scope;

	for (size_t i = 0; i < v->scope_count; i++)
		if (range[i].low <= pc && pc < range[i].high)
			return true;
	return false;
}

/* --- Variables outside of frames --------------------------------------------- */

static bool read_indexed(Dwarf_Attribute *location, const Dwarf_Op *op,
			 uint64_t *to)
{
	Dwarf_Attribute indexed;
	Dwarf_Addr address;
	Dwarf_Word number;

	if (dwarf_getlocation_attr(location, op, &indexed))
		return false;
	if (!dwarf_formaddr(&indexed, &address))
		*to = address;
	else if (!dwarf_formudata(&indexed, &number))
		*to = number;
	else
		return false;
	return true;
}

static bool read_address(Dwarf_Die *die, struct global *g)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;

	if (!dwarf_attr(die, DW_AT_location, &attribute) ||
	    dwarf_getlocation(&attribute, &ops, &count) || !count)
		return false;
	if (count == 1 && ops[0].atom == DW_OP_addr) {
		g->address = ops[0].number;
		return true;
	}
	if (count == 1 &&
	    (ops[0].atom == DW_OP_addrx || ops[0].atom == DW_OP_GNU_addr_index))
		return read_indexed(&attribute, &ops[0], &g->address);
	if (count != 2 || (ops[1].atom != DW_OP_form_tls_address &&
			   ops[1].atom != DW_OP_GNU_push_tls_address))
		return false;
	g->thread_local_ = true;
	g->address = ops[0].number;
	if (ops[0].atom == DW_OP_const8u || ops[0].atom == DW_OP_const4u ||
	    ops[0].atom == DW_OP_addr)
		return true;
	/* By its number, where debug information is split. */
	return (ops[0].atom == DW_OP_constx ||
		ops[0].atom == DW_OP_GNU_const_index) &&
	       read_indexed(&attribute, &ops[0], &g->address);
}

/* The source file of a unit's variable. At link time gcc makes a unit of its own,
 * "<artificial>", whose variables have their origin in the true ones. */
static const char *file_of(Dwarf_Die *die, const char *unit)
{
	Dwarf_Attribute attribute;
	Dwarf_Die origin, other;
	const char *name = NULL;

	if (dwarf_attr(die, DW_AT_abstract_origin, &attribute) &&
	    dwarf_formref_die(&attribute, &origin) &&
	    dwarf_diecu(&origin, &other, NULL, NULL))
		name = dwarf_diename(&other);
	return name ? name : unit;
}

static void read_globals(struct globals *g, struct c_types *t, Dwarf *dwarf,
			 Dwarf_Die *scope, struct global model, unsigned depth)
{
	Dwarf_Die child;

	if (depth > MOST_DEPTH || dwarf_child(scope, &child))
		return;
	do {
		struct global one = model;

		switch (dwarf_tag(&child)) {
		case DW_TAG_variable:
			if (!read_address(&child, &one))
				break;
			if (!one.thread_local_)
				one.address += model.address;
			one.name = dwarf_diename(&child);
			one.file = file_of(&child, model.file);
			one.type = c_type_of(t, dwarf, &child);
			one.exported =
			    dwarf_hasattr_integrate(&child, DW_AT_external);
			*LIST_ADD(g->list, g->count) = one;
			break;
		case DW_TAG_subprogram:
			one.function = dwarf_diename(&child);
			read_globals(g, t, dwarf, &child, one, depth + 1);
			break;
		case DW_TAG_lexical_block:
		case DW_TAG_namespace:
		case DW_TAG_inlined_subroutine:
			read_globals(g, t, dwarf, &child, one, depth + 1);
			break;
		default:
			break;
		}
	} while (!dwarf_siblingof(&child, &child));
}

static int by_address(const void *a, const void *b)
{
	const struct global *x = a, *y = b;

	if (x->thread_local_ != y->thread_local_)
		return x->thread_local_ ? 1 : -1;
	return ORDER(x->address, y->address);
}

/* Those that have a size after those that have none, which may begin where they
 * do. */
static int in_order(const void *a, const void *b)
{
	const struct global *x = a, *y = b;

	return by_address(x, y) ?: ORDER(x->type->size, y->type->size);
}

const struct global *globals_at(struct globals *g, struct c_types *t,
				struct symbols_module *m, uint64_t address,
				bool thread_local_)
{
	const struct global key = { .address = address,
				    .thread_local_ = thread_local_ };
	size_t i;

	if (!g->read) {
		Dwarf_Die *unit = NULL;
		Dwarf_Addr bias;

		g->read = true;
		while ((unit = dwfl_module_nextcu(m->module, unit, &bias))) {
			Dwarf_Die whole =
			    symbols_scopes_whole(&m->scopes, unit);

			read_globals(
			    g, t, dwarf_cu_getdwarf(whole.cu), &whole,
			    (struct global){ .address = bias,
					     .file = dwarf_diename(&whole) },
			    0);
		}
		if (g->count)
			qsort(g->list, g->count, sizeof(*g->list), in_order);
	}
	i = LOWER_BOUND(g->count, k, by_address(&g->list[k], &key) <= 0);
	if (!i || g->list[i - 1].thread_local_ != thread_local_ ||
	    address - g->list[i - 1].address >= g->list[i - 1].type->size)
		return NULL;
	return &g->list[i - 1];
}

void globals_release(struct globals *g)
{
	free(g->list);
	*g = (struct globals){ 0 };
}
