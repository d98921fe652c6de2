/* SPDX-License-Identifier: MIT */
#include "names.h"

#include <stdlib.h>
#include <string.h>

void names_add(struct names *n, const char *name)
{
	n->first[n->count++] = strdup(name);
}

void names_forget(struct names *n)
{
	memset(n, 0, sizeof(*n));
}

void names_clear(struct names *n)
{
	for (int i = 0; i < n->count; i++)
		free(n->first[i]);
	names_forget(n);
}

struct person *person_new(const char *name)
{
	struct person *p = calloc(1, sizeof(*p));

	strncpy(p->name, name, sizeof(p->name) - 1);
	return p;
}

void person_befriend(struct person *a, struct person *b)
{
	a->friend = b;
	b->friend = a;
}
