/* SPDX-License-Identifier: MIT */
#include "alike.h"

#include "distinct.h"

static uint64_t add_text(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = distinct_mix(hash + (unsigned char)*text);
	return distinct_mix(hash);
}

static uint64_t add_location(uint64_t hash, const struct location *l)
{
	hash = add_text(hash, l->module);
	if (!l->function || !l->line)
		return distinct_mix(hash + l->offset);
	hash = add_text(hash, l->function);
	hash = add_text(hash, l->file);
	return distinct_mix(hash + l->line);
}

uint64_t alike_stack(const struct model *m, struct symbols *s, uint32_t stack)
{
	uint32_t f = m->stacks[stack].frame;
	uint64_t hash = m->stacks[stack].flags;

	for (; f; f = m->frames[f].parent) {
		const struct location *l;
		size_t n = symbols_frame(s, f, &l);

		for (size_t i = 0; i < n; i++)
			hash = add_location(hash, &l[i]);
	}
	return hash;
}
