/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dominators.h"
#include "hash.h"
#include "list.h"
#include "page_made.h"
#include "page_parts.h"

/*
 * The tree of dominators, in which siblings of like type and site are one node, and
 * so is a block with the one that keeps it, if they are alike: a list is one node.
 * What a node keeps is still the sum of what is below it.
 */
struct node {
	uint32_t parent;     /* node 0 is the root */
	uint32_t type, site; /* texts */
	uint32_t block;      /* the first of it */
	uint64_t blocks;
	uint64_t bytes; /* of them */
	bool lost;
};

struct known_node {
	struct node_key {
		uint32_t parent, type, site;
	} key;
	uint32_t node;
	UT_hash_handle hh;
};

/* Types have one pointer each, as a rule: their texts by that. */
struct known_type {
	const char *type;
	uint32_t text;
	UT_hash_handle hh;
};

struct tree {
	struct page_data *d;
	struct node *nodes;
	size_t count;
	struct known_node *table;
	struct known_type *types;
	uint32_t *of; /* per block: its node */
	uint64_t folded, folded_bytes;
};

static uint32_t type_text(struct tree *t, uint32_t block)
{
	const char *type = names_block_type(t->d->in->names, block);
	struct known_type *k;

	HASH_FIND_PTR(t->types, &type, k);
	if (!k) {
		HASH_MAKE(t->types, type, type, k);
		k->text = (uint32_t)page_text(t->d, type);
	}
	return k->text;
}

static uint32_t node_of(struct tree *t, uint32_t block, uint32_t parent)
{
	uint32_t type = type_text(t, block);
	uint32_t site = page_site(t->d, t->d->m->blocks[block].stack);
	struct node_key key = { parent, type, site };
	struct known_node *k;

	if (parent && t->nodes[parent].type == type &&
	    t->nodes[parent].site == site)
		return parent;
	HASH_FIND(hh, t->table, &key, sizeof(key), k);
	if (k)
		return k->node;
	if (t->count >= PAGE_NODES) {
		t->folded++;
		t->folded_bytes += t->d->m->blocks[block].size;
		return parent;
	}
	HASH_MAKE(t->table, key, key, k);
	k->node = (uint32_t)t->count;
	*LIST_ADD(t->nodes, t->count) = (struct node){
		.parent = parent,
		.type = type,
		.site = site,
		.block = block,
		.lost = t->d->holding.mark[block] == HOLDING_LOST,
	};
	return k->node;
}

static void fill(struct tree *t)
{
	struct page_data *d = t->d;

	t->of = xcalloc(d->m->block_count + 1, sizeof(*t->of));
	memset(t->of, 0xff, (d->m->block_count + 1) * sizeof(*t->of));
	*LIST_ADD(t->nodes, t->count) = (struct node){ 0 };
	for (uint32_t i = 0; i < d->reached; i++) {
		uint32_t b = d->order[i], by = d->dominator[b];
		uint32_t n =
		    node_of(t, b, by == DOMINATORS_NONE ? 0 : t->of[by]);

		t->of[b] = n;
		t->nodes[n].blocks++;
		t->nodes[n].bytes += d->m->blocks[b].size;
	}
	if (t->folded)
		page_note(d,
			  "The treemap has %d groups of blocks; %" PRIu64
			  " blocks in smaller ones count for what keeps them.",
			  PAGE_NODES, t->folded);
}

void page_tree(struct page_data *d)
{
	struct tree t = { .d = d };
	const struct node *n;

	page_object(d, "tree");
	if (d->why) {
		page_object_end(d);
		return;
	}
	fill(&t);
	n = t.nodes;
	PAGE_COLUMN(d, "parent", t.count, i, i - n[i].parent);
	PAGE_COLUMN(d, "type", t.count, i, n[i].type);
	PAGE_COLUMN(d, "site", t.count, i, n[i].site);
	PAGE_COLUMN(d, "block", t.count, i, n[i].block);
	PAGE_COLUMN(d, "blocks", t.count, i, n[i].blocks);
	PAGE_COLUMN(d, "bytes", t.count, i, n[i].bytes);
	PAGE_COLUMN(d, "lost", t.count, i, n[i].lost);
	page_made(d, t.of, t.count, "The treemap");
	page_object_end(d);
	HASH_FREE(t.table);
	HASH_FREE(t.types);
	free(t.nodes);
	free(t.of);
}
