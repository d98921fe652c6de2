/* SPDX-License-Identifier: MIT */
/* What the threads of a store counted, each in its own area, as sums. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording.h"
#include "store_file.h"

#define PAGE 4096u /* unit of the counters' places */

/* What was alive when most was. */
static void add_peak(const struct store_file *s, struct rkn_stack *stack,
		     const struct store_counter *c)
{
	/* Of a store that is still written it may be a newer one's. */
	bool then = (int32_t)(c->peak - s->h.peak) >= 0;

	/* A thread may have freed more than it allocated. */
	stack->peak_blocks += then ? (uint64_t)(int32_t)c->peak_blocks
				   : c->allocations - c->frees;
	stack->peak_bytes +=
	    then ? c->peak_bytes : c->allocated_bytes - c->freed_bytes;
}

/* What lived how long of the blocks of a stack that the thread freed. */
static void add_lives(struct store_file *s, size_t stack,
		      const struct store_counter *c)
{
	const unsigned halved = store_lives_halved(c->lives);

	for (int i = 0; s->lives && i < RKN_LIFE_BUCKETS; i++)
		s->lives[stack][i] += (uint64_t)(c->lives[i] & STORE_LIFE_MOST)
				      << (halved & 31);
}

static int add_pages(struct store_file *s, const struct store_area *a)
{
	struct rkn_stack *to = s->parts.of[RKN_CHUNK_STACKS].records;
	struct rkn_meta *meta = s->parts.of[RKN_CHUNK_META].records;
	size_t stacks = s->stack_count;

	for (size_t i = 0;
	     i < STORE_COUNTER_PAGES && i * STORE_COUNTERS_PER_PAGE < stacks;
	     i++) {
		struct store_counter page[STORE_COUNTERS_PER_PAGE];
		uint64_t offset = (uint64_t)a->counters[i] * PAGE;
		size_t first = i * STORE_COUNTERS_PER_PAGE;
		int64_t n;

		if (!offset || offset >= s->size)
			continue;
		memset(page, 0, sizeof(page)); /* the file may end in it */
		n = model_pread(s->fd, page, sizeof(page), offset);
		if (n < 0)
			return model_error(s->m, (int)n,
					   "counters cannot be read: %s",
					   strerror((int)-n));
		for (size_t k = 0;
		     k < STORE_COUNTERS_PER_PAGE && first + k < stacks; k++) {
			struct rkn_stack *stack =
			    &to[store_file_stack(s, first + k)];

			if (to[first + k].flags & STORE_STACK_TRIMMED)
				s->m->limits[RKN_LIMIT_DEPTH] +=
				    page[k].allocations;
			stack->allocations += page[k].allocations;
			stack->allocated_bytes += page[k].allocated_bytes;
			stack->frees += page[k].frees;
			stack->freed_bytes += page[k].freed_bytes;
			add_peak(s, stack, &page[k]);
			add_lives(s, first + k, &page[k]);
			meta->allocated_bytes += page[k].allocated_bytes;
			meta->freed_bytes += page[k].freed_bytes;
		}
	}
	return 0;
}

static int add_area(struct store_file *s, const struct store_area *a)
{
	struct rkn_meta *meta = s->parts.of[RKN_CHUNK_META].records;
	struct rkn_thread *t = s->parts.of[RKN_CHUNK_THREADS].records;

	meta->allocations += a->allocations;
	meta->frees += a->frees;
	meta->allocated_bytes += a->rest.allocated_bytes;
	meta->freed_bytes += a->rest.freed_bytes;
	if (s->stack_count)
		add_peak(s, s->parts.of[RKN_CHUNK_STACKS].records, &a->rest);
	for (int i = 0; i < RKN_LIMITS; i++)
		s->m->limits[i] += a->limits[i];
	/* What the present owner did is not in the threads' table yet. */
	if (a->serial < s->parts.of[RKN_CHUNK_THREADS].count) {
		t += a->serial;
		if (a->allocations > a->base_allocations)
			t->allocations += a->allocations - a->base_allocations;
		if (a->frees > a->base_frees)
			t->frees += a->frees - a->base_frees;
	}
	return add_pages(s, a);
}

int store_counters(struct store_file *s)
{
	struct rkn_meta *meta = s->parts.of[RKN_CHUNK_META].records;
	struct store_area *a = malloc(sizeof(*a));
	uint64_t offset = s->h.tables[STORE_AREAS].offset;
	size_t count = 0;
	int error;

	for (int i = 0; i < RKN_LIMITS; i++)
		s->m->limits[i] += s->h.limits[i];
	s->m->limits[RKN_LIMIT_CHILDREN] += s->h.children;
	s->lives = calloc(s->stack_count + 1, sizeof(*s->lives));
	if (!a || !s->lives) {
		free(a);
		return model_error(s->m, -ENOMEM, "out of memory");
	}
	error = store_file_count(s, STORE_AREAS, sizeof(*a), &count);
	meta->areas = count ? (uint32_t)count - 1 : 0; /* the first is none */
	for (size_t i = 0; i < count && !error; i++) {
		memset(a, 0, sizeof(*a));
		error =
		    store_file_read(s, a, sizeof(*a), offset + i * sizeof(*a));
		if (error)
			model_error(s->m, error, "areas cannot be read: %s",
				    strerror(-error));
		else
			error = add_area(s, a);
	}
	free(a);
	for (size_t i = 0; i < s->parts.of[RKN_CHUNK_STACKS].count; i++)
		((struct rkn_stack *)s->parts.of[RKN_CHUNK_STACKS].records)[i]
		    .flags &= ~STORE_STACK_TRIMMED;
	return error;
}
