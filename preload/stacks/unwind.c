/* SPDX-License-Identifier: MIT */
#include "unwind.h"

#include <string.h>

#include "process.h"

#define SAVES_MOST ((1u << (RULE_BITS - RULE_SAVES_SHIFT)) - 1)

APART uint64_t unwind_rules[1 << RULE_CACHE_BITS];

/* What ends a list of words to compare: it is not ~0. */
static const uint64_t nothing;

void unwind_begin(struct walk *w, uint32_t depth)
{
	w->depth = depth;
	w->frames[0].pc = ~0ull;
	w->frames[0].slot = ADDRESS(&nothing);
	if (w->noted)
		memset(w->places, 0, sizeof(w->places));
}

static uint64_t special(enum cfi_kind kind)
{
	return (uint64_t)kind * (RULE_KIND + 1) | RULE_SPECIAL;
}

static uint64_t pack(const struct cfi_rule *r)
{
	uint64_t saves = r->rbp_offset ? (uint64_t)-r->rbp_offset / 8 : 0;

	if (r->kind != CFI_PLAIN)
		return special(r->kind);
	if (r->offset <= 0 || (uint64_t)r->offset & ~(uint64_t)RULE_OFFSET ||
	    r->rbp_offset % 8 || saves > SAVES_MOST ||
	    (!r->from_rbp && saves * 8 > (uint64_t)r->offset))
		return special(CFI_COMPLEX);
	return saves << RULE_SAVES_SHIFT | (uint64_t)r->offset |
	       (r->from_rbp ? RULE_FROM_RBP : RULE_FROM_SP);
}

COLD uint64_t unwind_derive(uint64_t pc, struct cfi_work *work)
{
	struct cfi_rule rule = cfi_rule(pc, work);
	uint64_t value = pack(&rule), h = unwind_hash(pc);

	if (LOAD_ACQUIRE(process_page.unloading) <= 0)
		WRITE_ONCE(unwind_rules[h >> (64 - RULE_CACHE_BITS)],
			   h << RULE_CACHE_BITS | value);
	return value;
}

static enum cfi_kind step_plainly(const struct walk_step *s,
				  const struct cfi_bounds *bounds,
				  struct cfi_frame *f)
{
	uint64_t saves = s->rule >> RULE_SAVES_SHIFT;
	bool from_rbp = (s->rule & RULE_KIND) == RULE_FROM_RBP;
	uint64_t cfa = (from_rbp ? f->rbp : f->sp) + (s->rule & RULE_OFFSET);

	if (cfa <= f->sp || cfa > bounds->most || cfa % 8 != f->sp % 8 ||
	    cfa - saves * 8 < f->sp)
		return CFI_NONE;
	f->pc = unwind_word(cfa - 8);
	f->sp = cfa;
	if (saves)
		f->rbp = unwind_word(cfa - saves * 8);
	return f->pc ? CFI_PLAIN : CFI_END;
}

enum cfi_kind unwind_step(const struct walk_step *s,
			  const struct cfi_bounds *bounds,
			  struct cfi_frame *caller, struct cfi_work *work)
{
	enum cfi_kind kind = (s->rule & RULE_OFFSET) / (RULE_KIND + 1);

	*caller = s->state;
	if ((s->rule & RULE_KIND) != RULE_SPECIAL)
		return step_plainly(s, bounds, caller);
	if (kind == CFI_COMPLEX)
		kind = cfi_step(caller, bounds, work);
	if (kind == CFI_PLAIN &&
	    (caller->sp <= s->state.sp || caller->sp > bounds->most))
		return CFI_NONE;
	return kind;
}

const struct walk_frame *unwind_prove_slowly(const struct walk_frame *f)
{
	/* Does `f` still lead to the caller that is recorded before it? */
	while (!(f->how & WALK_UNPROVED) &&
	       unwind_word(f[-1].slot) == f[-1].pc &&
	       (!(f->how & WALK_CHECKED) ||
		unwind_word(f[-1].slot + 8 - f->how / WALK_SAVES * 8) ==
		    f[-1].rbp))
		f--;
	return f;
}

bool unwind_joins(const struct walk *w, const struct walk_memo *m)
{
	const struct walk_frame *f = &w->frames[m->join], *last = &m->last;

	return !m->join ||
	       (m->join <= w->count && (w->whole || w->cut) &&
		f->pc == last->pc && f->slot == last->slot &&
		f->node == last->node &&
		(!(f->how & WALK_NEEDS_RBP) || f->rbp == last->rbp) &&
		unwind_prove(f) == &w->frames[1]);
}

/* Appends a word that must hold, unless it is one of those proved, which are in
 * the same order, from `*at` on. */
static struct walk_word *list_word(const struct walk *w, uint32_t *at,
				   struct walk_word *to, uint64_t address,
				   uint64_t value)
{
	for (uint32_t i = *at; i < w->proved_count; i++) {
		if (w->proved[i] == address) {
			*at = i + 1;
			return to;
		}
	}
	to->address = address;
	to->value = value;
	return to + 1;
}

/*
 * Lists the words that prove the last walk and are not proved yet, as far as there
 * is room or a frame is UNPROVED. The last frame that they prove.
 */
static const struct walk_frame *list_words(const struct walk *w,
					   struct walk_memo *m)
{
	const struct walk_frame *f = &w->frames[w->count];
	struct walk_word *to = m->words;
	const struct walk_word *room = to + WALK_MEMO_WORDS - 2;
	uint32_t at = 0;

	if (f->how & WALK_NEEDS_RBP)
		to = list_word(w, &at, to, f->slot - 8, f->rbp);
	for (; f > &w->frames[1] && to <= room && !(f->how & WALK_UNPROVED);
	     f--) {
		to = list_word(w, &at, to, f[-1].slot, f[-1].pc);
		if (f->how & WALK_CHECKED)
			to = list_word(w, &at, to,
				       f[-1].slot + 8 - f->how / WALK_SAVES * 8,
				       f[-1].rbp);
	}
	to->address = ADDRESS(&nothing);
	to->value = ~0ull;
	m->end = to;
	return f;
}

/* Where the walk's stack belongs in the tree of memos. */
struct branch {
	uint64_t key, value;
	const struct walk_memo *there; /* a memo whose words hold; NULL: none */
};

static struct branch find_branch(struct walk *w)
{
	const struct walk_frame *f = &w->frames[w->count];
	struct branch b = { f->pc, f->slot - 8, NULL };
	const struct walk_memo *m;

	w->proved_count = 0;
	while ((m = unwind_memo(w, b.key, b.value))) {
		const struct walk_word *word = unwind_held(m->words);

		if (word == m->end) {
			b.there = m;
			break;
		}
		/* With the one that the key names. */
		for (const struct walk_word *at = m->words;
		     at <= word && w->proved_count < WALK_PROVED; at++)
			w->proved[w->proved_count++] = at->address;
		b.key = m->id + (uint64_t)(word - m->words);
		b.value = unwind_word(word->address);
	}
	return b;
}

/* A memo to write, in its place: the one that is there already, or the one that
 * was noted longest ago. */
static struct walk_memo *take_memo(struct walk *w, const struct branch *b)
{
	uint32_t place = unwind_place(b->key, b->value), old;
	struct walk_memo *m;
	uint16_t lines;

	if (b->there)
		return &w->memos[b->there - w->memos];
	m = &w->memos[w->noted % WALK_MEMOS + 1];
	/* Not the one that leads there. */
	if ((b->key & -(uint64_t)WALK_IDS) == m->id)
		m = &w->memos[++w->noted % WALK_MEMOS + 1];
	lines = (uint16_t)(WALK_MEMO_LINES * (uint64_t)(m - w->memos));
	old = unwind_place(m->key, m->value);
	old ^= w->places[old] != lines;
	if (w->places[old] == lines)
		w->places[old] = 0;
	place ^=
	    unwind_memo_at(w, place ^ 1)->id < unwind_memo_at(w, place)->id;
	w->places[place] = lines;
	return m;
}

void unwind_note(struct walk *w, const struct walk_leaf *leaf)
{
	const struct walk_frame *f;
	uint32_t *seen = &w->seen[leaf->node % WALK_SEEN];
	struct walk_memo *m;
	struct branch b;

	if (*seen != leaf->node || !(w->whole || w->cut)) {
		*seen = leaf->node;
		return;
	}
	b = find_branch(w);
	if (b.there && unwind_joins(w, b.there))
		return;
	m = take_memo(w, &b);
	m->key = b.key;
	m->value = b.value;
	m->id = WALK_NO_PC | ++w->noted * WALK_IDS;
	m->leaf = *leaf;
	f = list_words(w, m);
	m->last = *f;
	m->join = (uint32_t)(f - w->frames);
	if (m->join == 1 && w->whole)
		m->join = 0;
}

bool unwind_ends(struct walk *w, uint32_t count,
		 const struct cfi_bounds *bounds)
{
	const struct walk_frame *f = &w->frames[1];
	enum cfi_kind kind;

	if (w->whole || w->cut)
		return w->whole || count >= w->depth;
	w->last.state = (struct cfi_frame){ f->pc, f->slot + 8, f->rbp };
	w->last.rule = unwind_rule(f->pc, &w->work);
	kind = unwind_step(&w->last, bounds, &w->caller, &w->work);
	return kind != CFI_PLAIN && w->truncated == (kind == CFI_NONE);
}

COLD uint32_t unwind_drop(struct walk *w, uint32_t kept, uint32_t fresh)
{
	uint32_t lost = kept + fresh - w->depth;

	lost = lost < kept ? lost : kept;
	kept -= lost;
	memmove(w->frames + 1, w->frames + 1 + lost, kept * sizeof(*w->frames));
	for (uint32_t i = 1; i <= kept; i++)
		w->frames[i].node = 0;
	w->truncated = w->whole = false;
	w->cut = true;
	return kept;
}

uint32_t unwind_how(uint64_t rule, uint32_t caller)
{
	uint32_t how = (uint32_t)(rule >> RULE_SAVES_SHIFT) * WALK_SAVES |
		       (caller & WALK_CHECKS);

	if (rule == special(CFI_COMPLEX))
		return how | WALK_NEEDS_RBP | WALK_UNPROVED | WALK_CHECKS;
	if (caller & WALK_NEEDS_RBP)
		how |= how >= WALK_SAVES ? WALK_CHECKED | WALK_CHECKS
					 : WALK_NEEDS_RBP;
	if ((rule & RULE_KIND) == RULE_FROM_RBP)
		how |= WALK_NEEDS_RBP;
	return how;
}

COLD void unwind_finish(struct walk *w, const struct walk_step *s,
			enum cfi_kind kind)
{
	w->truncated = kind == CFI_NONE;
	w->cut = kind == CFI_PLAIN;
	w->whole = s > w->fresh && s[-1].rule == special(CFI_END);
	unwind_merge(w, 0, s);
}

void unwind_flush(void)
{
	for (size_t i = 0; i < sizeof(unwind_rules) / sizeof(*unwind_rules);
	     i++)
		WRITE_ONCE(unwind_rules[i], 0);
}
