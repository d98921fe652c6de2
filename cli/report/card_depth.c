/* SPDX-License-Identifier: MIT */
#include "card_depth.h"

#include <stdlib.h>

#include "fnv.h"
#include "list.h"
#include "place.h"
#include "walk.h"

/* Findings beyond this many are taken for different: each needs the lines of its
 * stack, which costs more than it tells. */
#define MOST_FINDINGS 4096

#define HASHES (CARD_DEPTH_MOST + 1)

static uint64_t add_location(uint64_t hash, const struct location *l)
{
	hash = fnv_text(hash, l->function ? l->function : "");
	hash = fnv_text(hash, l->file ? l->file : "");
	if (!l->function || !l->file)
		hash = fnv_bytes(hash, (const char *)&l->offset,
				 sizeof(l->offset));
	return fnv_bytes(hash, (const char *)&l->line, sizeof(l->line));
}

/* The hashes of the site alone, with one caller, ...; returns how many there are. */
static size_t hash_stack(uint64_t *hashes, const struct finding *f,
			 const struct reading *in)
{
	const struct location *site = block_types_place(in->types, f->stack);
	uint64_t hash = fnv_byte(FNV_OFFSET, (unsigned char)f->kind);
	const struct location *l;
	bool there = false;
	struct walk w;
	size_t n = 0;

	walk_begin(&w, in->m, in->symbols, f->stack);
	while (n < HASHES && (l = walk_next(&w)) && !place_is_start(l)) {
		there |= l == site;
		if (!there || l->library || place_is_of_libc(l))
			continue;
		hash = add_location(hash, l);
		hashes[n++] = hash;
	}
	return n;
}

void card_depths_make(struct card_depths *d, const struct findings *f,
		      const struct reading *in, unsigned kinds)
{
	size_t most = f->count;

	if (most > MOST_FINDINGS)
		most = MOST_FINDINGS;
	*d = (struct card_depths){ 0 };
	d->hashes = xcalloc(most * HASHES + 1, sizeof(*d->hashes));
	for (size_t i = 0; i < most; i++)
		if (kinds & 1u << f->list[i].kind)
			d->count +=
			    hash_stack(&d->hashes[d->count], &f->list[i], in);
	qsort(d->hashes, d->count, sizeof(*d->hashes), list_ascending_64);
}

unsigned card_depths_of(const struct card_depths *d, const struct finding *f,
			const struct reading *in)
{
	uint64_t hashes[HASHES];
	size_t n = hash_stack(hashes, f, in);

	for (size_t i = 0; i < n; i++) {
		size_t at = LOWER_BOUND(d->count, k, d->hashes[k] < hashes[i]);

		if (at + 1 >= d->count || d->hashes[at + 1] != hashes[i])
			return (unsigned)i;
	}
	return CARD_DEPTH_USUAL;
}

void card_depths_release(struct card_depths *d)
{
	free(d->hashes);
}
