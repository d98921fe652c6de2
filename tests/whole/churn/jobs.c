/* SPDX-License-Identifier: MIT */
/* Single blocks, and the pointers between them. */
#include "jobs.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "blocks.h"
#include "roots.h"
#include "scrub.h"

static const struct {
	job *function;
	unsigned weight;
	bool in_threads;
} jobs[SITUATIONS] = {
#define SITUATION(name, weight, threads) { job_##name, weight, threads },
#include "situations.def"
#undef SITUATION
};

void jobs_do_some(struct world *w, bool in_thread)
{
	unsigned sum = 0, nth;

	if (blocks_full(4000))
		return;
	for (unsigned i = 0; i < SITUATIONS; i++)
		if (jobs[i].in_threads || !in_thread)
			sum += jobs[i].weight;
	nth = roll(w, sum);
	for (unsigned i = 0;; i++) {
		if (in_thread && !jobs[i].in_threads)
			continue;
		if (nth < jobs[i].weight) {
			w->by = (enum situation)i;
			return jobs[i].function(w);
		}
		nth -= jobs[i].weight;
	}
}

void job_make(struct world *w)
{
	for (uint32_t n = between(w, 1, 6); n; n--)
		blocks_place(w, blocks_make_some(w, blocks_some_size(w, 1)));
}

void job_link(struct world *w)
{
	for (uint32_t n = between(w, 1, 4); n; n--) {
		uint32_t from = blocks_pick(w, 8), to = blocks_pick(w, 0);
		size_t at = from == BOOK_NONE ? SIZE_MAX : blocks_room(w, from);

		if (at != SIZE_MAX)
			blocks_point(from, at, to, 0);
	}
}

/* With nothing, or with a pointer to another. */
void job_overwrite(struct world *w)
{
	uint32_t ref = blocks_pick_ref(w, true), from, to;

	if (ref == BOOK_NONE)
		return;
	from = book->refs[ref].from;
	blocks_cut(w, ref);
	to = chance(w, 30) ? blocks_pick(w, 0) : BOOK_NONE;
	if (to != BOOK_NONE)
		blocks_point(from, 0, to, 0);
}

void job_cut(struct world *w)
{
	for (uint32_t n = between(w, 1, 3); n; n--) {
		uint32_t ref = blocks_pick_ref(w, false);

		if (ref != BOOK_NONE)
			blocks_cut(w, ref);
	}
}

void job_free(struct world *w)
{
	for (uint32_t n = between(w, 1, 4); n; n--) {
		uint32_t block = blocks_pick(w, 0);

		if (block != BOOK_NONE && blocks_may_free(block))
			blocks_free(w, block);
	}
}

void job_resize(struct world *w)
{
	uint32_t block = blocks_pick(w, 0);
	size_t size;

	if (block == BOOK_NONE || !blocks_may_free(block))
		return;
	size = blocks_size(block);
	if (chance(w, 30))
		size = blocks_some_size(w, 1);
	else if (chance(w, 50))
		size += size / 2 + 8;
	else
		size -= size / 3;
	blocks_resize(w, block, size ? size : 1);
}

/* glibc leaves a chunk as it is if less than 32 bytes of it would be left. */
void job_slack(struct world *w)
{
	uint32_t size = between(w, 3, 40) * 8, at = size - 8, block, to;
	uint32_t chunk = (size + 23) & ~15u,
		 least = chunk > 40 ? chunk - 39 : 1;

	if (w->forks)
		return;
	block = blocks_make(w, roll(w, SITES), HOW_CALLOC, size, FILL_NOTHING);
	to = blocks_make_some(w, blocks_some_size(w, 8));
	if (least > at)
		least = at;
	blocks_shrink_over(w, block, at, to, between(w, least, at));
	if (chance(w, 30))
		blocks_point(to, 0, block, 0);
	if (chance(w, 70))
		blocks_place(w, block);
	if (chance(w, 20))
		blocks_place(w, to);
}

void job_inner(struct world *w)
{
	uint32_t block = blocks_make_some(w, blocks_some_size(w, 2));
	uint32_t root = roots_pick(w);
	size_t size = blocks_size(block);
	size_t offset = chance(w, 20) ? size : 1 + roll(w, (uint32_t)size - 1);

	if (chance(w, 40))
		offset = offset > 8 ? offset & ~7ul : offset;
	if (root != BOOK_NONE)
		blocks_point(BOOK_ROOT | root, 0, block, offset);
	if (size >= 16 && chance(w, 40))
		blocks_point(block, 8, blocks_make_some(w, 40), 0);
}

void job_itself(struct world *w)
{
	uint32_t block = blocks_make_some(w, blocks_some_size(w, 48));
	size_t at = roll(w, 3) * 8ul, to = chance(w, 60) ? at : 0;

	blocks_point(block, at, block, to);
	if (chance(w, 70))
		blocks_point(block, at + 8, block, to);
	if (chance(w, 30))
		blocks_point(block, at + 16,
			     blocks_make_some(w, blocks_some_size(w, 1)), 0);
	if (chance(w, 40))
		blocks_place(w, block);
}

void job_header(struct world *w)
{
	unsigned site = SITES_WRAPPED + roll(w, 4);
	uint32_t n = between(w, 3, 8), table;
	size_t size = blocks_some_size(w, 40), to = 8 + roll(w, 2) * 8ul;

	table = blocks_make(w, site, HOW_CALLOC, n * 8, FILL_NOTHING);
	blocks_place(w, table);
	for (uint32_t i = 0; i < n; i++)
		blocks_point(table, i * 8,
			     blocks_make(w, site, HOW_MALLOC, size, FILL_TEXT),
			     to);
	site = SITES_WRAPPED + roll(w, 4);
	blocks_make(w, site, HOW_MALLOC, size, FILL_TEXT);
}

void job_strings(struct world *w)
{
	for (uint32_t n = between(w, 1, 12); n; n--) {
		enum how how = (enum how)between(w, HOW_STRDUP, HOW_PRINTED);
		uint32_t block = blocks_make(w, roll(w, SITES), how,
					     between(w, 1, 250), FILL_NOTHING);

		if (chance(w, 60))
			blocks_place(w, block);
	}
}

/* Most pages of such a block are never touched. */
void job_far(struct world *w)
{
	size_t size = between(w, 200000, 900000);
	uint32_t block = blocks_make(w, roll(w, SITES),
				     chance(w, 50) ? HOW_MALLOC : HOW_CALLOC,
				     size, FILL_NOTHING);

	for (uint32_t n = between(w, 1, 5); n; n--) {
		size_t at = blocks_room(w, block);
		uint32_t to = blocks_make_some(w, blocks_some_size(w, 1));

		if (at != SIZE_MAX)
			blocks_point(block, at, to, 0);
	}
	if (chance(w, 60))
		blocks_place(w, block);
	if (chance(w, 20) && blocks_may_free(block))
		blocks_free(w, block);
}

static NOINLINE void put(void *volatile *place, uint32_t block)
{
	*place = book_seek(book->blocks[block].hidden);
	__asm__ volatile("" : : "r"(place) : "memory");
}

void job_unmap(struct world *w)
{
	size_t size = between(w, 1, 4) * 4096ul;
	void *volatile *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == (void *volatile *)MAP_FAILED)
		abort();
	for (uint32_t n = between(w, 1, 3); n; n--)
		put(&map[roll(w, 500)],
		    blocks_make_some(w, blocks_some_size(w, 1)));
	munmap((void *)(uintptr_t)map, size);
	/* It goes on: what is unmapped at the end is thrown away, not lost. */
	blocks_place(w, blocks_make_some(w, blocks_some_size(w, 1)));
}

void job_unload(struct world *w)
{
	void *handle = dlopen(w->plugin, RTLD_NOW | RTLD_LOCAL);
	void *volatile *(*function)(void);
	void *symbol = handle ? dlsym(handle, "library_data") : NULL;

	if (!symbol)
		abort();
	*(void **)&function = symbol;
	put(&function()[roll(w, 4)],
	    blocks_make_some(w, blocks_some_size(w, 1)));
	dlclose(handle);
}

static jmp_buf back;

static NOINLINE void fall(struct world *w)
{
	void *volatile frame[16] = { NULL };

	put(&frame[roll(w, 16)], blocks_make_some(w, blocks_some_size(w, 1)));
	longjmp(back, 1);
}

void job_jump(struct world *w)
{
	if (!setjmp(back))
		fall(w);
	memset(back, 0, sizeof(back)); /* there are addresses of this thread */
}

/* The script of no program: only the end of one does it. */
void job_end(struct world *w)
{
	roots_end_kind(w, ROOT_STACK);
}
