/* SPDX-License-Identifier: MIT */
/* What the programs of the ledger's tests hold and lose. */
#ifndef NODE_H
#define NODE_H

#include <refknot.h>
#include <stdlib.h>

#include "corners.h"

struct node {
	struct node *next, *other;
	int references;
	char rest[36];
};

/* What the program knows. */
static __attribute__((unused)) struct node *table[64];

/* One with its maker's reference. */
static NOINLINE struct node *node_new(const char *type)
{
	struct node *n = calloc(1, sizeof(*n));

	n->references = 1;
	refknot_object(n, type);
	return n;
}

/* One more, that `holder` (NULL: nobody is named) has in `field`. */
static NOINLINE struct node *node_ref(struct node *n, struct node *holder,
				      const char *field)
{
	n->references++;
	refknot_retain_by(n, holder, field);
	return n;
}

/* As most programs have it: nobody says who gives back. */
static NOINLINE void node_unref(struct node *n)
{
	refknot_release(n);
	if (--n->references)
		return;
	if (n->next)
		node_unref(n->next);
	free(n);
}

#endif
