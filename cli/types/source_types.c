/* SPDX-License-Identifier: MIT */
#include "source_types.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "source_tokens.h"

#define MOST_DEPTH 64 /* of scopes and of expressions in brackets */

/* --- Names of a unit ----------------------------------------------------------- */

static const char *tag_word(int tag)
{
	switch (tag) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
		return "struct ";
	case DW_TAG_union_type:
		return "union ";
	case DW_TAG_enumeration_type:
		return "enum ";
	default:
		return "";
	}
}

static bool is_declaration_of(int tag)
{
	return *tag_word(tag) || tag == DW_TAG_typedef ||
	       tag == DW_TAG_base_type || tag == DW_TAG_variable ||
	       tag == DW_TAG_formal_parameter;
}

static const struct c_type *type_of_die(const struct source_scope *s,
					Dwarf_Die *die);

static void add_name(const struct source_scope *s, struct source_unit *u,
		     char *name, Dwarf_Die *one)
{
	struct source_name *n;

	HASH_FIND_STR(u->names, name, n);
	if (n) {
		/* A declaration and a definition, or a name that is a type's
		 * and a variable's. */
		/* In C++ they may be of several scopes, and a linker that
		 * optimizes joins units. */
		if (dwarf_tag(&n->die) != dwarf_tag(one) ||
		    type_of_die(s, &n->die) != type_of_die(s, one))
			n->several = true;
		free(name);
		return;
	}
	n = xcalloc(1, sizeof(*n));
	n->name = name;
	n->die = *one;
	HASH_ADD_KEYPTR(hh, u->names, n->name, strlen(n->name), n);
}

static bool has_scope(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_structure_type ||
	       tag == DW_TAG_class_type;
}

static void read_names(const struct source_scope *s, struct source_unit *u,
		       Dwarf_Die *parent, int depth)
{
	Dwarf_Attribute attribute;
	Dwarf_Die child, other;

	if (depth > MOST_DEPTH || dwarf_child(parent, &child))
		return;
	do {
		int tag = dwarf_tag(&child);
		const char *name;

		/* What dwz moved out of several units. */
		if (tag == DW_TAG_imported_unit &&
		    dwarf_attr(&child, DW_AT_import, &attribute) &&
		    dwarf_formref_die(&attribute, &other))
			read_names(s, u, &other, depth + 1);
		if (s->within && has_scope(tag))
			read_names(s, u, &child, depth + 1);
		if (!is_declaration_of(tag))
			continue;
		name = dwarf_diename(&child);
		if (name)
			add_name(s, u,
				 xasprintf("%s%s",
					   s->within ? "" : tag_word(tag),
					   name),
				 &child);
	} while (!dwarf_siblingof(&child, &child));
}

static struct source_unit *unit_of(const struct source_scope *s)
{
	const void *key = s->unit->addr;
	struct source_unit *u;

	HASH_FIND_PTR(*s->units, &key, u);
	if (u)
		return u;
	u = xcalloc(1, sizeof(*u));
	u->key = key;
	read_names(s, u, s->unit, 0);
	HASH_ADD_PTR(*s->units, key, u);
	return u;
}

void source_units_release(struct source_unit **units)
{
	struct source_unit *u, *next;

	HASH_ITER (hh, *units, u, next) {
		struct source_name *n, *next_name;

		HASH_DEL(*units, u);
		HASH_ITER (hh, u->names, n, next_name) {
			HASH_DEL(u->names, n);
			free(n->name);
			free(n);
		}
		free(u);
	}
}

/* --- Names in a function ------------------------------------------------------- */

struct meaning {
	const struct c_type *type; /* NULL: nothing has that name */
	bool several;              /* or things of different types have it */
	bool outer;                /* one is seen in all of the function */
};

static void mean(struct meaning *m, const struct c_type *type)
{
	if (m->type && m->type != type)
		m->several = true;
	m->type = type;
}

static const struct c_type *type_of_die(const struct source_scope *s,
					Dwarf_Die *die)
{
	int tag = dwarf_tag(die);
	Dwarf *dwarf = dwarf_cu_getdwarf(die->cu);

	return tag == DW_TAG_variable || tag == DW_TAG_formal_parameter
		   ? c_type_of(s->types, dwarf, die)
		   : c_type_at(s->types, dwarf, die);
}

/* All that is called so in the function's blocks, not in those of functions that
 * are inlined into it. `word`: "struct ", or "". */
static void look_in(const struct source_scope *s, Dwarf_Die *scope,
		    const char *word, const char *name, struct meaning *m,
		    int depth)
{
	Dwarf_Die child;

	if (depth > MOST_DEPTH || dwarf_child(scope, &child))
		return;
	do {
		int tag = dwarf_tag(&child);
		const char *own;

		if (tag == DW_TAG_lexical_block || tag == DW_TAG_try_block ||
		    tag == DW_TAG_catch_block)
			look_in(s, &child, word, name, m, depth + 1);
		/* The name of a template's argument is a type's, too. */
		if (tag == DW_TAG_template_type_parameter)
			tag = DW_TAG_variable;
		if (!is_declaration_of(tag) || strcmp(tag_word(tag), word))
			continue;
		own = dwarf_diename(&child);
		if (!own || strcmp(own, name) != 0)
			continue;
		m->outer |= !depth;
		mean(m, tag == DW_TAG_variable
			    ? c_type_of(s->types, dwarf_cu_getdwarf(child.cu),
					&child)
			    : type_of_die(s, &child));
	} while (!dwarf_siblingof(&child, &child));
}

/* The function's instance may lack what its code does not need. */
static struct meaning find_local(const struct source_scope *s, const char *word,
				 const char *name)
{
	struct meaning m = { 0 };
	Dwarf_Attribute attribute;
	Dwarf_Die origin;

	look_in(s, s->function, word, name, &m, 0);
	if (dwarf_attr(s->function, DW_AT_abstract_origin, &attribute) &&
	    dwarf_formref_die(&attribute, &origin))
		look_in(s, &origin, word, name, &m, 0);
	return m;
}

/*
 * Using declarations and bases are not followed: a name without scopes must be of
 * one type in the unit, which is `found` in the scopes, or NULL and the type is in
 * a namespace without a name.
 */
static const struct c_type *only_in_unit(const struct source_scope *s,
					 const char *name,
					 const struct c_type *found)
{
	static const char within[] = "(anonymous namespace)::";
	const struct c_type *type;
	struct source_name *n;

	HASH_FIND_STR(unit_of(s)->names, name, n);
	type = n && !n->several ? type_of_die(s, &n->die) : NULL;
	if (!type || type == found)
		return type;
	return !found && type->name &&
		       !strncmp(type->name, within, strlen(within)) &&
		       !strcmp(type->name + strlen(within), name)
		   ? type
		   : NULL;
}

/* In C++: as the scopes around the function see it, the innermost first. */
static const struct c_type *find_scoped(const struct source_scope *s,
					const char *name)
{
	Dwarf *dwarf = dwarf_cu_getdwarf(s->unit->cu);
	char *scope = xstrndup(s->within, strcspn(s->within, "(")), *end;
	const struct c_type *type = NULL;

	while (!type && (end = strrchr(scope, ':'))) {
		char *whole;

		*end = '\0';
		if (end > scope && end[-1] == ':')
			end[-1] = '\0';
		whole = xasprintf("%s::%s", scope, name);
		type = c_type_called(s->types, dwarf, whole);
		free(whole);
	}
	free(scope);
	if (!type)
		type = c_type_called(s->types, dwarf, name);
	return strchr(name, ':') ? type : only_in_unit(s, name, type);
}

static const struct c_type *find_global(const struct source_scope *s,
					const char *word, const char *name)
{
	char *whole = xasprintf("%s%s", word, name);
	struct source_name *n;
	const struct c_type *type = NULL;

	HASH_FIND_STR(unit_of(s)->names, whole, n);
	if (n && !n->several)
		type = type_of_die(s, &n->die);
	else if (!n) /* the compiler left out what the unit only measures */
		type = c_type_called(s->types, dwarf_cu_getdwarf(s->unit->cu),
				     whole);
	free(whole);
	return type;
}

static const struct c_type *find(const struct source_scope *s, const char *word,
				 const char *name)
{
	struct meaning m = find_local(s, word, name);

	const struct c_type *global;

	if (m.several)
		return NULL;
	if (m.type && m.outer)
		return m.type;
	global = s->within ? find_scoped(s, name) : find_global(s, word, name);
	/* The call may be outside of the block. */
	if (m.type && global && global != m.type)
		return NULL;
	return m.type ? m.type : global;
}

/* --- Types and expressions ----------------------------------------------------- */

struct parser {
	const struct source_scope *s;
	const struct token *at, *end;
};

static bool is(const struct parser *p, const char *text)
{
	return p->at < p->end && p->at->length == strlen(text) &&
	       !memcmp(p->at->text, text, p->at->length);
}

static bool take(struct parser *p, const char *text)
{
	bool there = is(p, text);

	p->at += there;
	return there;
}

static bool take_qualifier(struct parser *p)
{
	return take(p, "const") || take(p, "volatile") || take(p, "restrict") ||
	       take(p, "__restrict") || take(p, "typename");
}

/* The next word; the caller frees it. NULL: there is none. */
static char *take_name(struct parser *p)
{
	char *name;

	if (p->at == p->end || p->at->kind != TOKEN_WORD)
		return NULL;
	name = xstrndup(p->at->text, p->at->length);
	p->at++;
	return name;
}

enum base_word {
	BASE_INT,
	BASE_SIGNED,
	BASE_CHAR,
	BASE_SHORT,
	BASE_LONG,
	BASE_UNSIGNED,
	BASE_FLOAT,
	BASE_DOUBLE,
	BASE_WORDS
};

/* How often each word of a number's type is there; false: none is. */
static bool take_base_words(struct parser *p, unsigned counts[BASE_WORDS])
{
	static const char *const words[BASE_WORDS] = {
		[BASE_INT] = "int",     [BASE_SIGNED] = "signed",
		[BASE_CHAR] = "char",   [BASE_SHORT] = "short",
		[BASE_LONG] = "long",   [BASE_UNSIGNED] = "unsigned",
		[BASE_FLOAT] = "float", [BASE_DOUBLE] = "double",
	};
	bool any = false;

	for (unsigned i = 0; i < BASE_WORDS;) {
		if (take(p, words[i])) {
			counts[i]++;
			any = true;
			i = 0;
		} else {
			i++;
		}
		take_qualifier(p);
	}
	return any;
}

/* "unsigned long int" as compilers have it: "long unsigned int"; NULL: it is no
 * number's type. */
static const char *base_name_of(struct parser *p)
{
	static const char *const names[][2] = {
		/* without a sign, and with */
		{ "unsigned int", "int" },
		{ "long unsigned int", "long int" },
		{ "long long unsigned int", "long long int" },
	};
	unsigned counts[BASE_WORDS] = { 0 }, longs;
	bool with_sign;

	if (!take_base_words(p, counts))
		return NULL;
	with_sign = !counts[BASE_UNSIGNED];
	longs = counts[BASE_LONG] < 2 ? counts[BASE_LONG] : 2;
	if (counts[BASE_CHAR])
		return with_sign ? "char" : "unsigned char";
	if (counts[BASE_FLOAT])
		return "float";
	if (counts[BASE_DOUBLE])
		return longs ? "long double" : "double";
	if (counts[BASE_SHORT])
		return with_sign ? "short int" : "short unsigned int";
	return names[longs][with_sign];
}

/* clang's names of the same. */
static const struct c_type *find_base(const struct source_scope *s,
				      const char *name)
{
	static const char *const others[][2] = {
		{ "short unsigned int", "unsigned short" },
		{ "short int", "short" },
		{ "long long unsigned int", "unsigned long long" },
		{ "long long int", "long long" },
		{ "long unsigned int", "unsigned long" },
		{ "long int", "long" },
	};
	const struct c_type *type = find_global(s, "", name);

	for (size_t i = 0; !type && i < sizeof(others) / sizeof(*others); i++)
		if (!strcmp(others[i][0], name))
			type = find_global(s, "", others[i][1]);
	return type;
}

/* "ns :: pool" after its first word. */
static char *take_scoped(struct parser *p)
{
	char *name = take_name(p);

	while (name && take(p, "::")) {
		char *next = take_name(p), *whole;

		whole = next ? xasprintf("%s::%s", name, next) : NULL;
		free(name);
		free(next);
		name = whole;
	}
	return name;
}

/* A type or a variable by its name, with what may be before it. */
static const struct c_type *read_named(struct parser *p)
{
	const char *word = take(p, "struct") || take(p, "class") ? "struct "
			   : take(p, "union")                    ? "union "
			   : take(p, "enum")                     ? "enum "
								 : "";
	const struct c_type *type;
	char *name;

	if (!*word) {
		const char *base = base_name_of(p);

		if (base)
			return find_base(p->s, base);
	}
	take(p, "::");
	name = take_scoped(p);
	if (!name)
		return NULL;
	type = !*word && !strcmp(name, "void") ? c_type_void()
					       : find(p->s, word, name);
	free(name);
	return type;
}

static const struct c_type *pointed_at(const struct c_type *type)
{
	return type && (type->kind == C_POINTER || type->kind == C_ARRAY)
		   ? type->to
		   : NULL;
}

static const struct c_type *member_of(struct parser *p,
				      const struct c_type *type)
{
	char *name = take_name(p);
	const struct c_member *m =
	    name && type ? c_member_named(type, name) : NULL;

	free(name);
	return m ? m->type : NULL;
}

static const struct c_type *read_whole(struct parser *p, int depth);

static const struct c_type *read_postfix(struct parser *p, int depth)
{
	const struct c_type *type;

	if (take(p, "(")) {
		type = read_whole(p, depth + 1);
		if (!take(p, ")"))
			return NULL;
	} else {
		type = read_named(p);
	}
	while (type) {
		if (take(p, "->"))
			type = member_of(p, pointed_at(type));
		else if (take(p, "."))
			type = member_of(p, type);
		else if (take(p, "[") && take(p, "]"))
			type = pointed_at(type);
		else
			break;
	}
	return type;
}

static const struct c_type *read_whole(struct parser *p, int depth)
{
	const struct c_type *type;
	unsigned stars = 0;

	if (depth > MOST_DEPTH)
		return NULL;
	while (take_qualifier(p))
		;
	while (take(p, "*"))
		stars++;
	type = read_postfix(p, depth);
	while (type && (is(p, "*") || is(p, "const") || is(p, "volatile")))
		if (take(p, "*"))
			type = c_type_pointer(p->s->types, type);
		else
			take_qualifier(p);
	for (; type && stars; stars--)
		type = pointed_at(type);
	return type;
}

const struct c_type *source_type(const struct source_scope *s, const char *text)
{
	struct tokens tokens;
	struct parser p = { .s = s };
	const struct c_type *type;

	tokens_read(&tokens, text, strlen(text), 1);
	p.at = tokens.list;
	p.end = tokens.list + tokens.count;
	type = tokens.count ? read_whole(&p, 0) : NULL;
	if (p.at != p.end)
		type = NULL;
	tokens_release(&tokens);
	return type;
}
