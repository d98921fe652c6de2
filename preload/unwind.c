/* SPDX-License-Identifier: MIT */
#include "unwind.h"

#include <string.h>

#include "compiler.h"

/*
 * The rule cache: one word a rule, read and written whole, so that it needs no
 * lock.  A bijective hash of the 47-bit address gives a slot's number and the
 * tag that the slot must hold; the value takes the rest:
 *
 *   63     33 32  31      16 15      1  0
 *   | tag    | kind | offset  | rbp      |
 *
 * kind 0: empty, 1: CFA from rsp, 2: from rbp, 3: offset is an enum cfi_kind;
 * offset: CFA's, in words; rbp: where it is saved, in words under the CFA, or 1
 * (the return address) when it is not.
 */
#define CACHE_BITS   16
#define ADDRESS_BITS 47
#define TAG_BITS     (ADDRESS_BITS - CACHE_BITS)
#define VALUE_BITS   33
#define KIND_SHIFT   31
#define OFFSET_SHIFT 15
#define OFFSET_MOST  0xffff
#define RBP_MOST     0x7fff

static uint64_t cache[1 << CACHE_BITS];
static uint32_t generation;

struct place {
	uint64_t *slot;
	uint64_t tag; /* in place */
};

static inline struct place place(uint64_t pc)
{
	uint64_t h =
	    (pc * 0x5bd1e995u + (pc << 33)) & ((1ull << ADDRESS_BITS) - 1);

	return (struct place){ &cache[h >> TAG_BITS],
			       (h & ((1ull << TAG_BITS) - 1)) << VALUE_BITS };
}

static uint64_t pack(const struct cfi_rule *r)
{
	uint64_t offset = (uint64_t)r->offset / 8;
	uint64_t rbp = r->rbp_offset ? (uint64_t)-r->rbp_offset / 8 : 1;

	if (r->kind != CFI_PLAIN)
		return 3ull << KIND_SHIFT | (uint64_t)r->kind << OFFSET_SHIFT;
	if (r->offset <= 0 || r->offset % 8 || offset > OFFSET_MOST ||
	    r->rbp_offset % 8 || rbp > RBP_MOST)
		return 3ull << KIND_SHIFT | (uint64_t)CFI_COMPLEX
						<< OFFSET_SHIFT;
	return (r->from_rbp ? 2ull : 1ull) << KIND_SHIFT |
	       offset << OFFSET_SHIFT | rbp;
}

static COLD uint64_t derive(uint64_t pc, struct place at)
{
	struct cfi_rule rule = cfi_rule(pc);
	uint64_t value = pack(&rule);

	__atomic_store_n(at.slot, at.tag | value, __ATOMIC_RELAXED);
	return value;
}

static inline uint64_t lookup(uint64_t pc)
{
	struct place at = place(pc);
	uint64_t word = __atomic_load_n(at.slot, __ATOMIC_RELAXED);
	uint64_t value = word & ((1ull << VALUE_BITS) - 1);

	if (likely(value && (word ^ value) == at.tag))
		return value;
	return derive(pc, at);
}

/*
 * Step by DWARF in full, for what the cached rules do not hold. More words may
 * have been read than the two, so `saved` is made to differ from what is
 * there: the step will be taken again and not proved.
 */
static COLD enum cfi_kind step_slowly(struct walk_frame *w, struct cfi_frame *f,
				      const struct cfi_bounds *bounds)
{
	uint64_t sp = f->sp;
	enum cfi_kind kind = cfi_step(f, bounds);

	w->rbp_words = 1;
	w->saved = ~f->pc;
	if (kind == CFI_PLAIN && (f->sp <= sp || f->sp > bounds->most))
		return CFI_NONE;
	return kind;
}

/*
 * `w` holds a frame: make `f` its caller and note in `w` what was read.
 * *pure: the outcome is the rule's alone.
 */
static inline enum cfi_kind step(struct walk_frame *w, struct cfi_frame *f,
				 const struct cfi_bounds *bounds, bool *pure)
{
	uint64_t value, kind, cfa;
	const uint64_t *words;

	*f = w->state;
	*pure = false;
	if (unlikely(f->pc >> ADDRESS_BITS))
		return CFI_NONE;
	value = lookup(f->pc);
	kind = value >> KIND_SHIFT;
	if (unlikely(kind == 3)) {
		enum cfi_kind special = value >> OFFSET_SHIFT & OFFSET_MOST;

		if (special == CFI_COMPLEX)
			return step_slowly(w, f, bounds);
		*pure = special == CFI_END;
		return special;
	}
	cfa = (kind == 2 ? f->rbp : f->sp) +
	      (value >> OFFSET_SHIFT & OFFSET_MOST) * 8;
	if (unlikely(cfa <= f->sp || cfa > bounds->most || cfa % 8))
		return CFI_NONE;
	w->rbp_words = value & RBP_MOST;
	if (unlikely(cfa - w->rbp_words * 8 < bounds->least))
		return CFI_NONE;
	words = (const uint64_t *)(uintptr_t)cfa;
	f->pc = words[-1];
	f->sp = cfa;
	w->saved = words[-(int64_t)w->rbp_words];
	if (w->rbp_words > 1)
		f->rbp = w->saved;
	return f->pc ? CFI_PLAIN : CFI_END;
}

static inline bool same(const struct cfi_frame *a, const struct cfi_frame *b)
{
	return a->pc == b->pc && a->rbp == b->rbp && a->sp == b->sp;
}

/* frames[0] .. frames[i] are proved, and so is that nothing follows. */
static bool ends_here(struct walk *w, const struct cfi_bounds *bounds)
{
	struct walk_frame last = w->frames[0];
	struct cfi_frame f;
	enum cfi_kind kind;
	bool pure;

	if (likely(w->pure_end))
		return true;
	kind = step(&last, &f, bounds, &pure);
	return kind != CFI_PLAIN && w->truncated == (kind == CFI_NONE);
}

/*
 * Append the fresh frames to the `kept` outermost ones. Too many: the
 * outermost are given up, and with them every node.
 */
static void merge(struct walk *w, uint32_t kept, uint32_t fresh)
{
	if (unlikely(kept + fresh > WALK_MOST)) {
		uint32_t lost = kept + fresh - WALK_MOST;

		kept -= lost;
		memmove(w->frames, w->frames + lost, kept * sizeof(*w->frames));
		for (uint32_t i = 0; i < kept; i++)
			w->frames[i].node = 0;
		w->truncated = true;
		w->pure_end = false;
	}
	for (uint32_t i = 0; i < fresh; i++)
		w->frames[kept + i] = w->fresh[fresh - 1 - i];
	w->count = kept + fresh;
}

/*
 * The recorded frame `c` equals the walk's. Outermost frame up to which the
 * recorded ones still hold: each led to its caller by two words, compared in
 * order and no further than to the first that differs.
 */
static inline uint32_t prove(const struct walk *w, uint32_t c,
			     const struct cfi_bounds *bounds)
{
	const struct walk_frame *f = &w->frames[c];

	if (unlikely(w->frames[0].state.sp > bounds->most))
		return c;
	for (; f > w->frames; f--) {
		const struct walk_frame *caller = f - 1;
		const uint64_t *words =
		    (const uint64_t *)(uintptr_t)caller->state.sp;

		if (words[-1] != caller->state.pc ||
		    words[-(int64_t)f->rbp_words] != f->saved)
			break;
	}
	return (uint32_t)(f - w->frames);
}

static inline void add(struct walk *w, uint32_t *fresh,
		       const struct walk_frame *f)
{
	w->fresh[*fresh] = *f;
	w->fresh[(*fresh)++].node = 0;
}

void unwind_walk(struct walk *w, uint64_t pc, uint64_t sp, uint64_t rbp,
		 uint64_t most)
{
	const struct cfi_bounds range = { sp, most }, *bounds = &range;
	struct cfi_frame f = { pc, sp, rbp };
	uint32_t c, fresh = 0;
	enum cfi_kind kind = CFI_NONE;
	bool pure = false;

	if (unlikely(w->generation != generation)) {
		w->generation = generation;
		w->count = 0;
	}
	c = w->count;
	while (fresh < WALK_MOST) {
		while (c && w->frames[c - 1].state.sp < f.sp)
			c--;
		if (c && same(&w->frames[c - 1].state, &f)) {
			uint32_t held = prove(w, c - 1, bounds);

			if (!held && ends_here(w, bounds)) {
				if (fresh)
					merge(w, c, fresh);
				else
					w->count = c;
				return;
			}
			/* A node stands for all callers; some change. */
			while (c > held && fresh < WALK_MOST)
				add(w, &fresh, &w->frames[--c]);
		} else {
			add(w, &fresh, &(struct walk_frame){ .state = f });
		}
		kind = step(&w->fresh[fresh - 1], &f, bounds, &pure);
		if (kind != CFI_PLAIN)
			break;
	}
	w->truncated = kind == CFI_NONE || kind == CFI_PLAIN;
	w->pure_end = pure;
	merge(w, 0, fresh);
}

void unwind_flush(void)
{
	for (size_t i = 0; i < sizeof(cache) / sizeof(*cache); i++)
		__atomic_store_n(&cache[i], 0, __ATOMIC_RELAXED);
	__atomic_fetch_add(&generation, 1, __ATOMIC_RELEASE);
}
