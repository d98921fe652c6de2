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

uint64_t lives_bound(unsigned i)
{
	return 1ull << RKN_LIFE_SHIFT * i;
}

double lives_mean(const struct model *m, const struct rkn_lives *l)
{
	const double longest =
	    instants_known(m) ? (double)instants_births(m) : INFINITY;
	double sum = 0, sampled = (double)l->freed[0];

	/* The middle of a bucket, as it grows; none lived for more than the run. */
	for (unsigned i = 1; i < RKN_LIFE_BUCKETS; i++) {
		const double low = (double)lives_bound(i - 1);
		const double high = fmin((double)lives_bound(i), longest);

		sum += (double)l->freed[i] * sqrt(low * fmax(low, high));
		sampled += (double)l->freed[i];
	}
	return sampled > 0 ? sum / sampled : 0;
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
