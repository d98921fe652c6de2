/* SPDX-License-Identifier: MIT */
/*
 * judge BOOK [RECORDING]: the truth of one process of a random program (book.h)
 * beside what refknot found in its recording. Each difference is a line:
 *
 *   wrong BLOCK ADDRESS SIZE TRUTH FOUND MADE_STEP:BY LOST_STEP:BY CAUSE
 *
 * and the last line counts; 1: there was any. Without a recording each block
 * that is alive at the end is a line:
 *
 *   block BLOCK ADDRESS SIZE TRUTH MADE_STEP:BY LOST_STEP:BY ROOT
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "book.h"
#include "die.h"
#include "findings.h"
#include "model.h"

enum truth {
	TRUTH_NONE,  /* freed, or another process's */
	TRUTH_HELD,  /* by pointers to the starts of blocks */
	TRUTH_INNER, /* on each way is a pointer into a block */
	TRUTH_LEAK,  /* lost: nothing lost points at it, but for itself */
	TRUTH_CYCLE, /* lost, in a cycle that nothing else lost points at */
	TRUTH_UNDER, /* lost: held by what is lost */
	TRUTHS,
};
static const char *const truth_names[TRUTHS] = { "none", "in-use", "inner",
						 "leak", "cycle",  "held" };

enum found {
	FOUND_NOTHING, /* it is in use */
	FOUND_POSSIBLE,
	FOUND_LEAK,
	FOUND_CYCLE, /* or held by a cycle */
	FOUND_HELD,  /* by a leak */
	FOUND_OTHER,
	FOUND_ABSENT, /* not recorded */
	FOUNDS,
};
static const char *const found_names[FOUNDS] = {
	"in-use", "possible", "leak", "cycle", "held", "other", "not-recorded"
};

static const char *const situation_names[SITUATIONS] = {
#define SITUATION(name, weight, threads) #name,
#include "situations.def"
#undef SITUATION
};

/* Of each block the pointers in it, and those to it. */
struct lists {
	uint32_t first[BOOK_BLOCKS + 1];
	uint32_t refs[BOOK_REFS];
};

struct judge {
	const struct book *book;
	struct lists out, in;
	enum truth truth[BOOK_BLOCKS];
	uint8_t root[BOOK_BLOCKS]; /* the kind that leads to it, if any */
	bool seen[BOOK_BLOCKS];
	uint32_t stack[BOOK_BLOCKS]; /* of a search, with the next pointer */
	uint32_t next[BOOK_BLOCKS];
	uint32_t finished[BOOK_BLOCKS]; /* in this order */
	uint32_t finished_count;
	/* What refknot says. */
	struct model m;
	struct findings f;
	enum found found[BOOK_BLOCKS];
	uint32_t index[BOOK_BLOCKS]; /* in the model; RKN_NONE */
	uint32_t *number; /* of each of the model's blocks; BOOK_NONE */
	bool *is_head;
	unsigned wrong;
};

static const struct book *open_book(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const struct book *b;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || st.st_size != sizeof(*b))
		die(2, "%s is no book", path);
	b = mmap(NULL, sizeof(*b), PROT_READ, MAP_PRIVATE, fd, 0);
	if (b == MAP_FAILED)
		die(2, "%s cannot be mapped", path);
	close(fd);
	if (b->magic != BOOK_MAGIC || b->block_count > BOOK_BLOCKS ||
	    b->ref_count > BOOK_REFS)
		die(2, "%s is no book", path);
	if (!b->finished)
		die(2, "the program of %s did not come to its end", path);
	return b;
}

static bool is_in_root(const struct book_ref *r)
{
	return r->from & BOOK_ROOT; /* BOOK_NONE, too */
}

static void make_lists(struct lists *l, const struct book *b, bool out)
{
	for (uint32_t i = 0; i < b->ref_count; i++)
		if (!is_in_root(&b->refs[i]))
			l->first[(out ? b->refs[i].from : b->refs[i].to) + 1]++;
	for (uint32_t i = 0; i < b->block_count; i++)
		l->first[i + 1] += l->first[i];
	/* Fill each list from its end: first[] comes to be what it is called. */
	for (uint32_t i = 0; i < b->ref_count; i++) {
		uint32_t key = out ? b->refs[i].from : b->refs[i].to;

		if (!is_in_root(&b->refs[i]))
			l->refs[--l->first[key + 1]] = i;
	}
	memmove(l->first, l->first + 1, b->block_count * sizeof(*l->first));
	l->first[b->block_count] = 0;
	for (uint32_t i = 0; i < b->ref_count; i++)
		l->first[b->block_count] += !is_in_root(&b->refs[i]);
}

static bool is_own(const struct judge *j, uint32_t block)
{
	return j->book->blocks[block].state == BOOK_ALIVE;
}

/* Colour what is reached from `block`; over exact pointers only, for in use. */
static void spread(struct judge *j, uint32_t block, enum truth truth,
		   uint8_t root)
{
	uint32_t count = 0;

	if (!is_own(j, block) || j->truth[block])
		return;
	j->truth[block] = truth;
	j->root[block] = root;
	j->stack[count++] = block;
	while (count) {
		uint32_t b = j->stack[--count];

		for (uint32_t i = j->out.first[b]; i < j->out.first[b + 1];
		     i++) {
			const struct book_ref *r =
			    &j->book->refs[j->out.refs[i]];

			if ((truth == TRUTH_HELD && r->offset) ||
			    !is_own(j, r->to) || j->truth[r->to])
				continue;
			j->truth[r->to] = truth;
			j->root[r->to] = root;
			j->stack[count++] = r->to;
		}
	}
}

/* Roots are also what the parent had, for its child. */
static bool is_held_outside(const struct judge *j, const struct book_ref *r)
{
	return r->from != BOOK_NONE &&
	       (r->from & BOOK_ROOT ||
		j->book->blocks[r->from].state == BOOK_INHERITED);
}

static const char *const root_names[] = {
	[ROOT_DATA] = "data",
	[ROOT_ZERO] = "zero",
	[ROOT_LIBRARY] = "library",
	[ROOT_LIBRARY_TLS] = "library-tls",
	[ROOT_TLS] = "tls",
	[ROOT_KEY] = "key",
	[ROOT_STACK] = "stack",
	[ROOT_MAP] = "map",
	[ROOT_SHARED_MAP] = "shared-map",
	[ROOT_THREAD_STACK] = "thread-stack",
	[ROOT_THREAD_TLS] = "thread-tls",
	[ROOT_REGISTER] = "register",
	[ROOT_CONTEXT] = "context",
	[ROOT_COROUTINE] = "coroutine",
};
#define ROOT_INHERITED 255 /* what the parent had */

static uint8_t root_kind(const struct judge *j, const struct book_ref *r)
{
	return r->from & BOOK_ROOT ? j->book->root_kinds[r->from & ~BOOK_ROOT]
				   : ROOT_INHERITED;
}

static bool is_map(uint8_t kind)
{
	return kind == ROOT_MAP || kind == ROOT_SHARED_MAP ||
	       kind == ROOT_COROUTINE;
}

/* Not every tool searches mappings: what is only there is so marked. */
static void judge_held(struct judge *j, bool in_map)
{
	for (uint32_t i = 0; i < j->book->ref_count; i++) {
		const struct book_ref *r = &j->book->refs[i];
		uint8_t kind;

		if (!is_held_outside(j, r) || r->offset)
			continue;
		kind = root_kind(j, r);
		if (is_map(kind) == in_map)
			spread(j, r->to, TRUTH_HELD, kind);
	}
}

static void judge_inner(struct judge *j)
{
	for (uint32_t i = 0; i < j->book->ref_count; i++) {
		const struct book_ref *r = &j->book->refs[i];

		if (is_held_outside(j, r))
			spread(j, r->to, TRUTH_INNER, root_kind(j, r));
		else if (r->from != BOOK_NONE &&
			 j->truth[r->from] == TRUTH_HELD)
			spread(j, r->to, TRUTH_INNER, j->root[r->from]);
	}
}

/* Depth first: note blocks when all that they lead to has been. */
static void finish_from(struct judge *j, uint32_t block)
{
	uint32_t count = 0;

	j->seen[block] = true;
	j->next[0] = j->out.first[block];
	j->stack[count++] = block;
	while (count) {
		uint32_t b = j->stack[count - 1];

		if (j->next[count - 1] == j->out.first[b + 1]) {
			j->finished[j->finished_count++] = b;
			count--;
			continue;
		}
		b = j->book->refs[j->out.refs[j->next[count - 1]++]].to;
		if (!is_own(j, b) || j->truth[b] || j->seen[b])
			continue;
		j->seen[b] = true;
		j->next[count] = j->out.first[b];
		j->stack[count++] = b;
	}
}

/* What leads to `head` is a cycle with it, as nothing else leads to it. */
static void judge_cycle(struct judge *j, uint32_t head)
{
	uint32_t count = 0, members = 1;

	j->stack[count++] = head;
	j->truth[head] = TRUTH_CYCLE;
	while (count) {
		uint32_t b = j->stack[--count];

		for (uint32_t i = j->in.first[b]; i < j->in.first[b + 1]; i++) {
			uint32_t from = j->book->refs[j->in.refs[i]].from;

			if (j->truth[from] != TRUTH_UNDER || !is_own(j, from))
				continue;
			j->truth[from] = TRUTH_CYCLE;
			j->stack[count++] = from;
			members++;
		}
	}
	if (members == 1)
		j->truth[head] = TRUTH_LEAK;
}

/* Of what is lost, the last to be finished is of a component that nothing else
 * leads to; so is the last of what that does not reach, and so on. */
static void judge_lost(struct judge *j)
{
	for (uint32_t i = 0; i < j->book->block_count; i++)
		if (is_own(j, i) && !j->truth[i] && !j->seen[i])
			finish_from(j, i);
	for (uint32_t i = j->finished_count; i-- > 0;) {
		uint32_t head = j->finished[i];

		if (j->truth[head])
			continue;
		spread(j, head, TRUTH_UNDER, 0);
		judge_cycle(j, head);
	}
}

static bool is_lost(enum truth t)
{
	return t >= TRUTH_LEAK;
}

static void print_block(const struct judge *j, const char *word, uint32_t block)
{
	const struct book_block *b = &j->book->blocks[block];

	printf("%s %" PRIu32 " 0x%" PRIxPTR " %" PRIu64 " %s", word, block,
	       (uintptr_t)book_seek(b->hidden), b->size,
	       truth_names[j->truth[block]]);
}

static void print_steps(const struct judge *j, uint32_t block)
{
	const struct book_block *b = &j->book->blocks[block];

	printf(" %" PRIu32 ":%s %" PRIu32 ":%s", b->made_step,
	       situation_names[b->made_by], b->lost_step,
	       situation_names[b->lost_by]);
}

static void list(const struct judge *j)
{
	for (uint32_t i = 0; i < j->book->block_count; i++)
		if (is_own(j, i)) {
			print_block(j, "block", i);
			print_steps(j, i);
			printf(" %s\n", is_lost(j->truth[i]) ? "-"
					: j->root[i] == ROOT_INHERITED
					    ? "inherited"
					    : root_names[j->root[i]]);
		}
}

static enum found found_of(const struct judge *j, uint32_t index)
{
	uint32_t owner = j->f.owner[index];

	if (!owner)
		return FOUND_NOTHING;
	switch (j->f.list[owner - 1].kind) {
	case FINDING_POSSIBLE:
		return FOUND_POSSIBLE;
	case FINDING_LEAK:
		return j->is_head[index] ? FOUND_LEAK : FOUND_HELD;
	case FINDING_CYCLE:
		return FOUND_CYCLE;
	default:
		return FOUND_OTHER;
	}
}

static void match_blocks(struct judge *j)
{
	const struct model *m = &j->m;

	j->number = xmalloc((m->block_count + 1) * sizeof(*j->number));
	j->is_head = xcalloc(m->block_count + 1, sizeof(*j->is_head));
	memset(j->number, 0xff, (m->block_count + 1) * sizeof(*j->number));
	for (size_t i = 0; i < j->f.count; i++)
		for (uint64_t k = 0; k < j->f.list[i].count; k++)
			if (j->f.list[i].instances)
				j->is_head[j->f.list[i].instances[k]] = true;
	for (uint32_t i = 0; i < j->book->block_count; i++) {
		const struct book_block *b = &j->book->blocks[i];
		uint64_t address = (uintptr_t)book_seek(b->hidden);
		uint32_t index;

		j->index[i] = RKN_NONE;
		j->found[i] = FOUND_ABSENT;
		if (!is_own(j, i))
			continue;
		index = model_block_at(m, address);
		if (index == RKN_NONE || m->blocks[index].address != address ||
		    m->blocks[index].size != b->size)
			continue;
		j->index[i] = index;
		j->number[index] = i;
		j->found[i] = found_of(j, index);
	}
}

static bool agrees(enum truth t, enum found f)
{
	switch (t) {
	case TRUTH_HELD:
		return f == FOUND_NOTHING;
	case TRUTH_INNER:
		return f == FOUND_NOTHING || f == FOUND_POSSIBLE;
	case TRUTH_LEAK:
		return f == FOUND_LEAK;
	case TRUTH_CYCLE:
		return f == FOUND_CYCLE;
	case TRUTH_UNDER:
		return f == FOUND_HELD || f == FOUND_CYCLE;
	case TRUTH_NONE:
	case TRUTHS:
		break;
	}
	return true;
}

/* Did the program write that pointer? */
static bool is_true_edge(const struct judge *j, const struct rkn_edge *e)
{
	uint32_t from = j->number[e->from], to = j->number[e->to];

	if (from == BOOK_NONE || to == BOOK_NONE)
		return false;
	for (uint32_t i = j->out.first[from]; i < j->out.first[from + 1]; i++) {
		const struct book_ref *r = &j->book->refs[j->out.refs[i]];

		if (r->to == to && r->at == e->from_word * 8ull &&
		    r->offset == e->to_offset)
			return true;
	}
	return false;
}

static bool is_true_root(const struct judge *j, const struct rkn_root *root)
{
	for (uint32_t i = 0; i < j->book->ref_count; i++) {
		const struct book_ref *r = &j->book->refs[i];

		if (is_held_outside(j, r) && r->to == j->number[root->block] &&
		    r->offset == root->to_offset)
			return true;
	}
	return false;
}

/* Is it where glibc's next chunk begins? Its lists lead there. */
static bool is_chunk_link(const struct judge *j, uint32_t block,
			  uint32_t offset)
{
	const struct rkn_block *b = &j->m.blocks[block];

	return (b->address + offset) % 16 == 0 && offset + 16 > b->size;
}

/* Does it lead to where a chunk may have begun? So do the links of a chunk that
 * was free and then became a part of another. */
static bool is_old_link(const struct judge *j, const struct rkn_edge *e)
{
	const struct rkn_block *from = &j->m.blocks[e->from];

	return from->address % 8 == 0 &&
	       (j->m.blocks[e->to].address + e->to_offset) % 16 == 0;
}

/* Words below a suspended coroutine's stack pointer. */
static bool is_suspended(const struct judge *j, uint32_t index)
{
	uint32_t block = j->number[index];

	return block != BOOK_NONE &&
	       j->book->blocks[block].lost_by == SITUATION_coroutine;
}

static const char *cause_of_edge(const struct judge *j,
				 const struct rkn_edge *e)
{
	const struct rkn_block *from = &j->m.blocks[e->from];

	if (!e->to_offset && is_suspended(j, e->to))
		return "suspended-stack";

	if (e->from_word * 8ull + 8 > from->size)
		return "behind-the-request";
	if (is_chunk_link(j, e->to, e->to_offset))
		return "free-list-link";
	if (j->number[e->from] == BOOK_NONE)
		return "in-foreign-block";
	return is_old_link(j, e) ? "old-free-list-link" : "overwritten-link";
}

static const char *cause_of_root(const struct judge *j,
				 const struct rkn_root *r)
{
	static const char *const names[] = {
		[RKN_ROOT_DATA] = "data",
		[RKN_ROOT_STACK] = "stack",
		[RKN_ROOT_REGISTER] = "register",
		[RKN_ROOT_TLS] = "tls",
		[RKN_ROOT_MAP] = "map",
		[RKN_ROOT_INHERITED] = "inherited-heap",
		[RKN_ROOT_LOADER] = "loader",
		[RKN_ROOT_DECLARED] = "declared",
	};

	if (!r->to_offset && is_suspended(j, r->block))
		return "suspended-stack";
	if (j->m.meta.flags & RKN_META_FORKED && r->kind == RKN_ROOT_MAP)
		return "inherited-arena";
	return r->kind < sizeof(names) / sizeof(*names) ? names[r->kind]
							: "unknown";
}

/* What holds it in truth. */
static void print_holder(const struct judge *j, uint32_t block)
{
	for (uint32_t i = 0; i < j->book->ref_count; i++) {
		const struct book_ref *r = &j->book->refs[i];

		if (r->from == BOOK_NONE || r->to != block)
			continue;
		if (r->from & BOOK_ROOT)
			printf(" holder:%s",
			       root_names[j->book->root_kinds[r->from &
							      ~BOOK_ROOT]]);
		else
			printf(" holder:block %" PRIu32 "+%" PRIu64, r->from,
			       r->at);
		printf(" to +%" PRIu64, r->offset);
		return;
	}
}

static const char *owner(const struct judge *j, const struct rkn_root *r)
{
	if (r->kind == RKN_ROOT_DATA && r->owner < j->m.module_count)
		return model_text(&j->m, j->m.modules[r->owner].path);
	return r->owner == RKN_NONE ? "nobody" : "a-thread";
}

/* The first pointer to it that the program did not write. Is there any? */
static bool print_pointer(const struct judge *j, uint32_t index)
{
	for (size_t i = 0; i < j->m.root_count; i++) {
		const struct rkn_root *r = &j->m.roots[i];

		if (r->block == index && !is_true_root(j, r)) {
			printf(" root:%s 0x%" PRIx64 " of %s to +%" PRIu32,
			       cause_of_root(j, r), r->where, owner(j, r),
			       r->to_offset);
			return true;
		}
	}
	for (size_t i = 0; i < j->m.edge_count; i++) {
		const struct rkn_edge *e = &j->m.edges[i];

		if (e->to == index && !is_true_edge(j, e)) {
			printf(
			    " edge:%s 0x%llx in block %d+%llu to +%" PRIu32,
			    cause_of_edge(j, e),
			    (unsigned long long)j->m.blocks[e->from].address +
				e->from_word * 8ull,
			    (int)j->number[e->from], e->from_word * 8ull,
			    e->to_offset);
			return true;
		}
	}
	return false;
}

static bool is_itself(const struct judge *j, uint32_t block)
{
	for (uint32_t i = j->out.first[block]; i < j->out.first[block + 1]; i++)
		if (j->book->refs[j->out.refs[i]].to == block)
			return j->truth[block] == TRUTH_LEAK &&
			       j->found[block] == FOUND_CYCLE;
	return false;
}

/* To it, or to the nearest block that leads to it. */
static void print_cause(struct judge *j, uint32_t block)
{
	uint32_t count = 1;

	if (j->index[block] == RKN_NONE)
		return;
	memset(j->seen, 0, sizeof(j->seen));
	j->seen[block] = true;
	j->stack[0] = block;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t b = j->stack[i];

		if (j->index[b] != RKN_NONE && print_pointer(j, j->index[b]))
			return;
		for (uint32_t k = j->in.first[b]; k < j->in.first[b + 1]; k++) {
			uint32_t from = j->book->refs[j->in.refs[k]].from;

			if (is_own(j, from) && !j->seen[from]) {
				j->seen[from] = true;
				j->stack[count++] = from;
			}
		}
	}
	printf(is_itself(j, block) ? " itself" : " no-pointer");
}

static void compare_block(struct judge *j, uint32_t block)
{
	if (agrees(j->truth[block], j->found[block]))
		return;
	j->wrong++;
	print_block(j, "wrong", block);
	printf(" %s", found_names[j->found[block]]);
	print_steps(j, block);
	print_cause(j, block);
	print_holder(j, block);
	printf("\n");
}

/* What the program did not allocate itself, and yet lost. */
static void compare_foreign(struct judge *j)
{
	for (uint32_t i = 0; i < j->m.block_count; i++) {
		enum found f = found_of(j, i);

		if (j->number[i] != BOOK_NONE || f == FOUND_NOTHING ||
		    f == FOUND_POSSIBLE)
			continue;
		j->wrong++;
		printf("wrong - 0x%" PRIx64 " %" PRIu64
		       " none %s 0:none 0:none foreign\n",
		       j->m.blocks[i].address, j->m.blocks[i].size,
		       found_names[f]);
	}
}

/* Each finding counts its own blocks, and as many heads as there are. */
static void compare_finding(struct judge *j, uint32_t number)
{
	const struct finding *f = &j->f.list[number];
	uint64_t own = 0, held = 0;

	if (f->kind != FINDING_LEAK && f->kind != FINDING_CYCLE)
		return;
	for (uint32_t i = 0; i < j->m.block_count; i++) {
		uint32_t block = j->number[i];

		if (j->f.owner[i] != number + 1 || block == BOOK_NONE)
			continue;
		if (!agrees(j->truth[block], j->found[block]))
			return; /* said already */
		own += j->truth[block] != TRUTH_UNDER;
		held += j->truth[block] == TRUTH_UNDER;
	}
	if (own == f->objects && held == f->held_objects)
		return;
	j->wrong++;
	printf("wrong - 0x0 0 %s sums 0:none 0:none own %" PRIu64 "/%" PRIu64
	       " held %" PRIu64 "/%" PRIu64,
	       finding_kinds[f->kind].name, own, f->objects, held,
	       f->held_objects);
	for (uint32_t i = 0; i < j->m.block_count; i++)
		if (j->f.owner[i] == number + 1 && print_pointer(j, i))
			break;
	printf("\n");
}

static void compare(struct judge *j)
{
	unsigned blocks = 0, lost = 0, found = 0, false_alarms = 0;

	for (uint32_t i = 0; i < j->book->block_count; i++) {
		if (!is_own(j, i))
			continue;
		bool said =
		    j->found[i] >= FOUND_LEAK && j->found[i] != FOUND_ABSENT;

		blocks++;
		lost += is_lost(j->truth[i]);
		found += is_lost(j->truth[i]) && said;
		false_alarms += !is_lost(j->truth[i]) && said;
		compare_block(j, i);
	}
	compare_foreign(j);
	for (uint32_t i = 0; i < j->f.count; i++)
		compare_finding(j, i);
	printf("judged %u blocks %u lost %u found %u false %u wrong\n", blocks,
	       lost, found, false_alarms, j->wrong);
}

int main(int argc, char **argv)
{
	static struct judge j;

	if (argc != 2 && argc != 3)
		die(2, "usage: judge BOOK [RECORDING]");
	j.book = open_book(argv[1]);
	make_lists(&j.out, j.book, true);
	make_lists(&j.in, j.book, false);
	judge_held(&j, false);
	judge_held(&j, true);
	judge_inner(&j);
	judge_lost(&j);
	if (argc == 2) {
		list(&j);
		return 0;
	}
	if (model_load(&j.m, argv[2]))
		die(2, "%s", j.m.error);
	if (j.m.meta.pid != j.book->pid)
		die(2, "%s is of another process than %s", argv[2], argv[1]);
	findings_make(&j.f, &(struct reading){ .m = &j.m });
	if (!j.f.checked)
		die(2, "nothing was judged: %s", j.f.why);
	match_blocks(&j);
	compare(&j);
	findings_release(&j.f);
	model_release(&j.m);
	free(j.number);
	free(j.is_head);
	return j.wrong != 0;
}
