/* SPDX-License-Identifier: MIT */
#include "root_names.h"

#include <stdlib.h>
#include <string.h>

#include "base_name.h"
#include "fields.h"
#include "place.h"
#include "xmalloc.h"

#define SHIM        "librefknot_preload.so"
#define SYMBOL_SIZE 512 /* bytes of a symbol's name, longer ones are cut */

/* --- Variables --------------------------------------------------------------- */

/* "cache.first", where `field` is wanted. */
static char *with_field(const char *name, const struct root_place *place,
			bool field)
{
	char *inner =
	    field ? field_of_variable(place->type, place->offset) : xstrdup("");
	char *text = xasprintf("%s%s", name, inner);

	free(inner);
	return text;
}

/* "static cache.first in lru.c"; `what` is "static " or "thread-local ", and also
 * of what other files see if `always`. */
static char *of_global(const struct root_place *place, bool field,
		       const char *what, bool always)
{
	const struct global *g = place->global;
	char *name, *text;

	if (!g->name)
		return NULL;
	name = with_field(g->name, place, field);
	if (g->function)
		text = xasprintf("%s%s in %s()", what, name, g->function);
	else if (!g->exported && g->file)
		text = xasprintf("%s%s in %s", what, name, base_name(g->file));
	else
		text = xasprintf("%s%s", always ? what : "", name);
	free(name);
	return text;
}

static char *of_thread(const struct reading *in, const struct root_place *place,
		       bool field)
{
	char symbol[SYMBOL_SIZE];

	if (place->global)
		return of_global(place, field, "thread-local ", true);
	if (!symbols_thread_data(in->symbols, place->module, place->offset,
				 symbol, sizeof(symbol)))
		return NULL;
	if (!field)
		symbol[strcspn(symbol, "+")] = '\0';
	return xasprintf("thread-local %s", symbol);
}

/* The function with that frame, as the last of the locations there. */
static const struct location *function_of(const struct reading *in,
					  const struct root_place *place)
{
	const struct location *list;
	const size_t count =
	    symbols_code_at(in->symbols, place->module, place->pc, &list);

	return &list[count - 1];
}

/* Frames of the C library and of refknot have copies and what earlier calls left
 * there, and names that mean nothing to people. */
static bool is_nobodys(const struct location *l)
{
	return place_is_of_libc(l) || place_is_start(l) ||
	       (l->module &&
		!strncmp(base_name(l->module), SHIM, strlen(SHIM)));
}

/* "main()": a name that has parameters has parentheses. */
static char *call_text(const char *name)
{
	const size_t length = strlen(name);

	return xasprintf("%s%s", name,
			 length && name[length - 1] == ')' ? "" : "()");
}

/* "main()'s table[2]" */
static char *of_function(const struct reading *in,
			 const struct root_place *place, bool field)
{
	const struct location *l = function_of(in, place);
	const struct local *v = place->local;
	const char *own = l->function ? l->shown : NULL;
	const char *name = v && v->function ? v->function : own;
	char *call, *variable, *text;

	if (!name || is_nobodys(l))
		return NULL;
	call = call_text(name);
	variable = v ? with_field(v->name, place, field) : xstrdup("frame");
	text = xasprintf("%s's %s", call, variable);
	free(variable);
	free(call);
	return text;
}

static char *of_place(const struct reading *in, const struct root_place *place,
		      bool field)
{
	switch (place->kind) {
	case ROOT_PLACE_GLOBAL:
		return of_global(place, field, "static ", false);
	case ROOT_PLACE_THREAD_LOCAL:
		return of_thread(in, place, field);
	case ROOT_PLACE_LOCAL:
	case ROOT_PLACE_FRAME:
		return of_function(in, place, field);
	case ROOT_PLACE_NONE:
		break;
	}
	return NULL;
}

char *root_variable(const struct reading *in, const struct rkn_root *root,
		    bool field)
{
	const struct root_place place = block_types_root(in->types, root);

	return of_place(in, &place, field);
}

/* --- Any root ------------------------------------------------------------------- */

/* "stack of the main thread"; `of` is freed. */
static char *of_thread_text(const struct reading *in,
			    const struct rkn_root *root, char *of)
{
	const uint32_t tid = root->owner < in->m->thread_count
				 ? in->m->threads[root->owner].tid
				 : 0;
	char *text = !tid ? xasprintf("%s of a thread", of)
		     : tid == in->m->meta.pid
			 ? xasprintf("%s of the main thread", of)
			 : xasprintf("%s of thread %u", of, tid);

	free(of);
	return text;
}

static char *of_data(const struct reading *in, const struct rkn_root *root,
		     char *variable)
{
	struct location at = { 0 };
	char symbol[SYMBOL_SIZE] = "", *module, *text;

	/* It says where it is. */
	if (variable && strncmp(variable, "static ", strlen("static ")) == 0)
		return variable;
	if (root->owner < in->m->module_count)
		at.module = model_text(in->m, in->m->modules[root->owner].path);
	if (!variable && symbols_data(in->symbols, root->owner, root->where,
				      symbol, sizeof(symbol)))
		symbol[strcspn(symbol, "+")] = '\0';
	module = place_module(&at);
	if (!variable && *symbol)
		variable = xstrdup(symbol);
	text = xasprintf(variable ? "%s in %s" : "%sdata of %s",
			 variable ? variable : "",
			 module ? module : "an unknown module");
	free(module);
	free(variable);
	return text;
}

char *root_name(const struct reading *in, const struct rkn_root *root)
{
	const struct root_place place = block_types_root(in->types, root);
	char *variable = of_place(in, &place, false);

	switch ((enum rkn_root_kind)root->kind) {
	case RKN_ROOT_DATA:
		return of_data(in, root, variable);
	case RKN_ROOT_STACK:
	case RKN_ROOT_REGISTER:
	case RKN_ROOT_TLS:
		/* The main thread is in main(), which says so. */
		if (variable && place.kind != ROOT_PLACE_THREAD_LOCAL &&
		    root->owner < in->m->thread_count &&
		    in->m->threads[root->owner].tid == in->m->meta.pid)
			return variable;
		if (!variable)
			variable = xstrdup(root->kind == RKN_ROOT_TLS
					       ? "thread-local variables"
					       : "stack");
		return of_thread_text(in, root, variable);
	case RKN_ROOT_MAP:
		return variable ? variable : xstrdup("mappings");
	case RKN_ROOT_INHERITED:
		return xstrdup("memory that fork copied");
	case RKN_ROOT_LOADER:
		return xstrdup("the dynamic loader");
	case RKN_ROOT_DECLARED:
		return xstrdup("what the program declared");
	case RKN_ROOT_GONE:
		return xstrdup("memory that was unmapped at the end");
	}
	return xstrdup("an unknown root");
}
