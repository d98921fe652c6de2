/* SPDX-License-Identifier: MIT */
/*
 * Signatures, by which a finding is known again in another run or build:
 * FNV-1a over its kind and the functions on its members' stacks, each
 * different stack once and in an order that addresses have no part in.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "die.h"
#include "distinct.h"
#include "findings.h"
#include "place.h"

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME  UINT64_C(0x100000001b3)

/* The text's NUL is hashed too, so that "ab" "c" is not "a" "bc". */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char)*text) * FNV_PRIME;
	while (*text++);
	return hash;
}

static uint64_t hash_stack(const struct model *m, struct symbols *s,
			   uint32_t stack)
{
	uint64_t hash = FNV_OFFSET;

	for (uint32_t f = m->stacks[stack].frame; f; f = m->frames[f].parent) {
		const struct location *l;
		size_t n = symbols_frame(s, f, &l);

		for (size_t i = 0; i < n; i++) {
			char *function = place_function(&l[i]);

			hash = hash_text(hash, function);
			free(function);
		}
	}
	return hash;
}

static void collect_stacks(struct distinct *hashes, const struct finding *f,
			   const struct model *m, struct symbols *s)
{
	struct distinct stacks = { 0 };

	for (size_t i = 0; i < f->member_count; i++)
		distinct_add(&stacks, m->blocks[f->members[i]].stack);
	distinct_sort(&stacks);
	for (size_t i = 0; i < stacks.count; i++)
		distinct_add(hashes,
			     hash_stack(m, s, (uint32_t)stacks.values[i]));
	distinct_sort(hashes);
	distinct_release(&stacks);
}

const char *finding_sign(struct finding *f, const struct model *m,
			 struct symbols *s)
{
	struct distinct hashes = { 0 };
	uint64_t hash;

	if (*f->signature)
		return f->signature;
	hash = hash_text(FNV_OFFSET, finding_kind_name(f->kind));
	collect_stacks(&hashes, f, m, s);
	for (size_t i = 0; i < hashes.count; i++)
		hash = distinct_mix(hash ^ hashes.values[i]);
	snprintf(f->signature, sizeof(f->signature), "%016" PRIx64, hash);
	distinct_release(&hashes);
	return f->signature;
}
