/* SPDX-License-Identifier: MIT */
/*
 * judge BOOK RECORDING...: what the recordings say of each life in the book, a
 * line each:
 *
 *   life NUMBER PID [absent|unchecked|judged] LOST FOUND FALSE [GAP...]
 *
 * PID is what the process said. FOUND of the LOST blocks are leaks for refknot, or
 * possible leaks, since a stale word in a frame may lead into one;
 * FALSE blocks are, though they are kept, or are of none of the program's lists.
 * GAP: what the recording lacks, by the name of its limit. Before it stand lines
 * "held by" of what leads to a block that was not found.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "book.h"
#include "die.h"
#include "findings.h"
#include "model.h"
#include "verdict.h"

struct judged {
	struct model m;
	struct findings f;
	bool is_read;
};

static const char *const limit_names[] = {
#define RKN_LIMIT(name, ...) #name,
#include <refknot/limits.def>
#undef RKN_LIMIT
};

static struct book book;

static uint64_t address_of(const struct book_block *b)
{
	return ~b->hidden;
}

static uint32_t block_count(void)
{
	return book.block_count < BOOK_BLOCKS ? book.block_count : BOOK_BLOCKS;
}

static uint32_t life_count(void)
{
	return book.life_count < BOOK_LIVES ? book.life_count : BOOK_LIVES;
}

/* The block in the recording; RKN_NONE: it is not there. */
static uint32_t index_of(const struct judged *r, const struct book_block *b)
{
	uint32_t index = model_block_at(&r->m, address_of(b));

	if (index != RKN_NONE && r->m.blocks[index].address == address_of(b) &&
	    r->m.blocks[index].size == b->size)
		return index;
	return RKN_NONE;
}

static bool is_possible(const struct judged *r, uint32_t index)
{
	uint32_t owner = index == RKN_NONE ? 0 : r->f.owner[index];

	return owner && r->f.list[owner - 1].kind == FINDING_POSSIBLE;
}

static bool is_leak(const struct judged *r, uint32_t index)
{
	uint32_t owner = index == RKN_NONE ? 0 : r->f.owner[index];

	return owner && r->f.list[owner - 1].kind != FINDING_POSSIBLE;
}

/* How many of the life's blocks are in the recording. */
static unsigned common_blocks(const struct judged *r, uint32_t life)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < block_count(); i++)
		count += book.blocks[i].life == life && book.blocks[i].what &&
			 index_of(r, &book.blocks[i]) != RKN_NONE;
	return count;
}

static bool is_of(const struct judged *r, uint32_t life)
{
	const bool forked = r->m.meta.flags & RKN_META_FORKED;

	return r->is_read && r->m.meta.pid == book.lives[life].pid &&
	       forked != book.lives[life].executed;
}

/* A process that executes has several; the one of a forked child that does is
 * not kept. */
static const struct judged *recording_of(const struct judged *all, int count,
					 uint32_t life)
{
	const struct judged *best = NULL;
	unsigned most = 0;

	for (int i = 0; i < count; i++) {
		unsigned common;

		if (!is_of(&all[i], life))
			continue;
		common = common_blocks(&all[i], life);
		if (!best || common > most) {
			best = &all[i];
			most = common;
		}
	}
	return best;
}

static void print_gaps(const struct judged *r)
{
	struct verdict_gap gaps[VERDICT_GAPS];
	size_t count = verdict_gaps(gaps, &r->m, &r->f);

	for (size_t i = 0; i < count; i++)
		printf(" %s", gaps[i].limit < RKN_LIMITS
				  ? limit_names[gaps[i].limit]
				  : "OTHER");
}

/* What leads to a lost block that is not called so. */
static void print_holders(const struct judged *r, uint32_t index)
{
	for (size_t i = 0; i < r->m.root_count; i++)
		if (r->m.roots[i].block == index)
			printf("held by root kind %u at 0x%" PRIx64
			       " to +%" PRIu64 "\n",
			       r->m.roots[i].kind, r->m.roots[i].where,
			       model_root_to(&r->m, &r->m.roots[i]));
	for (size_t i = 0; i < r->m.edge_count; i++)
		if (r->m.edges[i].to == index)
			printf("held by a block of %" PRIu64
			       " bytes at +%" PRIu64 " to +%" PRIu64 "\n",
			       (uint64_t)r->m.blocks[r->m.edges[i].from].size,
			       model_edge_from(&r->m, &r->m.edges[i]),
			       model_edge_to(&r->m, &r->m.edges[i]));
}

/* It has no stack, counts as the loader's, and the report says so. */
static bool is_said(const struct judged *r, const struct book_block *b)
{
	const uint32_t index = r ? index_of(r, b) : RKN_NONE;

	return index != RKN_NONE && !r->m.blocks[index].stack &&
	       r->m.limits[RKN_LIMIT_NESTED];
}

static void judge_life(const struct judged *r, uint32_t life)
{
	unsigned lost = 0, found = 0, false_ones = 0;

	for (uint32_t i = 0; i < block_count(); i++) {
		const struct book_block *b = &book.blocks[i];
		bool said;

		if (b->life != life || b->what == BOOK_FREED || is_said(r, b))
			continue;
		lost += b->what == BOOK_LOST;
		if (!r || !r->f.checked)
			continue;
		said = is_leak(r, index_of(r, b)) ||
		       (b->what == BOOK_LOST && is_possible(r, index_of(r, b)));
		if (b->what == BOOK_LOST && !said && index_of(r, b) != RKN_NONE)
			print_holders(r, index_of(r, b));
		found += b->what == BOOK_LOST && said;
		false_ones += b->what == BOOK_KEPT && said;
	}
	printf("life %" PRIu32 " %" PRIu32 " %s %u %u %u", life,
	       book.lives[life].pid,
	       !r              ? "absent"
	       : !r->f.checked ? "unchecked"
			       : "judged",
	       lost, found, false_ones);
	if (r)
		print_gaps(r);
	printf("\n");
}

static bool is_noted(const struct rkn_block *block)
{
	for (uint32_t i = 0; i < block_count(); i++)
		if (address_of(&book.blocks[i]) == block->address)
			return true;
	return false;
}

/* What is called lost and is of no list. */
static void print_foreign(const struct judged *r)
{
	for (uint32_t i = 0; i < r->m.block_count; i++)
		if (is_leak(r, i) && !is_noted(&r->m.blocks[i]))
			printf("foreign %" PRIu32 " %" PRIu64 "\n",
			       r->m.meta.pid, (uint64_t)r->m.blocks[i].size);
}

static void read_book(const char *path)
{
	FILE *f = fopen(path, "re");

	if (!f || fread(&book, sizeof(book), 1, f) != 1)
		die(2, "%s cannot be read", path);
	fclose(f);
}

int main(int argc, char **argv)
{
	int count = argc - 2;
	struct judged *all;

	if (argc < 2)
		die(2, "usage: judge BOOK RECORDING...");
	read_book(argv[1]);
	all = calloc((size_t)count + 1, sizeof(*all));
	for (int i = 0; i < count; i++) {
		all[i].is_read = !model_load(&all[i].m, argv[i + 2]);
		if (!all[i].is_read) {
			printf("unread %s\n", all[i].m.error);
			continue;
		}
		findings_make(&all[i].f, &(struct reading){ .m = &all[i].m });
		if (all[i].f.checked)
			print_foreign(&all[i]);
	}
	for (uint32_t life = 0; life < life_count(); life++)
		judge_life(recording_of(all, count, life), life);
	for (int i = 0; i < count; i++)
		if (all[i].is_read) {
			findings_release(&all[i].f);
			model_release(&all[i].m);
		}
	free(all);
	return 0;
}
