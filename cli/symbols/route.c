/* SPDX-License-Identifier: MIT */
#include "route.h"
#include "list.h"

#include <stdlib.h>
#include <string.h>

#include "clones.h"

/* Without names only the same call is known to be in the same function. */
static bool is_same_function(const struct location *a, const struct location *b)
{
	size_t size;

	if (a->module != b->module &&
	    !(a->module && b->module && !strcmp(a->module, b->module)))
		return false;
	if (!a->function || !b->function)
		return !a->function && !b->function && a->module &&
		       a->offset == b->offset;
	size = clones_plain_length(a->function);
	return size == clones_plain_length(b->function) &&
	       !strncmp(a->function, b->function, size);
}

void route_add(struct route *r, const struct location *l)
{
	for (size_t i = 0; i < r->count; i++)
		if (is_same_function(r->list[i], l)) {
			r->count = i + 1;
			return;
		}
	*LIST_ADD(r->list, r->count) = l;
}

void route_release(struct route *r)
{
	free(r->list);
	*r = (struct route){ 0 };
}
