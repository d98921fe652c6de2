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
	return x->number < y->number ? -1 : x->number > y->number;
}

static struct named *collect(const struct model *m, struct names *n,
			     bool objects, size_t *count)
{
	struct named *list = xcalloc(
	    (size_t)m->block_count + m->object_count + 1, sizeof(*list));
	size_t k = 0;

	for (uint32_t i = 1; i < m->object_count; i++)
		list[k++] = (struct named){
			names_type_called(n, m->objects[i].type),
			m->objects[i].serial,
		};
	for (uint32_t b = 0; b < m->block_count && !objects; b++)
		if (!names_object_at(n, b))
			list[k++] = (struct named){ names_block_type(n, b), 0 };
	qsort(list, k, sizeof(*list), by_type);
	*count = k;
	return list;
}

/* The part before "#7", and behind "malloc in ". */
static char *stem_of(const char *text)
{
	const char *in = strstr(text, " in ");
	const char *from = in ? in + 4 : text;

	return xasprintf("%.*s", (int)strcspn(from, "#"), from);
}

static bool is_near(const char *type, const char *stem)
{
	char *other = stem_of(type);
	bool near = *stem && *other &&
		    (strcasestr(other, stem) || strcasestr(stem, other));

	free(other);
	return near;
}

static struct kind *make_kinds(const struct named *list, size_t count,
			       const char *stem, size_t *kinds)
{
	struct kind *made = xcalloc(count + 1, sizeof(*made));
	size_t k = 0;

	for (size_t i = 0; i < count; i++) {
		if (!k || made[k - 1].type != list[i].type)
			made[k++] = (struct kind){
				.type = list[i].type,
				.first = list[i].number ? list[i].number : 1,
				.near = is_near(list[i].type, stem),
			};
		made[k - 1].count++;
		made[k - 1].last =
		    list[i].number ? list[i].number : made[k - 1].count;
	}
	*kinds = k;
	return made;
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

static char *join(const struct kind *list, size_t count)
{
	char *text = NULL;

	for (size_t i = 0; i < count && i < MOST; i++) {
		char *one, *longer;

		if (list[0].near && !list[i].near)
			break;
		one = range_of(&list[i]);
		longer = text ? xasprintf("%s, %s", text, one) : xstrdup(one);
		free(one);
		free(text);
		text = longer;
	}
	return text;
}

char *nearby_names(const struct model *m, struct names *n, const char *text,
		   bool objects)
{
	char *stem = stem_of(text), *names;
	size_t count, kinds;
	struct named *list = collect(m, n, objects, &count);
	struct kind *made = make_kinds(list, count, stem, &kinds);

	qsort(made, kinds, sizeof(*made), by_worth);
	names = join(made, kinds);
	free(made);
	free(list);
	free(stem);
	return names;
}
