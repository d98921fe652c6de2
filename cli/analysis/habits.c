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

static void habit_add(const struct habits *s, struct habit *h,
		      const struct seat *seat)
{
	h->there += s->held[seat->block] == HABITS_THERE;
	h->held += s->held[seat->block] != HABITS_BY_LINK;
}

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
		if (size == ANY_SIZE || size == from->size)
			habit_add(s, &h, from);
	}
	habit_end_caller(&h);
	return h;
}

/* The sizes of what is held there. */
static void find_sizes(const struct habits *s, const struct seat *from,
		       const struct seat *to, struct value_set *sizes)
{
	for (; from < to; from++)
		if (s->held[from->block] == HABITS_THERE)
			value_set_add(sizes, from->size);
	value_set_sort(sizes);
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
	find_sizes(s, from, to, &sizes);
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

static uint32_t count_there(const struct habits *s, const struct seat *from,
			    const struct seat *to)
{
	uint32_t n = 0;

	for (; from < to; from++)
		n += s->held[from->block] == HABITS_THERE;
	return n;
}

/* Where callers are missing, blocks of one size are taken for one place's. */
static bool is_one_place(const struct habits *s, const struct seat *from,
			 const struct seat *to)
{
	uint32_t stack = s->seats->m->blocks[from->block].stack;

	return !(s->seats->m->stacks[stack].flags & RKN_STACK_TRUNCATED) ||
	       seats_chain(s->seats, from)[SEATS_DEPTH - 1] ||
	       from->size == (to - 1)->size;
}

/* Blocks whose stacks have `depth` frames in common. At most SEATS_DEPTH deep. */
static void judge(struct habits *s, const struct seat *from,
		  const struct seat *to, int depth)
{
	const struct seat *end;

	if (count_there(s, from, to) < HABITS_LEAST)
		return;
	while (depth < SEATS_DEPTH && seats_chain(s->seats, from)[depth] ==
					  seats_chain(s->seats, to - 1)[depth])
		depth++;
	if (depth == SEATS_DEPTH) {
		if (is_one_place(s, from, to))
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
