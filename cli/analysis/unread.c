/* SPDX-License-Identifier: MIT */
#include "unread.h"

#include <stdlib.h>

#include "die.h"
#include "escape.h"
#include "units.h"

static void list_modules(struct unread *u, const struct reading *in)
{
	const struct model *m = in->m;

	*u = (struct unread){ 0 };
	for (uint32_t i = 0; i < m->module_count; i++) {
		const char *why = symbols_why_missing(in->symbols, i);

		if (!why || u->modules++)
			continue;
		u->path = model_text(m, m->modules[i].path);
		u->why = why;
	}
}

void unread_frames(struct unread *u, const struct reading *in)
{
	const struct model *m = in->m;

	for (size_t i = 1; i < m->frame_count; i++)
		symbols_check(in->symbols, m->frames[i].module);
	list_modules(u, in);
	for (size_t i = 1; i < m->frame_count; i++)
		u->affected += symbols_why_missing(in->symbols,
						   m->frames[i].module) != NULL;
}

bool unread_has(const struct reading *in, const struct finding *f)
{
	const struct model *m = in->m;
	uint32_t frame = m->stacks[f->stack].frame;

	for (; frame; frame = m->frames[frame].parent)
		if (symbols_why_missing(in->symbols, m->frames[frame].module))
			return true;
	return false;
}

void unread_findings(struct unread *u, const struct reading *in,
		     const struct findings *f)
{
	list_modules(u, in);
	for (size_t i = 0; u->modules && i < f->count; i++)
		u->affected += unread_has(in, &f->list[i]);
}

char *unread_modules(size_t modules, const char *path, const char *why)
{
	char count[UNITS_SIZE], *shown = escape(path);
	char *text =
	    modules == 1
		? xasprintf("1 module: %s %s", shown, why)
		: xasprintf("%s, such as %s, which %s",
			    units_count(count, modules, "module"), shown, why);

	free(shown);
	return text;
}

char *unread_effect(size_t modules, size_t findings)
{
	char count[UNITS_SIZE];

	if (!findings)
		return xstrdup("no finding has calls in it");
	return xasprintf(
	    "%s %s calls in %s that are known by offset only, which no function in a suppression matches",
	    units_count(count, findings, "finding"),
	    findings == 1 ? "has" : "have", modules == 1 ? "it" : "them");
}
