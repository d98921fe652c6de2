/* SPDX-License-Identifier: MIT */
#include "lives.h"

#include <math.h>

#include "instants.h"
#include "list.h"

const char *lives_why_unknown(const struct model *m)
{
	return instants_known(m) && model_knows(m, RKN_CHUNK_LIVES)
		   ? NULL
		   : INSTANTS_WHY_UNKNOWN;
}

const struct rkn_lives *lives_of(const struct model *m, uint32_t stack)
{
	const size_t at =
	    LOWER_BOUND(m->life_count, i, m->lives[i].stack < stack);

	return at < m->life_count && m->lives[at].stack == stack ? &m->lives[at]
								 : NULL;
}

struct lives_sum lives_temporary(const struct model *m, uint32_t stack)
{
	const struct rkn_stack *s = &m->stacks[stack];
	const struct rkn_lives *l = lives_of(m, stack);
	uint64_t blocks = l ? l->freed[0] : 0;

	if (blocks > s->frees)
		blocks = s->frees;
	if (!blocks)
		return (struct lives_sum){ 0 };
	return (struct lives_sum){
		.blocks = blocks,
		.bytes = (uint64_t)round(
		    (double)blocks * (double)s->freed_bytes / (double)s->frees),
	};
}
