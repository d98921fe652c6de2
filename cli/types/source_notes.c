/* SPDX-License-Identifier: MIT */
#include "source_notes.h"

#include <stdlib.h>

void source_notes_release(struct source_notes *n)
{
	struct source_sum *s, *next_sum;
	struct source_meaning *m, *next_meaning;

	HASH_ITER (hh, n->sums, s, next_sum) {
		HASH_DEL(n->sums, s);
		free(s->file);
		free(s);
	}
	HASH_ITER (hh, n->meanings, m, next_meaning) {
		HASH_DEL(n->meanings, m);
		free(m->key);
		free(m);
	}
	source_units_release(&n->units);
	*n = (struct source_notes){ 0 };
}
