/* SPDX-License-Identifier: MIT */
#include "walk.h"

#include "compiler.h"
#include "shadow.h"

/* 0 is the root, and its own. */
static uint32_t parent_of(uint32_t node)
{
	const struct store_frame *frames =
	    store_at(store.header->tables[STORE_FRAMES].offset);

	return frames[node].parent;
}

/* A stack that was not seen lately. */
static COLD struct walk_leaf *fill(struct thread *t, struct walk_leaf *leaf,
				   uint32_t node)
{
	uint32_t stack =
	    stacks_number(node, t->walk.truncated, t->area->limits);

	leaf->head = shadow_head(0, stack);
	leaf->counter = thread_counter(t->area, stack);
	leaf->node = leaf->counter && stack ? node : 0;
	leaf->scope = parent_of(parent_of(node));
	if (!leaf->counter)
		leaf->counter = &t->area->rest;
	return leaf;
}

/*
 * To note a stack takes as many instructions as to walk it once or twice.  It
 * pays if the stack is recalled twice before others take its place: of NOTED
 * slow walks there must be HITS times as many in all, else the next RESTED are
 * not noted.  What was noted before stays, and a loop that begins meanwhile is
 * noted after them.
 */
#define NOTED  64
#define HITS   3
#define RESTED 512
static bool noting_pays(struct thread *t)
{
	struct thread_noting *n = &t->noting;
	uint64_t all;

	if (n->rests) {
		n->rests--;
		return false;
	}
	if (n->slow++ < NOTED)
		return true;
	all = t->area->allocations + n->walks;
	if (all - n->since < HITS * NOTED)
		n->rests = RESTED;
	n->since = all;
	n->slow = 0;
	return true;
}

const struct walk_leaf *walk_from_slowly(struct thread *t, const void *frame)
{
	const uint64_t *words = frame;
	uint64_t sp = ADDRESS(words + 2);
	uint64_t most = thread_stack_end(t, sp);
	struct walk_leaf *leaf;
	uint32_t node;

	/* Of a stack whose end is not known no word is read: the block has its
	 * caller. Without any it would count as the loader's own. */
	if (unlikely(!most))
		most = sp;
	unwind_walk(&t->walk, words[1], sp, words[0], most);
	if (unlikely(t->walk.truncated) && thread_stack_grew(t, sp, &most)) {
		unwind_begin(&t->walk, (uint32_t)process.settings.depth);
		unwind_walk(&t->walk, words[1], sp, words[0], most);
	}
	node = stacks_node(&t->memo, &t->walk, t->area->limits);
	leaf = stacks_few(&t->memo) ? &t->leaves_few[node % THREAD_LEAVES_FEW]
				    : &t->leaves[node % THREAD_LEAVES];
	if (unlikely(!node || leaf->node != node))
		leaf = fill(t, leaf, node);
	if (likely(leaf->node) && noting_pays(t))
		unwind_note(&t->walk, leaf);
	return leaf;
}

const struct walk_leaf *walk_from_memo(struct thread *t, const void *frame,
				       const struct walk_memo *m)
{
	return likely(m && unwind_joins(&t->walk, m))
		   ? &m->leaf
		   : walk_from_slowly(t, frame);
}
