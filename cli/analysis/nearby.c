/* SPDX-License-Identifier: MIT */
#include "nearby.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "list.h"

#define MOST 5 /* types that are named */

/* What is called "TYPE#NUMBER". */
struct named {
	const char *type; /* those alike have the same pointer */
	uint64_t number;  /* 0: a block, which come one after another from 1 */
};

/* All that are of one type. */
struct kind {
	const char *type;
	uint64_t count, first, last;
	bool near;
};

static int by_type(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	if (x->type != y->type)
		return (uintptr_t)x->type < (uintptr_t)y->type ? -1 : 1;
	return ORDER(x->number, y->number);
}

/* The part before "#7", and behind "malloc in ". */
static char *stem_of(const char *text)
{
	const char *in = strstr(text, " in ");
	const char *from = in ? in + 4 : text;

	return xasprintf("%.*s", (int)strcspn(from, "#"), from);
}

/* The near ones first, then those with most, then by name. */
static int by_worth(const void *a, const void *b)
{
	const struct kind *x = a, *y = b;

	return ORDER(y->near, x->near) ?:
	       ORDER(y->count, x->count) ?:
	       strcmp(x->type, y->type);
}

static char *range_of(const struct kind *k)
{
	if (k->first == k->last)
		return xasprintf("%s#%" PRIu64, k->type, k->first);
	if (k->last - k->first + 1 == k->count)
		return xasprintf("%s#%" PRIu64 " to #%" PRIu64, k->type,
				 k->first, k->last);
	return xasprintf("%" PRIu64 " from %s#%" PRIu64 " to #%" PRIu64,
			 k->count, k->type, k->first, k->last);
}

/* Of list[0 .. count), which is sorted, the types; *kinds of them. */
static struct kind *make_kinds(const struct named *list, size_t count,
			       const char *stem, size_t *kinds)
{
	struct kind *made = xcalloc(count + 1, sizeof(*made)), *k = made;

	for (size_t i = 0; i < count; i++) {
		if (!i || list[i - 1].type != list[i].type) {
			char *other = stem_of(list[i].type);

			k = &made[(*kinds)++];
			k->type = list[i].type;
			k->first = list[i].number ? list[i].number : 1;
			k->near = *stem && *other &&
				  (strcasestr(other, stem) ||
				   strcasestr(stem, other));
			free(other);
		}
		k->count++;
		k->last = list[i].number ? list[i].number : k->count;
	}
	qsort(made, *kinds, sizeof(*made), by_worth);
	return made;
}

char *nearby_names(const struct reading *in, const char *text, bool objects)
{
	const struct model *m = in->m;
	char *stem = stem_of(text), *names = NULL;
	size_t count = 0, kinds = 0;
	struct named *list = NULL;
	struct kind *made;

	for (uint32_t i = 1; i < m->object_count; i++)
		*LIST_ADD(list, count) = (struct named){
			names_type_called(in->names, m->objects[i].type),
			m->objects[i].serial,
		};
	for (uint32_t b = 0; b < m->block_count && !objects; b++)
		if (!names_object_at(in->names, b))
			*LIST_ADD(list, count) =
			    (struct named){ names_block_type(in->names, b), 0 };
	if (count)
		qsort(list, count, sizeof(*list), by_type);
	made = make_kinds(list, count, stem, &kinds);
	for (size_t i = 0; i < kinds && i < MOST; i++) {
		char *one, *shorter = names;

		if (made[0].near && !made[i].near)
			break;
		one = range_of(&made[i]);
		names = xasprintf("%s%s%s", shorter ? shorter : "",
				  shorter ? ", " : "", one);
		free(one);
		free(shorter);
	}
	free(made);
	free(list);
	free(stem);
	return names;
}
