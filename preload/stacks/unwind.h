/* SPDX-License-Identifier: MIT */
/*
 * Call stacks, walked only as far as they changed.
 *
 * The state of a frame, (pc, sp, rbp), and the two words that its rule reads,
 * the return address and the saved rbp, determine the caller's state.  A walk
 * is kept per thread; the next one goes from the top by cached rules until a
 * frame equals a recorded one, and then compares the recorded words outward. If
 * all are unchanged the rest is proved unchanged; at the first that differs the
 * walk goes on from there.
 *
 * Code that keeps no frame pointer uses rbp for what it likes.  So rbp is
 * compared only if a frame further out finds its CFA by it, and a saved rbp
 * only if it becomes such a one: WALK_NEEDS_RBP and WALK_CHECKED.
 *
 * What every allocation goes through is inline here: it is a third of what an
 * allocation costs.  libunwind is not used: its walk makes system calls, takes
 * locks and opens a pipe in the program.  It is the tests' oracle.
 */
#ifndef UNWIND_H
#define UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cfi.h"
#include "compiler.h"

#define WALK_DEPTH 1024 /* frames that can be asked for */
#define WALK_SLACK 64   /* so many more are kept: few pushes move all */
#define WALK_MOST  (WALK_DEPTH + WALK_SLACK)

enum walk_how {
	WALK_NEEDS_RBP = 1, /* its rbp decides the state of a caller */
	WALK_CHECKED = 2,   /* the rbp that it saved must hold for a proof */
	WALK_UNPROVED = 4,  /* more was read than two words: step again */
	WALK_CHECKS = 8,    /* it or a frame further out is one of these two */
	WALK_SAVES = 16,    /* times the words from its CFA down to where the
			       caller's rbp is saved; 0: it is unchanged */
};

struct walk_frame {
	uint64_t pc;   /* as in struct cfi_frame */
	uint64_t slot; /* its sp less 8: the callee's return address is
			  there, which is `pc` */
	uint64_t rbp;  /* stale unless WALK_NEEDS_RBP */
	uint32_t node; /* of stacks.h; 0: not looked up yet */
	uint32_t how;  /* enum walk_how */
};

/* A frame that this walk found changed. */
struct walk_step {
	struct cfi_frame state;
	uint64_t rule; /* as in the rule cache */
};

#define WALK_MEMOS      256
#define WALK_PLACES     1024 /* where memos are looked for; two for each */
#define WALK_LINE       64
#define WALK_SEEN       256
#define WALK_MEMO_WORDS 43
#define WALK_PROVED     64

struct walk_word {
	uint64_t address, value;
};

/* What a stack is to the caller of a walk; the walk itself only uses `node`. */
struct walk_leaf {
	uint64_t head; /* its number, as in a block's word in the shadow */
	struct store_counter *counter;
	uint32_t node;  /* where it ends in the tree of stacks; 0: not known */
	uint32_t scope; /* the node of the caller's caller; 0: there is none */
};

/*
 * An earlier walk, as the words that prove it unchanged, innermost first.  If the
 * innermost frame needs rbp, the hook's frame has it as the first of them.  An
 * address whose word never equals the value ends them.  If they are too many, the
 * last walk has the rest.
 *
 * Memos are a tree.  A root is found by the innermost frame's pc and the address of
 * the hook's frame.  A stack that differs from a memo in a word is found by that
 * place and the word that is there instead, and has only what comes after it: the
 * words before it are those of the memos on the way.  So no word is compared twice,
 * and none that a fresh walk would not read.
 */
struct walk_memo {
	uint64_t key;   /* the pc; or which word of which memo. 0: no memo */
	uint64_t value; /* the frame's address; or the word that is there */
	const struct walk_word *end; /* of the words */
	uint64_t id;   /* plus a word's number: the key of what differs there */
	uint64_t join; /* where the last frame that they prove must be in the
			  last walk; 0: they prove all */
	struct walk_leaf leaf;
	struct walk_word words[WALK_MEMO_WORDS + 1];
	struct walk_frame last; /* that they prove */
} __attribute__((aligned(WALK_LINE)));
#define WALK_IDS   64 /* more than a memo has words */
#define WALK_NO_PC (1ull << 63)

struct walk {
	uint32_t depth; /* frames wanted; at most WALK_SLACK more are kept */
	uint32_t count; /* of frames */
	bool truncated; /* there is more, but it could not be followed */
	bool cut;       /* there is more, but it was not wanted */
	bool whole;     /* neither, and only the outermost frame's rule says
			   that it is the end */
	/* frames[1] is the outermost that is kept. frames[0] is not a frame:
	 * its slot does not hold its pc, which ends every proof. */
	struct walk_frame frames[WALK_MOST + 1];
	struct walk_step fresh[WALK_MOST]; /* scratch, innermost first */
	uint32_t seen[WALK_SEEN];     /* nodes that were walked to lately */
	uint16_t places[WALK_PLACES]; /* of memos, by unwind_memo_at() */
	uint64_t noted; /* memos so far: they are used in turn, from 1 on */
	struct walk_memo memos[WALK_MEMOS + 1]; /* the first is none */
	/* Of what is noted: where the words are that the memos on the way prove. */
	uint64_t proved[WALK_PROVED];
	uint32_t proved_count;
	/* For slow steps, off the stack. */
	struct walk_step last;
	struct cfi_frame caller;
	struct cfi_work work;
};

/* Begins a new walk, which remembers nothing; `w` is all zeros. */
void unwind_begin(struct walk *w, uint32_t depth);

/* Code may have gone away: forgets all rules. Each thread must begin a new walk
 * after that. */
void unwind_flush(void);

/*
 * The rule cache: one word a rule, read and written whole, so that it needs no
 * lock.  A bijective hash of the 47-bit address gives a slot's number, its
 * upper 16 bits, and the tag that the slot must hold, the other 31; the rule
 * takes the rest:
 *
 *   63     33 32     19 18     3 2    0
 *   | tag    | saves   | offset | kind |
 *
 * kind: enum rule_kind; offset: CFA's, in words, or for RULE_SPECIAL an enum
 * cfi_kind; saves: as in enum walk_how.
 */
#define RULE_CACHE_BITS   16
#define RULE_ADDRESS_BITS 47
#define RULE_BITS         33
#define RULE_SAVES_SHIFT  19
#define RULE_KIND         7u
#define RULE_OFFSET       ((1u << RULE_SAVES_SHIFT) - 1 - RULE_KIND)

enum rule_kind {
	RULE_EMPTY,
	RULE_FROM_SP,
	RULE_FROM_RBP,
	RULE_SPECIAL,
};

extern HIDDEN uint64_t unwind_rules[1 << RULE_CACHE_BITS];

/* Finds the rule of `pc` and puts it into the cache. */
uint64_t unwind_derive(uint64_t pc, struct cfi_work *work);

/* The upper 47 bits are a bijection of the address's 47. */
static inline uint64_t unwind_hash(uint64_t pc)
{
	return pc * (0x9e3779b97f4a7c15u << (64 - RULE_ADDRESS_BITS));
}

static inline uint64_t unwind_rule(uint64_t pc, struct cfi_work *work)
{
	uint64_t h = unwind_hash(pc);
	uint64_t rule = READ_ONCE(unwind_rules[h >> (64 - RULE_CACHE_BITS)]) ^
			h << RULE_CACHE_BITS;

	/* A rule's kind is not 0, and the tag that remains is. */
	if (likely(rule - 1 < (1ull << RULE_BITS) - 1))
		return rule;
	return unwind_derive(pc, work);
}

/* One step by any rule, from `s` to its caller. */
enum cfi_kind unwind_step(const struct walk_step *s,
			  const struct cfi_bounds *bounds,
			  struct cfi_frame *caller, struct cfi_work *work);

static inline uint64_t unwind_word(uint64_t address)
{
	return *(const uint64_t *)(uintptr_t)address;
}

/* Where a memo may be, or else in the place that is next to it, beyond an even
 * one or before an odd one. */
static inline uint32_t unwind_place(uint64_t key, uint64_t value)
{
	return (uint32_t)(key ^ value << 8) * 0x9e3779b1u /
	       (UINT32_MAX / WALK_PLACES + 1);
}

/* What a place has is the number of lines before its memo; 0: there is none, and
 * the first has no key. */
#define WALK_MEMO_LINES (sizeof(struct walk_memo) / WALK_LINE)
static inline const struct walk_memo *unwind_memo_at(const struct walk *w,
						     uint32_t place)
{
	const uint64_t bytes = w->places[place] * (uint64_t)WALK_LINE;

	return (const void *)((const char *)w->memos + bytes);
}

/* The memo of that key and value; NULL: there is none. */
static inline const struct walk_memo *unwind_memo(const struct walk *w,
						  uint64_t key, uint64_t value)
{
	const uint32_t place = unwind_place(key, value);
	const struct walk_memo *m = unwind_memo_at(w, place);

	if (likely(m->key == key && m->value == value))
		return m;
	m = unwind_memo_at(w, place ^ 1);
	return m->key == key && m->value == value ? m : NULL;
}

/* The first word that does not hold. */
static inline const struct walk_word *unwind_held(const struct walk_word *word)
{
	for (;; word += 4) {
		if (unwind_word(word[0].address) != word[0].value)
			return word;
		if (unwind_word(word[1].address) != word[1].value)
			return word + 1;
		if (unwind_word(word[2].address) != word[2].value)
			return word + 2;
		if (unwind_word(word[3].address) != word[3].value)
			return word + 3;
	}
}

/* What is noted of the stack that begins in the caller of the hook whose frame is
 * `frame`; NULL if nothing is. It holds if unwind_joins(). */
static inline const struct walk_memo *unwind_recall(const struct walk *w,
						    const uint64_t *frame)
{
	uint64_t key = frame[1], value = ADDRESS(frame);
	const struct walk_memo *m;

	while ((m = unwind_memo(w, key, value))) {
		const struct walk_word *word = unwind_held(m->words);

		if (likely(word == m->end))
			break;
		key = m->id + (uint64_t)(word - m->words);
		value = unwind_word(word->address);
	}
	return m;
}

/* Whether the frames behind a memo's words are those of the last walk, and still
 * the same. */
bool unwind_joins(const struct walk *w, const struct walk_memo *m);

/* Notes the last walk, which led to `leaf`; its node is not 0. */
void unwind_note(struct walk *w, const struct walk_leaf *leaf);

/* For frames that are CHECKED or UNPROVED. */
const struct walk_frame *unwind_prove_slowly(const struct walk_frame *f);

/*
 * The recorded frame `f` equals the walk's. Returns the outermost frame up to
 * which the recorded ones still hold: each led to its caller by words that are
 * compared in order and no further than to the first that differs.
 */
static inline const struct walk_frame *unwind_prove(const struct walk_frame *f)
{
	if (unlikely(f->how & WALK_CHECKS))
		return unwind_prove_slowly(f);
	for (;; f -= 4) {
		if (unwind_word(f[-1].slot) != f[-1].pc)
			return f;
		if (unwind_word(f[-2].slot) != f[-2].pc)
			return f - 1;
		if (unwind_word(f[-3].slot) != f[-3].pc)
			return f - 2;
		if (unwind_word(f[-4].slot) != f[-4].pc)
			return f - 3;
	}
}

/* All frames hold up to the outermost. Returns whether that is the end, and
 * `count` frames are enough. */
bool unwind_ends(struct walk *w, uint32_t count,
		 const struct cfi_bounds *bounds);

/* There are more frames than are kept: drops the outermost of `kept`, and with
 * them every node. Returns how many of `kept` stay. */
uint32_t unwind_drop(struct walk *w, uint32_t kept, uint32_t fresh);

/* The `how` of a frame, from the rule that leads to its caller and the caller's
 * `how`. */
uint32_t unwind_how(uint64_t rule, uint32_t caller);

/* Appends the frames w->fresh .. s-1 to the `kept` outermost ones. */
static inline void unwind_merge(struct walk *w, uint32_t kept,
				const struct walk_step *s)
{
	uint32_t fresh = (uint32_t)(s - w->fresh), how;
	struct walk_frame *to;

	if (unlikely(kept + fresh > w->depth + WALK_SLACK))
		kept = unwind_drop(w, kept, fresh);
	w->count = kept + fresh;
	to = &w->frames[kept];
	how = to->how;
	while (s-- > w->fresh) {
		to++;
		to->pc = s->state.pc;
		to->slot = s->state.sp - 8;
		to->rbp = s->state.rbp;
		to->node = 0;
		if (likely((s->rule & RULE_KIND) == RULE_FROM_SP &&
			   !(how & WALK_NEEDS_RBP)))
			how = (uint32_t)(s->rule >> RULE_SAVES_SHIFT) *
				  WALK_SAVES |
			      (how & WALK_CHECKS);
		else
			how = unwind_how(s->rule, how);
		to->how = how;
	}
}

/* The walk ended in `kind`, after the frame before `s`. */
void unwind_finish(struct walk *w, const struct walk_step *s,
		   enum cfi_kind kind);

/*
 * Walks from the frame (pc, sp, rbp) outward. Reads only words from `sp` up to
 * `most`. Frames that stayed the same keep their node; the others have node 0.
 * May run in a signal handler, but not while it runs already for the same `w`.
 */
/* One loop, since every allocation runs it. */
/* NOLINTNEXTLINE(readability-function-cognitive-complexity) */
static inline void unwind_walk(struct walk *w, uint64_t pc, uint64_t sp,
			       uint64_t rbp, uint64_t most)
{
	const struct cfi_bounds bounds = { sp, most };
	const struct walk_frame *f = &w->frames[w->count];
	const struct walk_step *end = &w->fresh[w->depth + WALK_SLACK];
	struct walk_step *s = w->fresh;
	uint64_t slot = sp - 8;

	for (;;) {
		uint64_t rule, cfa, saves;

		while (f > w->frames && f->slot < slot)
			f--;
		if (f->slot == slot && f->pc == pc &&
		    (!(f->how & WALK_NEEDS_RBP) || f->rbp == rbp)) {
			uint32_t kept = (uint32_t)(f - w->frames);

			if (likely(w->frames[1].slot < most))
				f = unwind_prove(f);
			if (likely(f == &w->frames[1]) &&
			    (likely(w->whole) ||
			     unwind_ends(w, kept + (uint32_t)(s - w->fresh),
					 &bounds))) {
				unwind_merge(w, kept, s);
				return;
			}
			/* A node stands for all callers, and some changed. */
			f--;
		}
		rule = unwind_rule(pc, &w->work);
		s->state.pc = pc;
		s->state.sp = slot + 8;
		s->state.rbp = rbp;
		s->rule = rule;
		saves = rule >> RULE_SAVES_SHIFT;
		cfa = slot + 8 + (rule & RULE_OFFSET);
		if (likely((rule & RULE_KIND) == RULE_FROM_SP && cfa <= most)) {
			pc = unwind_word(cfa - 8);
			if (saves)
				rbp = unwind_word(cfa - saves * 8);
		} else {
			struct cfi_frame *caller = &w->caller;
			enum cfi_kind kind =
			    unwind_step(s, &bounds, caller, &w->work);

			if (kind != CFI_PLAIN) {
				unwind_finish(w, s + 1, kind);
				return;
			}
			pc = caller->pc;
			cfa = caller->sp;
			rbp = caller->rbp;
		}
		slot = cfa - 8;
		s++;
		if (unlikely((pc - 1) >> RULE_ADDRESS_BITS || s == end)) {
			unwind_finish(w, s,
				      !pc        ? CFI_END
				      : s == end ? CFI_PLAIN
						 : CFI_NONE);
			return;
		}
	}
}

#endif
