/* SPDX-License-Identifier: MIT */
#include "declared.h"

#include <stdlib.h>

#include "die.h"
#include "list.h"

static int compare(const void *a, const void *b)
{
	const struct declared_pair *x = a, *y = b;

	return ORDER(x->how, y->how) ?:
	       ORDER(x->from, y->from) ?:
	       ORDER(x->to, y->to);
}

void declared_make(struct declared *d, const struct model *m)
{
	d->count = 0;
	d->pairs = xcalloc(m->reference_count + 1, sizeof(*d->pairs));
	for (size_t i = 0; i < m->reference_count; i++) {
		const struct rkn_reference *r = &m->references[i];
		bool weak = r->kind == RKN_REFERENCE_WEAK;
		enum declared_how how = weak ? DECLARED_WEAK : DECLARED_STRONG;
		uint32_t from = r->from;

		/* A holder that is not an object may be in a block. */
		if (!from) {
			from =
			    r->holder ? model_block_at(m, r->holder) : RKN_NONE;
			how =
			    weak ? DECLARED_BLOCK_WEAK : DECLARED_BLOCK_STRONG;
		}
		if (from != RKN_NONE)
			d->pairs[d->count++] =
			    (struct declared_pair){ how, from, r->to };
	}
	if (d->count)
		qsort(d->pairs, d->count, sizeof(*d->pairs), compare);
}

void declared_release(struct declared *d)
{
	free(d->pairs);
	*d = (struct declared){ 0 };
}

bool declared_has(const struct declared *d, enum declared_how how,
		  uint32_t from, uint32_t to)
{
	struct declared_pair key = { (uint32_t)how, from, to };

	return d->count &&
	       bsearch(&key, d->pairs, d->count, sizeof(key), compare);
}
