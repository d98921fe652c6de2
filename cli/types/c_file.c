/* SPDX-License-Identifier: MIT */
#include "c_file.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base_name.h"
#include "die_name.h"
#include "hash.h"
#include "list.h"
#include "plain_name.h"

#define MOST_STEPS 64 /* of typedefs and the like; scopes in scopes */

/* Later than the libdw of some systems. */
#define LANGUAGE_C17 0x2c
#define LANGUAGE_C23 0x3e

/* A type that is defined somewhere in a file, by its whole name. */
struct definition {
	char *name; /* "struct session", "std::string" */
	Dwarf_Die die;
	bool several; /* units differ in what has that name */
	UT_hash_handle hh;
};

/* The name of a type that its DIE does not tell without what is around it. */
struct known {
	const void *key; /* of its DIE */
	char *name;      /* "std::string" */
	bool unnamed;    /* see c_file_name() */
	UT_hash_handle hh;
};

struct walked { /* a unit whose functions were read */
	const void *key;
	UT_hash_handle hh;
};

struct c_file { /* the module's, a .dwo, a dwz */
	bool c; /* all units that say their language are of C */
	struct definition *definitions;
	struct known *known;
	struct walked *walked;
};

/* A walk over one unit. */
struct walk {
	struct c_file *f;
	bool c;
	bool functions;     /* into them, too */
	Dwarf_Die *unnamed; /* types without a name, as they stand */
	size_t unnamed_count;
};

bool c_file_is_aggregate(int tag)
{
	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
	       tag == DW_TAG_union_type;
}

bool c_file_is_alias(int tag)
{
	return tag == DW_TAG_typedef || tag == DW_TAG_const_type ||
	       tag == DW_TAG_volatile_type || tag == DW_TAG_restrict_type ||
	       tag == DW_TAG_atomic_type || tag == DW_TAG_immutable_type ||
	       tag == DW_TAG_packed_type || tag == DW_TAG_shared_type;
}

/* Types that programs give names to. */
static bool is_named_kind(int tag)
{
	return c_file_is_aggregate(tag) || tag == DW_TAG_enumeration_type;
}

/* Whether it is a part of a function. */
static bool is_block(int tag)
{
	return tag == DW_TAG_lexical_block || tag == DW_TAG_try_block ||
	       tag == DW_TAG_catch_block;
}

static bool is_declared_only(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	bool flag = false;

	return dwarf_attr(die, DW_AT_declaration, &attribute) &&
	       !dwarf_formflag(&attribute, &flag) && flag;
}

bool c_file_next(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_attr_integrate(die, DW_AT_type, &attribute) &&
	       dwarf_formref_die(&attribute, type);
}

uint64_t c_file_size(Dwarf_Die *die)
{
	Dwarf_Word size;

	return dwarf_aggregate_size(die, &size) ? 0 : size;
}

static bool is_c(int language)
{
	switch (language) {
	case DW_LANG_C:
	case DW_LANG_C89:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case LANGUAGE_C17:
	case LANGUAGE_C23:
		return true;
	default:
		return false;
	}
}

/* What dwz moved out of several units says no language. */
static bool is_unit_of_c(const struct c_file *f, Dwarf_Die *unit)
{
	int language = dwarf_srclang(unit);

	return language < 0 ? f->c : is_c(language);
}

/* --- Names ---------------------------------------------------------------------- */

static const char *keyword(int tag)
{
	switch (tag) {
	case DW_TAG_union_type:
		return "union";
	case DW_TAG_enumeration_type:
		return "enum";
	case DW_TAG_class_type:
		return "class";
	default:
		return "struct";
	}
}

/* "struct session" in C, "ns::session" elsewhere; NULL if it has no name. */
static char *whole_name(Dwarf_Die *die, const char *within, bool c)
{
	const char *name = dwarf_diename(die);

	if (!name)
		return NULL;
	if (dwarf_tag(die) == DW_TAG_base_type)
		return xstrdup(name);
	if (!c)
		return xasprintf("%s%s%s", within, *within ? "::" : "", name);
	return xasprintf("%s %s", keyword(dwarf_tag(die)), name);
}

/* "f(int)", as a class in it is named by compilers, for the caller to free. */
static char *function_name(Dwarf_Die *function, const char *within)
{
	bool qualifies;
	const char *name = die_name(function, &qualifies);
	struct plain_name plain;
	char *symbol, *text = NULL;

	if (!name)
		return xstrdup(within);
	if (strncmp(name, "_Z", 2) != 0)
		return xasprintf("%s%s%s", within, *within ? "::" : "", name);
	/* The name of a class "x" in it has no type that it returns. */
	symbol = xasprintf("_ZTIZ%sE1x", name + 2);
	if (plain_name_read(symbol, &plain)) {
		static const char before[] = "typeinfo for ", after[] = "::x";
		size_t start = strlen(before), size = strlen(plain.full);

		if (!strncmp(plain.full, before, start) &&
		    size > start + strlen(after) &&
		    !strcmp(plain.full + size - strlen(after), after))
			text = xstrndup(plain.full + start,
					size - start - strlen(after));
	}
	free(plain.shown);
	free(plain.full);
	free(symbol);
	return text ? text : xstrdup(name);
}

static const struct known *find_known(const struct c_file *f,
				      const Dwarf_Die *die)
{
	struct known *k;

	HASH_FIND_PTR(f->known, &die->addr, k);
	return k;
}

/* The first name stays; `name` is the table's from here on. */
static void know(struct c_file *f, const Dwarf_Die *type, char *name,
		 bool unnamed)
{
	struct known *k;

	if (find_known(f, type)) {
		free(name);
		return;
	}
	HASH_MAKE(f->known, key, type->addr, k);
	k->name = name;
	k->unnamed = unnamed;
}

/* --- Definitions ------------------------------------------------------------------ */

bool c_file_go_to_member(Dwarf_Die *die)
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
	bool more_x = !dwarf_child(a, &x) && c_file_go_to_member(&x);
	bool more_y = !dwarf_child(b, &y) && c_file_go_to_member(&y);

	while (more_x && more_y && has_same_name(&x, &y)) {
		more_x = !dwarf_siblingof(&x, &x) && c_file_go_to_member(&x);
		more_y = !dwarf_siblingof(&y, &y) && c_file_go_to_member(&y);
	}
	return !more_x && !more_y;
}

/* Whether two DIEs of one name are of one type, in two units. */
static bool is_twin(Dwarf_Die *a, Dwarf_Die *b)
{
	return dwarf_tag(a) == dwarf_tag(b) &&
	       c_file_size(a) == c_file_size(b) && has_same_members(a, b);
}

static struct definition *find_definition(struct c_file *f, const char *name)
{
	struct definition *d;

	HASH_FIND_STR(f->definitions, name, d);
	return d;
}

static void define(struct c_file *f, const char *name, Dwarf_Die *type)
{
	struct definition *d = find_definition(f, name);

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
static void define_alias(const struct walk *w, Dwarf_Die *alias,
			 const char *within)
{
	char *name = whole_name(alias, within, false);
	Dwarf_Die type, inner;
	int steps = 0;

	if (!name || !c_file_next(alias, &type)) {
		free(name);
		return;
	}
	while (c_file_is_alias(dwarf_tag(&type)) &&
	       dwarf_tag(&type) != DW_TAG_typedef && ++steps < MOST_STEPS &&
	       c_file_next(&type, &inner))
		type = inner;
	if (dwarf_diename(&type) || !is_named_kind(dwarf_tag(&type)) ||
	    is_declared_only(&type)) {
		free(name);
		return;
	}
	define(w->f, name, &type);
	know(w->f, &type, name, false);
}

/* The declaration that `type` defines, as of a class that is declared in another:
 * it has the scopes. */
static const struct known *declaration_of(const struct c_file *f,
					  Dwarf_Die *type)
{
	Dwarf_Attribute attribute;
	Dwarf_Die other;

	return dwarf_attr(type, DW_AT_specification, &attribute) &&
		       dwarf_formref_die(&attribute, &other)
		   ? find_known(f, &other)
		   : NULL;
}

/* Whether types are declared in that function. */
static bool has_types(Dwarf_Die *scope, int depth)
{
	Dwarf_Die child;

	if (depth > MOST_STEPS || dwarf_child(scope, &child))
		return false;
	do {
		int tag = dwarf_tag(&child);

		if (tag == DW_TAG_typedef || is_named_kind(tag) ||
		    (is_block(tag) && has_types(&child, depth + 1)))
			return true;
	} while (!dwarf_siblingof(&child, &child));
	return false;
}

/* A type, or what has types in it; the name is for the caller to free. NULL: it
 * has none. */
static char *list_type(const struct walk *w, Dwarf_Die *type,
		       const char *within)
{
	const struct known *declared = declaration_of(w->f, type);
	char *name =
	    declared ? xstrdup(declared->name) : whole_name(type, within, w->c);

	if (!name)
		return NULL;
	if (!is_declared_only(type))
		define(w->f, name, type);
	if (!w->c && is_named_kind(dwarf_tag(type)))
		know(w->f, type, xstrdup(name), false);
	return name;
}

static void list_types(struct walk *w, Dwarf_Die *parent, const char *within,
		       int depth);

/* A function, whose name is for the caller to free; false: nothing in it is
 * listed. */
static bool enter_function(const struct walk *w, Dwarf_Die *function,
			   const char *within, int depth, char **name)
{
	if (!w->functions || !has_types(function, depth))
		return false;
	if (!w->c)
		*name = function_name(function, within);
	return true;
}

/* A type likewise. What is in a class without a name has none, either. */
static bool enter_type(struct walk *w, Dwarf_Die *type, const char *within,
		       char **name)
{
	*name = list_type(w, type, within);
	if (!*name && w->functions)
		*LIST_ADD(w->unnamed, w->unnamed_count) = *type;
	return w->functions || (!w->c && *name);
}

static void list_one(struct walk *w, Dwarf_Die *die, const char *within,
		     int depth)
{
	int tag = dwarf_tag(die);
	char *name = NULL;
	bool inner;

	if (tag == DW_TAG_typedef)
		define_alias(w, die, w->c ? "" : within);
	if (tag == DW_TAG_base_type)
		free(list_type(w, die, within));
	if (is_named_kind(tag)) {
		inner = enter_type(w, die, within, &name);
	} else if (tag == DW_TAG_subprogram) {
		inner = enter_function(w, die, within, depth, &name);
	} else if (tag == DW_TAG_namespace) {
		inner = true;
		name = xasprintf("%s%s%s", within, *within ? "::" : "",
				 dwarf_diename(die) ?: "(anonymous namespace)");
	} else {
		inner = w->functions && is_block(tag);
	}
	if (inner)
		list_types(w, die, name ? name : within, depth + 1);
	free(name);
}

static void list_types(struct walk *w, Dwarf_Die *parent, const char *within,
		       int depth)
{
	Dwarf_Die child;

	if (depth > MOST_STEPS || dwarf_child(parent, &child))
		return;
	do {
		list_one(w, &child, within, depth);
	} while (!dwarf_siblingof(&child, &child));
}

/* --- What has no name ------------------------------------------------------------- */

/* How many types without a name there are at one place; a key's bytes are all
 * set. */
struct place {
	struct place_key {
		const char *file;
		uint64_t line;
	} key;
	unsigned count;
	UT_hash_handle hh;
};

/* "struct (lru.c:12)"; `nth` at that place. */
static char *place_name(int tag, const struct place_key *place, unsigned nth)
{
	if (!place->file || !place->line)
		return xasprintf("%s (no name)", keyword(tag));
	if (nth == 1)
		return xasprintf("%s (%s:%llu)", keyword(tag),
				 base_name(place->file),
				 (unsigned long long)place->line);
	return xasprintf("%s (%s:%llu/%u)", keyword(tag),
			 base_name(place->file),
			 (unsigned long long)place->line, nth);
}

static void name_unnamed(const struct walk *w)
{
	struct place *places = NULL;

	for (size_t i = 0; i < w->unnamed_count; i++) {
		Dwarf_Die *type = &w->unnamed[i];
		struct place_key key = { die_file(type), 0 };
		struct place *p;
		int line;

		if (find_known(w->f, type)) /* there is a typedef */
			continue;
		if (!dwarf_decl_line(type, &line) && line > 0)
			key.line = (uint64_t)line;
		HASH_FIND(hh, places, &key, sizeof(key), p);
		if (!p)
			HASH_MAKE(places, key, key, p);
		know(w->f, type, place_name(dwarf_tag(type), &key, ++p->count),
		     true);
	}
	HASH_FREE(places);
}

/* Reads all of a unit, once. */
static void walk_functions(struct c_file *f, Dwarf_Die *unit)
{
	struct walk w = { .f = f,
			  .c = is_unit_of_c(f, unit),
			  .functions = true };
	struct walked *done;

	HASH_FIND_PTR(f->walked, &unit->addr, done);
	if (done)
		return;
	HASH_MAKE(f->walked, key, unit->addr, done);
	list_types(&w, unit, "", 0);
	name_unnamed(&w);
	free(w.unnamed);
}

/* --- The whole ---------------------------------------------------------------------- */

struct c_file *c_file_open(Dwarf *dwarf)
{
	struct c_file *f = xcalloc(1, sizeof(*f));
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;

	f->c = true;
	while (!dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &unit, NULL)) {
		int language = dwarf_srclang(&unit);

		f->c = f->c && (language < 0 || is_c(language));
	}
	cu = NULL;
	while (!dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &unit, NULL)) {
		struct walk w = { .f = f, .c = is_unit_of_c(f, &unit) };

		list_types(&w, &unit, "", 0);
	}
	return f;
}

void c_file_close(struct c_file *f)
{
	struct definition *d, *next_d;
	struct known *k, *next_k;

	HASH_ITER (hh, f->definitions, d, next_d) {
		HASH_DEL(f->definitions, d);
		free(d->name);
		free(d);
	}
	HASH_ITER (hh, f->known, k, next_k) {
		HASH_DEL(f->known, k);
		free(k->name);
		free(k);
	}
	HASH_FREE(f->walked);
	free(f);
}

char *c_file_name(struct c_file *f, Dwarf_Die *die, bool *unnamed)
{
	const struct known *k = find_known(f, die);
	const char *name = dwarf_diename(die);
	Dwarf_Die unit;
	bool c;

	*unnamed = false;
	if (!dwarf_diecu(die, &unit, NULL, NULL))
		return name ? xstrdup(name) : NULL;
	c = is_unit_of_c(f, &unit);
	if (is_named_kind(dwarf_tag(die)) && !k && (!c || !name)) {
		walk_functions(f, &unit);
		k = find_known(f, die);
	}
	if (k) {
		*unnamed = k->unnamed;
		return xstrdup(k->name);
	}
	return whole_name(die, "", c);
}

static bool is_of_same_file(Dwarf_Die *a, Dwarf_Die *b)
{
	const char *x = die_file(a), *y = die_file(b);

	return x && y && !strcmp(x, y);
}

void c_file_unite(struct c_file *f, Dwarf_Die *die)
{
	int tag = dwarf_tag(die);
	struct definition *d;
	bool unnamed, same;
	char *name;

	if (!is_named_kind(tag) && tag != DW_TAG_base_type)
		return;
	name = c_file_name(f, die, &unnamed);
	if (!name)
		return;
	d = find_definition(f, name);
	if (!d && unnamed)
		define(f, name, die);
	free(name);
	if (!d)
		return;
	same = is_declared_only(die) ? !d->several : is_twin(die, &d->die);
	if (same && (!unnamed || is_of_same_file(die, &d->die)))
		*die = d->die;
}

bool c_file_named(struct c_file *f, const char *name, Dwarf_Die *die)
{
	const struct definition *d = find_definition(f, name);

	if (!d || d->several)
		return false;
	*die = d->die;
	return true;
}
