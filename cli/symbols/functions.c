/* SPDX-License-Identifier: MIT */
#include "functions.h"
#include "base_name.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "escape.h"
#include "place.h"

#define SIMILAR 5 /* names that are shown */

/* glibc's puts is _IO_puts, and inside the library __GI__IO_puts. */
static const char *plain(const char *name)
{
	if (!strncmp(name, "__GI_", 5))
		name += 5;
	if (!strncmp(name, "_IO_", 4))
		return name + 4;
	return name + strspn(name, "_");
}

static bool is_name(const char *name, const char *wanted)
{
	size_t size = strlen(wanted);

	return !strncmp(name, wanted, size) &&
	       (!name[size] || name[size] == '(' || name[size] == '@' ||
		name[size] == '<');
}

bool functions_is(const struct location *l, const char *wanted, bool alias)
{
	char *address;
	bool is;

	if (l->function)
		return is_name(l->function, wanted) ||
		       is_name(l->shown, wanted) || is_name(l->full, wanted) ||
		       (alias && *plain(wanted) &&
			is_name(plain(l->function), plain(wanted)));
	if (!strstr(wanted, "+0x"))
		return false;
	address = place_function(l);
	is = !strcmp(address, wanted);
	free(address);
	return is;
}

struct search {
	const char *wanted;
	const char *similar[SIMILAR];
	size_t count;
	const char *nameless; /* module of functions without a name */
};

static void look_at(struct search *search, const struct location *l,
		    const char *program)
{
	size_t i = 0;

	if (!l->function) {
		if (l->module &&
		    (!search->nameless || !strcmp(l->module, program)))
			search->nameless = l->module;
		return;
	}
	if (search->count == SIMILAR ||
	    (!strcasestr(l->function, search->wanted) &&
	     !strcasestr(l->full, search->wanted)))
		return;
	while (i < search->count && strcmp(search->similar[i], l->shown))
		i++;
	search->similar[i] = l->shown;
	search->count += i == search->count;
}

static void look_at_all(struct search *search, const struct location *list,
			size_t count, const char *program)
{
	for (size_t i = 0; i < count; i++)
		look_at(search, &list[i], program);
}

/* `text` is freed. */
static char *add(char *text, const char *before, const char *name,
		 const char *after)
{
	char *shown = escape(name);
	char *all = xasprintf("%s%s%s%s", text, before, shown, after);

	free(text);
	free(shown);
	return all;
}

/* Why its functions have no names, and what helps. `text` is freed. */
static char *add_nameless(char *text, const struct model *m, struct symbols *s,
			  const char *module)
{
	const char *why = NULL;

	for (uint32_t i = 0; i < m->module_count && !why; i++)
		if (!strcmp(model_text(m, m->modules[i].path), module))
			why = symbols_why_missing(s, i);
	if (why) {
		text = add(text, "; ", base_name(module), " ");
		return add(text, why, "", "");
	}
	return add(
	    text, "; ", base_name(module),
	    " has no names for some of its functions, as it was stripped: these are called as in `refknot objects --by function`");
}

char *functions_why_not(const struct model *m, struct symbols *s,
			const char *wanted)
{
	const char *program = model_text(m, m->meta.program);
	struct search search = { .wanted = wanted };
	const struct location *l;
	char *text;
	size_t n;

	for (uint32_t f = 1; f < m->frame_count; f++) {
		n = symbols_frame(s, f, &l);
		look_at_all(&search, l, n, program);
	}
	for (uint32_t i = 1; i < m->stack_count; i++) {
		n = symbols_innermost(s, i, &l);
		look_at_all(&search, l, n, program);
	}
	text =
	    add(xstrdup(""), "no call stack has a function named ", wanted, "");
	for (size_t i = 0; i < search.count; i++)
		text = add(text, i ? ", " : "; some have: ", search.similar[i],
			   "");
	if (search.nameless)
		text = add_nameless(text, m, s, search.nameless);
	return add(
	    text,
	    "; functions that were inlined have names only where the program was built with -g",
	    "", "");
}
