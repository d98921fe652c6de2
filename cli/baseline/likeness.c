/* SPDX-License-Identifier: MIT */
#include "likeness.h"

#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "plain_name.h"
#include "text_stream.h"

#define MOST   FRAME_LINES_MOST
#define STACKS FRAME_LINES_STACKS

/* Weights, builds and lines in one number, so that the least is the nearest. */
#define WEIGHT(n) ((uint32_t)(n) << 20)
#define BUILDS(n) ((uint32_t)(n) << 10)
#define LINES     0x3ffu

/* One stack of a finding. */
struct stack {
	const struct frame_line *list;
	size_t count;
	bool cut;
};

/* A pair of them; [i][k]: from frame i here and frame k there on outward, up to
 * those that are equal in both, which are not looked at. */
struct table {
	struct stack here, there;
	size_t here_end, there_end;
	const struct likeness_evidence *evidence;
	uint32_t least[MOST + 1][MOST + 1];
	unsigned char move[MOST + 1][MOST + 1]; /* enum move: the first one */
};

enum move {
	MOVE_BOTH = 1,  /* over a frame of each */
	MOVE_HERE = 2,  /* over one that the other lacks */
	MOVE_THERE = 3, /* likewise */
};

/* --- Frames ---------------------------------------------------------------- */

static bool is_placed(const struct frame_line *f)
{
	return f->placed || f->read;
}

/* Whether `lacks`, from its frame `outer` on, has lost the debug information
 * that `has` has there, and so what was inlined at frame `at` of that. */
static bool is_stripped(const struct stack *lacks, size_t outer,
			const struct stack *has, size_t at)
{
	const struct frame_line *f = &lacks->list[outer];

	if (outer == lacks->count || is_placed(f) || f->coded)
		return false;
	while (++at < has->count)
		if (!strcmp(has->list[at].call, f->call))
			return is_placed(&has->list[at]);
	return false;
}

static int compare_names(const void *key, const void *element)
{
	const char *const *name = element;

	return strcmp(key, *name);
}

static bool is_among(const char *name, const char **list, size_t count)
{
	return count &&
	       bsearch(name, list, count, sizeof(*list), compare_names);
}

/* The accepted line is where it was, and both are parts of one statement: which
 * of its lines a call is on is the compiler's choice. */
static bool is_statement(const struct table *t, const struct frame_line *here,
			 const struct frame_line *there)
{
	const struct sources *s = t->evidence->sources;
	unsigned line;
	uint16_t text;

	if (!s || !there->read || !there->placed || !here->path ||
	    !here->declared)
		return false;
	line = here->declared + (unsigned)there->offset;
	if (!sources_hash(s, here->path, here->declared, line, &text) ||
	    text != there->text)
		return false;
	return line < here->line
		   ? sources_is_statement(s, here->path, line, here->line)
		   : sources_is_statement(s, here->path, here->line, line);
}

/* --- Steps ----------------------------------------------------------------- */

static uint32_t cost_of(const struct likeness_step *s)
{
	switch (s->kind) {
	case LIKENESS_PASSING:
		return 1;
	case LIKENESS_UNSEEN:
	case LIKENESS_STATEMENT:
	case LIKENESS_JUMP:
	case LIKENESS_CUT:
		return BUILDS(1);
	case LIKENESS_CALL:
	case LIKENESS_LINE:
	case LIKENESS_NAME:
		return WEIGHT(s->doubted ? LIKENESS_DOUBT : LIKENESS_EDIT);
	case LIKENESS_OTHER:
		break;
	}
	return WEIGHT(LIKENESS_STRANGE);
}

/* Frame `at` of `has`, which the other, at its frame `outer`, lacks. */
static struct likeness_step missing(const struct stack *has, size_t at,
				    const struct stack *lacks, size_t outer,
				    bool is_here)
{
	const struct frame_line *f = &has->list[at];
	struct likeness_step s = { .kind = LIKENESS_CALL, .doubted = f->coded };

	*(is_here ? &s.here : &s.there) = f;
	if (outer == lacks->count && lacks->cut)
		s.kind = LIKENESS_PASSING;
	else if (is_placed(f) && is_stripped(lacks, outer, has, at))
		s.kind = f->passing ? LIKENESS_PASSING : LIKENESS_UNSEEN;
	return s;
}

/* Of two frames that are compared with each other; false: they are the same. */
static bool compare_frames(const struct table *t, const struct frame_line *here,
			   const struct frame_line *there,
			   struct likeness_step *s)
{
	const struct likeness_evidence *e = t->evidence;
	bool known = false, has = false;

	*s = (struct likeness_step){ .here = here, .there = there };
	if (strcmp(here->call, there->call) != 0) {
		/* It was renamed if the line is the same, and the one name came
		 * for the other everywhere: as far as can be seen, no function
		 * of the old name is left beside this one. */
		s->kind = LIKENESS_NAME;
		s->doubted =
		    !here->read || !there->read || here->text != there->text ||
		    is_among(there->call, e->here, e->here_count) ||
		    is_among(here->call, e->there, e->there_count) ||
		    (e->sources && here->path &&
		     sources_has_word(e->sources, here->path, there->call));
		return true;
	}
	if (frame_line_distance(here, there) != FRAME_LINES_OTHER)
		return false;
	s->kind = LIKENESS_STATEMENT;
	if (is_statement(t, here, there))
		return true;
	/* Of several calls that end a function compilers make one jump, which
	 * has one of their lines; so this may be the accepted line as long as
	 * that is there. If that is gone, this may be it after an edit. */
	if (e->sources && there->read && here->path && here->declared)
		has = sources_has(e->sources, here->path, here->declared,
				  there->text, &known);
	s->kind = known && has && (here->jumped || there->jumped)
		      ? LIKENESS_JUMP
		      : LIKENESS_LINE;
	s->doubted = s->kind == LIKENESS_LINE && (!known || has || here->coded);
	return true;
}

/* --- The least way --------------------------------------------------------- */

static void offer(struct table *t, size_t i, size_t k, uint32_t cost,
		  enum move move)
{
	if (cost >= t->least[i][k])
		return;
	t->least[i][k] = cost;
	t->move[i][k] = (unsigned char)move;
}

/* False: the frames are the same. */
static bool make_step(const struct table *t, size_t i, size_t k, enum move move,
		      struct likeness_step *s)
{
	if (move == MOVE_BOTH)
		return compare_frames(t, &t->here.list[i], &t->there.list[k],
				      s);
	*s = move == MOVE_HERE ? missing(&t->here, i, &t->there, k, true)
			       : missing(&t->there, k, &t->here, i, false);
	return true;
}

static void offer_all(struct table *t, size_t i, size_t k)
{
	struct likeness_step s;

	if (i < t->here_end && k < t->there_end)
		offer(t, i, k,
		      t->least[i + 1][k + 1] +
			  (make_step(t, i, k, MOVE_BOTH, &s)
			       ? cost_of(&s)
			       : frame_line_distance(&t->here.list[i],
						     &t->there.list[k])),
		      MOVE_BOTH);
	if (i < t->here_end) {
		make_step(t, i, k, MOVE_HERE, &s);
		offer(t, i, k, t->least[i + 1][k] + cost_of(&s), MOVE_HERE);
	}
	if (k < t->there_end) {
		make_step(t, i, k, MOVE_THERE, &s);
		offer(t, i, k, t->least[i][k + 1] + cost_of(&s), MOVE_THERE);
	}
}

/* --- What it makes --------------------------------------------------------- */

static bool have_one_name(const struct frame_line *a,
			  const struct frame_line *b)
{
	return a && b ? !strcmp(a->call, b->call) : a == b;
}

static void add_step(struct likeness *l, const struct likeness_step *s)
{
	uint32_t cost = cost_of(s);

	if (s->kind == LIKENESS_PASSING) {
		l->passing++;
		return;
	}
	/* The stacks of a cycle have their outer frames in common. */
	for (size_t i = 0; i < l->step_count && i < LIKENESS_STEPS; i++) {
		const struct likeness_step *o = &l->steps[i];

		if (o->kind == s->kind && have_one_name(o->here, s->here) &&
		    have_one_name(o->there, s->there) &&
		    (s->kind != LIKENESS_LINE ||
		     (o->here->offset == s->here->offset &&
		      o->there->offset == s->there->offset)))
			return;
	}
	if (l->step_count < LIKENESS_STEPS)
		l->steps[l->step_count] = *s;
	l->step_count++;
	l->weight += cost / WEIGHT(1);
	l->builds += cost % WEIGHT(1) / BUILDS(1);
}

/* The least way through a table, step by step. */
struct way {
	struct likeness_step steps[2 * MOST];
	size_t gaps[2 * MOST]; /* of each, which gap between frames it is in */
	size_t count;
	size_t common;  /* frames that both have, */
	size_t known;   /* of these: their lines are known in both */
	bool unchanged; /* they are on equal lines, as far as that is known */
};

static void find_way(struct way *w, struct likeness *l, const struct table *t)
{
	size_t i = 0, k = 0;

	*w = (struct way){ .unchanged = true };
	while (i < t->here.count || k < t->there.count) {
		const struct frame_line *a = &t->here.list[i];
		const struct frame_line *b = &t->there.list[k];
		struct likeness_step *s = &w->steps[w->count];

		if ((i < t->here_end || k < t->there_end) &&
		    make_step(t, i, k, t->move[i][k], s)) {
			w->gaps[w->count] = w->common;
			w->count++;
			i += s->here != NULL;
			k += s->there != NULL;
			continue;
		}
		l->lines += frame_line_distance(a, b);
		l->placed &=
		    (a->coded || is_placed(a)) && (b->coded || is_placed(b));
		/* As far as is known, which is not much where the source cannot
		 * be read. */
		if (a->placed && b->placed) {
			w->known++;
			w->unchanged &=
			    a->offset == b->offset &&
			    (!a->read || !b->read || a->text == b->text);
		}
		w->common++;
		i++;
		k++;
	}
}

/*
 * A function that one side has between two frames, or in the innermost place,
 * is doubted if the other side has a different one there: that is another way.
 * If it has none there and the source did not change, a compiler left it out.
 * Without any lines, both sides must share half of the way.
 */
static void judge_calls(struct way *w, struct likeness *l)
{
	bool excused = w->unchanged && (w->known || w->count <= w->common);

	for (size_t i = 0; i < w->count; i++) {
		struct likeness_step *s = &w->steps[i];

		if (s->kind != LIKENESS_CALL || s->doubted)
			continue;
		for (size_t k = 0; k < w->count; k++)
			s->doubted |= w->gaps[k] == w->gaps[i] &&
				      !w->steps[k].here != !s->here;
		if (!s->doubted && excused) {
			s->kind = LIKENESS_UNSEEN;
			l->blind |= !w->known;
		}
	}
}

static void add_stacks(struct likeness *l, const struct stack *here,
		       const struct stack *there,
		       const struct likeness_evidence *evidence)
{
	size_t before = l->step_count, i = here->count, k = there->count;
	struct table t; /* all of it would take long to clear */
	struct way w;

	t.here = *here;
	t.there = *there;
	t.evidence = evidence;
	while (i && k &&
	       !strcmp(here->list[i - 1].call, there->list[k - 1].call) &&
	       !frame_line_distance(&here->list[i - 1], &there->list[k - 1])) {
		i--;
		k--;
	}
	t.here_end = i;
	t.there_end = k;
	for (i = t.here_end + 1; i-- > 0;)
		for (k = t.there_end + 1; k-- > 0;) {
			t.least[i][k] = UINT32_MAX;
			if (i == t.here_end && k == t.there_end)
				t.least[i][k] = 0;
			else
				offer_all(&t, i, k);
		}
	find_way(&w, l, &t);
	judge_calls(&w, l);
	for (i = 0; i < w.count; i++)
		add_step(l, &w.steps[i]);
	if ((here->cut || there->cut) && l->step_count == before)
		add_step(l, &(struct likeness_step){ .kind = LIKENESS_CUT });
}

/* --- Stacks ---------------------------------------------------------------- */

/* Their number; 0: more than there is room for. */
static size_t split(const struct frame_lines *l, struct stack *stacks)
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i < l->count; i++) {
		const struct frame_line *f = &l->list[i];

		if (!f->outermost && !f->cut && i + 1 < l->count)
			continue;
		if (n == STACKS || i + 1 - from > MOST)
			return 0;
		stacks[n++] =
		    (struct stack){ l->list + from, i + 1 - from, f->cut };
		from = i + 1;
	}
	return n;
}

static const struct likeness nothing = { .placed = true };
static const struct likeness strange = { .weight = LIKENESS_STRANGE };

/* Each of `here` from `at` on with one of those there that have none. */
static void pair_stacks(struct likeness *best, struct likeness so_far,
			const struct stack *here, const struct stack *there,
			size_t count, size_t at, unsigned taken,
			const struct likeness_evidence *evidence)
{
	if (at == count) {
		if (likeness_rank(&so_far) < likeness_rank(best))
			*best = so_far;
		return;
	}
	for (size_t k = 0; k < count; k++) {
		struct likeness l = so_far;

		if (taken & 1u << k)
			continue;
		add_stacks(&l, &here[at], &there[k], evidence);
		pair_stacks(best, l, here, there, count, at + 1,
			    taken | 1u << k, evidence);
	}
}

/* Stacks that only lines distinguish are one where there are none: each of `many`
 * is then one of the `few`, and none of these is left. `flip`: those are here. */
static void merge_stacks(struct likeness *best, const struct stack *many,
			 size_t many_count, const struct stack *few,
			 size_t few_count, bool flip,
			 const struct likeness_evidence *evidence)
{
	struct likeness all = nothing;
	unsigned taken = 0;

	for (size_t i = 0; i < many_count; i++) {
		struct likeness least = strange;
		size_t of = 0;

		for (size_t k = 0; k < few_count; k++) {
			struct likeness l = all;

			add_stacks(&l, flip ? &many[i] : &few[k],
				   flip ? &few[k] : &many[i], evidence);
			if (likeness_rank(&l) >= likeness_rank(&least))
				continue;
			least = l;
			of = k;
		}
		all = least;
		taken |= 1u << of;
	}
	if (taken + 1 == 1u << few_count)
		*best = all;
}

void likeness_make(struct likeness *l, const struct frame_lines *here,
		   const struct frame_lines *there,
		   const struct likeness_evidence *evidence)
{
	struct stack ours[STACKS], theirs[STACKS];
	size_t n = split(here, ours), k = split(there, theirs);

	*l = strange;
	if (n && n == k)
		pair_stacks(l, nothing, ours, theirs, n, 0, 0, evidence);
	else if (k && n > k && !frame_lines_known(there))
		merge_stacks(l, ours, n, theirs, k, true, evidence);
	else if (n && k > n && !frame_lines_known(here))
		merge_stacks(l, theirs, k, ours, n, false, evidence);
}

uint32_t likeness_rank(const struct likeness *l)
{
	unsigned builds = l->builds < LINES ? l->builds : LINES;
	unsigned lines = l->passing + l->lines;

	return WEIGHT(l->weight) + BUILDS(builds) +
	       (lines < LINES / 2 ? lines : LINES / 2);
}

/* --- Text ------------------------------------------------------------------ */

static void print_step(FILE *out, const struct likeness_step *s)
{
	const struct frame_line *here = s->here, *there = s->there;
	char *name = here ? plain_name_shown(here->call) : NULL;
	char *other = there ? plain_name_shown(there->call) : NULL;

	switch (s->kind) {
	case LIKENESS_LINE:
	case LIKENESS_STATEMENT:
	case LIKENESS_JUMP:
		fprintf(out, "the line in %s()", name);
		if (here->placed && there->placed)
			fprintf(out, " (%+d there, %+d here)", there->offset,
				here->offset);
		break;
	case LIKENESS_NAME:
		fprintf(out, "the name %s where it was %s", name, other);
		break;
	case LIKENESS_CUT:
		fprintf(out, "calls further out than the %d innermost", MOST);
		break;
	default:
		fputs(name ? name : other, out);
	}
	free(name);
	free(other);
}

char *likeness_text(const struct likeness *l)
{
	char *text, *shown;
	size_t size;
	FILE *out;

	if (!l->step_count)
		return NULL;
	out = text_stream_open(&text, &size);
	for (size_t i = 0; i < l->step_count && i < LIKENESS_STEPS; i++) {
		fputs(i ? ", " : "", out);
		print_step(out, &l->steps[i]);
	}
	if (l->step_count > LIKENESS_STEPS)
		fputs(" and more", out);
	text_stream_close(out);
	shown = escape(text);
	free(text);
	return shown;
}
