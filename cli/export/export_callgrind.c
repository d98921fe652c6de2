/* SPDX-License-Identifier: MIT */
/*
 * The profile format of callgrind: costs of a function's lines itself, and of
 * what they call.
 * https://valgrind.org/docs/manual/cl-format.html
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export_command.h"
#include "list.h"

/* What one frame has itself, or calls: sums over all stacks. */
struct cost {
	uint32_t from, to; /* frames; to RKN_NONE: itself */
	uint64_t value[PROFILE_VALUES];
};

struct costs {
	struct cost *list;
	size_t count;
};

static int by_frames(const void *a, const void *b)
{
	const struct cost *x = a, *y = b;

	/* Itself first. */
	return ORDER(x->from, y->from) ?: ORDER(x->to + 1, y->to + 1);
}

static void add(struct costs *c, uint32_t from, uint32_t to,
		const struct profile_stack *s)
{
	struct cost *cost = LIST_ADD(c->list, c->count);

	*cost = (struct cost){ .from = from, .to = to };
	for (unsigned v = 0; v < PROFILE_VALUES; v++)
		cost->value[v] = s->value[v];
}

/* Whether readers take two frames for one function, which its lines do not tell
 * apart. Texts of files and modules are one where they are equal. */
static bool is_same_function(const struct profile *p, uint32_t a, uint32_t b)
{
	const struct profile_frame *x = &p->frames[a], *y = &p->frames[b];

	return a == b || (x->file == y->file && x->module == y->module &&
			  !strcmp(x->name, y->name));
}

/* A call that recurs in a stack counts once there. */
static bool is_seen(const struct profile *p, const struct profile_stack *s,
		    size_t at)
{
	const uint32_t *path = p->path + s->first;

	for (size_t i = 1; i < at; i++)
		if (is_same_function(p, path[i], path[at]) &&
		    is_same_function(p, path[i - 1], path[at - 1]))
			return true;
	return false;
}

static void collect(struct costs *c, const struct profile *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->stack_count; i++) {
		const struct profile_stack *s = &p->stacks[i];
		const uint32_t *path = p->path + s->first;

		add(c, path[0], RKN_NONE, s);
		for (size_t d = 1; d < s->count; d++)
			if (!is_seen(p, s, d))
				add(c, path[d], path[d - 1], s);
	}
	qsort(c->list, c->count, sizeof(*c->list), by_frames);
	for (size_t i = 0; i < c->count; i++) {
		if (kept && !by_frames(&c->list[kept - 1], &c->list[i])) {
			for (unsigned v = 0; v < PROFILE_VALUES; v++)
				c->list[kept - 1].value[v] +=
				    c->list[i].value[v];
			continue;
		}
		c->list[kept++] = c->list[i];
	}
	c->count = kept;
}

struct writer {
	FILE *out;
	const struct profile *p;
	/* Names that were written, by their number: later that is enough. */
	struct texts modules, files, functions;
};

static void write_name(FILE *out, const char *key, struct texts *known,
		       const char *name)
{
	uint32_t count = known->count, number = texts_number(known, name);

	if (number < count)
		fprintf(out, "%s=(%" PRIu32 ")\n", key, number + 1);
	else
		fprintf(out, "%s=(%" PRIu32 ") %s\n", key, number + 1, name);
}

static void write_frame(struct writer *w, bool called, uint32_t frame)
{
	const struct profile_frame *f = &w->p->frames[frame];

	write_name(w->out, called ? "cob" : "ob", &w->modules,
		   f->module ? f->module : "???");
	write_name(w->out, called ? "cfi" : "fl", &w->files,
		   f->file ? f->file : "???");
	write_name(w->out, called ? "cfn" : "fn", &w->functions, f->name);
}

static void write_cost(const struct writer *w, unsigned line,
		       const uint64_t *value)
{
	fprintf(w->out, "%u", line);
	for (unsigned v = 0; v < PROFILE_VALUES; v++)
		if (profile_knows(w->p, v))
			fprintf(w->out, " %" PRIu64, value[v]);
	putc('\n', w->out);
}

static void write_head(struct writer *w, const struct model *m)
{
	fprintf(w->out,
		"# callgrind format\nversion: 1\ncreator: refknot %s\n"
		"pid: %" PRIu32 "\ncmd:",
		REFKNOT_VERSION, m->meta.pid);
	export_command(w->out, m);
	fprintf(w->out, "\npositions: line\n");
	for (unsigned v = 0; v < PROFILE_VALUES; v++)
		if (profile_knows(w->p, v))
			fprintf(w->out, "event: %s : %s\n",
				profile_kinds[v].pprof, profile_kinds[v].title);
	fprintf(w->out, "events:");
	for (unsigned v = 0; v < PROFILE_VALUES; v++)
		if (profile_knows(w->p, v))
			fprintf(w->out, " %s", profile_kinds[v].pprof);
	putc('\n', w->out);
}

static void write_totals(struct writer *w)
{
	uint64_t sums[PROFILE_VALUES];

	for (unsigned v = 0; v < PROFILE_VALUES; v++)
		sums[v] = profile_sum(w->p, v);
	fprintf(w->out, "\ntotals:");
	for (unsigned v = 0; v < PROFILE_VALUES; v++)
		if (profile_knows(w->p, v))
			fprintf(w->out, " %" PRIu64, sums[v]);
	putc('\n', w->out);
}

void export_callgrind(FILE *out, const struct exporting *e)
{
	const struct profile *p = e->profile;
	struct writer w = { .out = out, .p = p };
	struct costs c = { 0 };
	uint32_t last = RKN_NONE;

	collect(&c, p);
	write_head(&w, e->in->m);
	for (size_t i = 0; i < c.count; i++) {
		const struct cost *cost = &c.list[i];
		unsigned line = p->frames[cost->from].line;

		if (cost->from != last) {
			putc('\n', out);
			write_frame(&w, false, cost->from);
			last = cost->from;
		}
		if (cost->to != RKN_NONE) {
			write_frame(&w, true, cost->to);
			fprintf(out, "calls=%" PRIu64 " %u\n",
				cost->value[PROFILE_ALLOCATIONS],
				p->frames[cost->to].line);
		}
		write_cost(&w, line, cost->value);
	}
	write_totals(&w);
	free(c.list);
	texts_release(&w.modules);
	texts_release(&w.files);
	texts_release(&w.functions);
}
