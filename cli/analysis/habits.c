/* SPDX-License-Identifier: MIT */
#include "habits.h"

#include "value_set.h"

#define DOUBT    8  /* one caller in so many may do otherwise */
#define SIZES    16 /* of what one function allocates that are tried */
#define ANY_SIZE UINT64_MAX

/* All that are held there, of one size or (ANY_SIZE) of any. */
static void accept_all(struct habits *s, const struct seat *from,
		       const struct seat *to, uint64_t size)
{
	for (; from < to; from++)
		if (s->held[from->block] &&
		    (size == ANY_SIZE || size == from->size))
			s->accept(s->data, from->block);
}

/* What several callers do with the blocks. */
struct habit {
	uint32_t callers;     /* whose blocks are held there */
	uint32_t others;      /* whose blocks are not */
	uint32_t there, held; /* blocks of the caller at work */
};

static void habit_end_caller(struct habit *h)
{
	if (h->there && 2 * h->there >= h->held)
		h->callers++;
	else if (h->held)
		h->others++;
	h->there = h->held = 0;
}

static bool habit_is_firm(const struct habit *h)
{
	return h->callers >= HABITS_LEAST && DOUBT * h->others <= h->callers;
}

static struct habit habit_of(const struct habits *s, const struct seat *from,
			     const struct seat *to, int depth, uint64_t size)
{
	struct habit h = { 0 };
	uint64_t caller = 0;

	for (; from < to; from++) {
		uint64_t next = seats_chain(s->seats, from)[depth];

		if (next != caller)
			habit_end_caller(&h);
		caller = next;
		if (size != ANY_SIZE && size != from->size)
			continue;
		h.there += s->held[from->block] == HABITS_THERE;
		h.held += s->held[from->block] != HABITS_BY_LINK;
	}
	habit_end_caller(&h);
	return h;
}

/* Does the function add the offset itself, or for blocks of one type? */
static bool judge_function(struct habits *s, const struct seat *from,
			   const struct seat *to, int depth)
{
	struct habit h = habit_of(s, from, to, depth, ANY_SIZE);
	struct value_set sizes = { 0 };
	bool all;

	if (h.callers < HABITS_LEAST)
		return false;
	for (const struct seat *seat = from; seat < to; seat++)
		if (s->held[seat->block] == HABITS_THERE)
			value_set_add(&sizes, seat->size);
	value_set_sort(&sizes);
	all = habit_is_firm(&h) && sizes.count >= HABITS_LEAST;
	if (all)
		accept_all(s, from, to, ANY_SIZE);
	for (size_t i = 0; !all && i < sizes.count && i < SIZES; i++) {
		h = habit_of(s, from, to, depth, sizes.values[i]);
		if (habit_is_firm(&h))
			accept_all(s, from, to, sizes.values[i]);
	}
	value_set_release(&sizes);
	return all;
}

/* Blocks whose stacks have `depth` frames in common. At most SEATS_DEPTH deep. */
static void judge(struct habits *s, const struct seat *from,
		  const struct seat *to, int depth)
{
	const struct model *m = s->seats->m;
	const struct seat *end;
	uint32_t there = 0;

	for (end = from; end < to; end++)
		there += s->held[end->block] == HABITS_THERE;
	if (there < HABITS_LEAST)
		return;
	while (depth < SEATS_DEPTH && seats_chain(s->seats, from)[depth] ==
					  seats_chain(s->seats, to - 1)[depth])
		depth++;
	if (depth == SEATS_DEPTH) {
		/* Where callers are missing, blocks of one size are taken for
		 * one place's. */
		if (!(m->stacks[m->blocks[from->block].stack].flags &
		      RKN_STACK_TRUNCATED) ||
		    seats_chain(s->seats, from)[SEATS_DEPTH - 1] ||
		    from->size == (to - 1)->size)
			accept_all(s, from, to, ANY_SIZE);
		return;
	}
	if (judge_function(s, from, to, depth))
		return;
	for (; from < to; from = end) {
		end = from + 1;
		while (end < to && seats_chain(s->seats, end)[depth] ==
				       seats_chain(s->seats, from)[depth])
			end++;
		judge(s, from, end, depth + 1);
	}
}

void habits_judge(struct habits *s, const struct seat *from,
		  const struct seat *to)
{
	judge(s, from, to, 1);
}
