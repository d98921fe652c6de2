/* SPDX-License-Identifier: MIT */
#include "loss_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "hash.h"
#include "list.h"
#include "place.h"
#include "table.h"
#include "units.h"

#define MOST_ROWS  8
#define MOST_NAMES 3 /* functions of a row */

struct loss {
	char *name;
	uint64_t bytes, findings;
	struct loss *functions; /* of a module: hash table */
	UT_hash_handle hh;
};

static int worst_first(const struct loss *a, const struct loss *b)
{
	return ORDER(b->bytes, a->bytes)
		   ?: ORDER(b->findings, a->findings)
		   ?: strcmp(a->name, b->name);
}

/* The one of that name, with what `f` loses added. */
static struct loss *add(struct loss **all, const char *name,
			const struct finding *f)
{
	struct loss *l;

	HASH_FIND_STR(*all, name, l);
	if (!l) {
		l = xcalloc(1, sizeof(*l));
		l->name = xstrdup(name);
		HASH_ADD_KEYPTR(hh, *all, l->name, strlen(l->name), l);
	}
	l->bytes += f->bytes + f->held_bytes;
	l->findings++;
	return l;
}

static void release(struct loss **all)
{
	struct loss *l, *next;

	HASH_ITER (hh, *all, l, next) {
		HASH_DEL(*all, l);
		release(&l->functions);
		free(l->name);
		free(l);
	}
}

/* "FcPatternCreate, FcCharSetCreate and 41 more" */
static char *functions_of(struct loss *module)
{
	size_t shown = 0, count = HASH_COUNT(module->functions);
	char *text = xstrdup(""), *longer;
	struct loss *l, *next;

	HASH_SORT(module->functions, worst_first);
	HASH_ITER (hh, module->functions, l, next) {
		if (shown == MOST_NAMES)
			break;
		longer =
		    xasprintf("%s%s%s", text, shown++ ? ", " : "", l->name);
		free(text);
		text = longer;
	}
	if (shown < count) {
		longer = xasprintf("%s and %zu more", text, count - shown);
		free(text);
		text = longer;
	}
	return text;
}

static void add_row(struct table *t, const struct loss *l, const char *name,
		    const char *functions)
{
	char text[UNITS_SIZE];

	table_add(t, units_bytes(text, l->bytes));
	snprintf(text, sizeof(text), "%" PRIu64, l->findings);
	table_add(t, text);
	table_add(t, name);
	if (functions)
		table_add(t, functions);
}

/* Rows of modules with their functions, or of functions. */
static void print_rows(const struct printer *p, struct loss *rows, bool modules)
{
	const struct table_column columns[] = {
		{ "LOST", true },
		{ "FINDINGS", true },
		{ modules ? "MODULE" : "FUNCTION", false },
		{ "IN", false },
	};
	struct loss *l, *next, rest = { 0 };
	struct table t;
	size_t shown = 0;
	char *text;

	table_init(&t, columns, modules ? 4 : 3);
	HASH_ITER (hh, rows, l, next) {
		if (shown++ >= MOST_ROWS) {
			rest.bytes += l->bytes;
			rest.findings += l->findings;
			continue;
		}
		text = modules ? functions_of(l) : NULL;
		add_row(&t, l, l->name, text);
		free(text);
	}
	if (rest.findings) {
		text = xasprintf("%zu more", shown - MOST_ROWS);
		add_row(&t, &rest, text, modules ? "" : NULL);
		free(text);
	}
	table_print(&t, p->out);
	table_release(&t);
}

void loss_table_print(const struct printer *p, const struct findings *f,
		      unsigned kinds)
{
	struct loss *modules = NULL;

	for (size_t i = 0; i < f->count; i++) {
		const struct finding *finding = &f->list[i];
		const struct location *l;
		char *module, *function;

		if (!(kinds & 1u << finding->kind))
			continue;
		l = block_types_place(p->in->types, finding->stack);
		module = place_module(l);
		function = place_function(l);
		add(&add(&modules, module ? module : "not known", finding)
			 ->functions,
		    function, finding);
		free(module);
		free(function);
	}
	if (HASH_COUNT(modules) == 1) {
		HASH_SORT(modules->functions, worst_first);
		print_rows(p, modules->functions, false);
	} else {
		HASH_SORT(modules, worst_first);
		print_rows(p, modules, true);
	}
	release(&modules);
}
