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
	double sampled = 0, part;

	for (unsigned i = 0; l && i < RKN_LIFE_BUCKETS; i++)
		sampled += (double)l->freed[i];
	part = sampled > 0 ? (double)l->freed[0] / sampled : 0;
	return (struct lives_sum){
		.blocks = (uint64_t)round(part * (double)s->frees),
		.bytes = (uint64_t)round(part * (double)s->freed_bytes),
	};
}
