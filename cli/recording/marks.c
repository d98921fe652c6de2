/* SPDX-License-Identifier: MIT */
#include "marks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "escape.h"

#define LISTED 10

static bool is_called(const struct model *m, const struct rkn_mark *mark,
		      const char *name)
{
	const char *text = model_name(m, mark->name);
	size_t size = strlen(text);
	char *end;

	if (strncmp(name, text, size))
		return false;
	if (!name[size])
		return true;
	return name[size] == '#' && name[size + 1] &&
	       strtoull(name + size + 1, &end, 10) == mark->number && !*end;
}

const struct rkn_mark *marks_find(const struct model *m, const char *name)
{
	for (size_t i = m->mark_count; i-- > 0;)
		if (is_called(m, &m->marks[i], name))
			return &m->marks[i];
	return NULL;
}

char *marks_list(const struct model *m)
{
	char *list = xstrdup(m->mark_count ? "" : "none");

	for (size_t i = 0; i < m->mark_count && i <= LISTED; i++) {
		char *name = escape(model_name(m, m->marks[i].name));
		char *longer, number[16] = "";
		bool several = false;

		for (size_t k = 0; k < m->mark_count; k++)
			several |=
			    k != i && m->marks[k].name == m->marks[i].name;
		if (several)
			snprintf(number, sizeof(number), "#%" PRIu32,
				 m->marks[i].number);
		longer = i < LISTED ? xasprintf("%s%s%s%s", list, i ? ", " : "",
						name, number)
				    : xasprintf("%s, ...", list);
		free(name);
		free(list);
		list = longer;
	}
	return list;
}

unsigned marks_survived(const struct model *m, uint32_t block)
{
	uint64_t birth = m->blocks[block].birth;
	unsigned n = 0;

	for (size_t i = 0; birth && i < m->mark_count && n < 2; i++)
		n += m->marks[i].birth >= birth;
	return n;
}
