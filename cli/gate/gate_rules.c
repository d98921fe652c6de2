/* SPDX-License-Identifier: MIT */
#include "gate_rules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "gate_failing.h"
#include "gate_growth.h"
#include "gate_limits.h"
#include "list.h"
#include "status.h"
#include "units.h"

static const char *const nouns[FINDING_KINDS] = {
	[FINDING_CYCLE] = "orphaned cycle",
	[FINDING_REFERENCE] = "leaked reference",
	[FINDING_LEAK] = "leak",
	[FINDING_OVER] = "over-retained type",
	[FINDING_UNDER] = "under-retained type",
	[FINDING_RELEASED_AT_ZERO] = "release at zero",
	[FINDING_ON_FREED] = "reference on a freed object",
	[FINDING_FREED_HELD] = "object freed while held",
	[FINDING_WRONG_HOLDER] = "wrong holder",
	[FINDING_ZERO] = "type at zero but not freed",
	[FINDING_POSSIBLE] = "possible leak",
};

/* Where an s goes, these have it elsewhere. */
static const char *const plurals[FINDING_KINDS] = {
	[FINDING_RELEASED_AT_ZERO] = "releases at zero",
	[FINDING_ON_FREED] = "references on freed objects",
	[FINDING_FREED_HELD] = "objects freed while held",
	[FINDING_ZERO] = "types at zero but not freed",
};

const char *gate_noun(enum finding_kind kind)
{
	return nouns[kind];
}

/* "1 leak", "3 new leaks" */
static void print_count(FILE *out, uint64_t n, const char *state,
			enum finding_kind kind)
{
	fprintf(out, "%" PRIu64 " %s", n, state);
	if (n != 1 && plurals[kind])
		fputs(plurals[kind], out);
	else
		fprintf(out, "%s%s", nouns[kind], n == 1 ? "" : "s");
}

static char *finish(FILE *out, char **text)
{
	if (fclose(out))
		die(STATUS_INPUT, "out of memory");
	return *text;
}

static FILE *start(char **text, size_t *size)
{
	FILE *out = open_memstream(text, size);

	if (!out)
		die(STATUS_INPUT, "out of memory");
	return out;
}

static struct gate_rule *append(struct gate *g, enum finding_kind kind,
				char *id, char *title)
{
	struct gate_rule *r;

	r = LIST_ADD(g->verdict.rules, g->verdict.rule_count);
	*r = (struct gate_rule){ .kind = kind, .id = id, .title = title };
	return r;
}

/* --- Findings ---------------------------------------------------------------- */

struct sum {
	uint64_t findings, bytes;
};

static struct sum sum_failing(const struct gate *g, enum finding_kind kind)
{
	struct sum s = { 0 };

	for (size_t i = 0; i < g->issues.count; i++) {
		const struct issue *one = &g->issues.list[i];

		if (one->kind != kind || !gate_fails(g, one))
			continue;
		s.findings++;
		s.bytes += one->bytes + one->held_bytes;
	}
	return s;
}

/* "3 new leaks (1.2 KiB)" */
static void print_sum(FILE *out, const struct gate *g, enum finding_kind kind,
		      const struct sum *s)
{
	char text[UNITS_SIZE];

	print_count(out, s->findings,
		    g->baseline && g->options.mode == GATE_NEW ? "new " : "",
		    kind);
	if (s->bytes)
		fprintf(out, " (%s)", units_bytes(text, s->bytes));
}

/* Where --max-leaked-* judges the new, there is nothing else to judge. */
static bool is_rule(const struct gate *g, enum finding_kind kind)
{
	return g->options.kinds & 1u << kind &&
	       (g->options.mode != GATE_NEW ||
		!gate_limits_cover(&g->options, kind));
}

static void add_kind(struct gate *g, enum finding_kind kind)
{
	struct sum s = sum_failing(g, kind);
	const char *plural = plurals[kind];
	struct gate_rule *r;
	char *text;
	size_t size;
	FILE *out = start(&text, &size);

	r = append(g, kind, xstrdup(finding_kind_name(kind)),
		   plural ? xasprintf("no %s", plural)
			  : xasprintf("no %ss", nouns[kind]));
	r->failed = s.findings > 0;
	if (s.findings)
		print_sum(out, g, kind, &s);
	else
		fputs("none", out);
	r->text = finish(out, &text);
}

/* --- Limits ------------------------------------------------------------------ */

static struct gate_rule *append_limit(struct gate *g, char *id, char *title,
				      char *option, uint64_t most)
{
	struct gate_rule *r = append(g, FINDING_KINDS, id, title);

	r->option = option;
	r->most = most;
	return r;
}

/* "3 objects leaked (limit 0)": what was found, and with the limit if that is
 * less. Amounts that look alike are told in bytes. */
static void judge(struct gate_rule *r, uint64_t found, const char *what)
{
	char has[UNITS_SIZE], may[UNITS_SIZE];

	r->found = found;
	r->failed = found > r->most;
	if (!r->bytes) {
		units_count(has, found, "object");
		snprintf(may, sizeof(may), "%" PRIu64, r->most);
	} else if (!r->failed || strcmp(units_bytes(has, found),
					units_bytes(may, r->most)) != 0) {
		units_bytes(has, found);
		units_bytes(may, r->most);
	} else {
		snprintf(has, sizeof(has), "%" PRIu64 " B", found);
		snprintf(may, sizeof(may), "%" PRIu64 " B", r->most);
	}
	r->text = r->failed ? xasprintf("%s %s (limit %s)", has, what, may)
			    : xasprintf("%s %s", has, what);
}

static void add_amount(struct gate *g, const char *id, uint64_t most,
		       uint64_t found, bool bytes)
{
	char text[UNITS_SIZE];
	struct gate_rule *r;

	if (most == GATE_UNLIMITED)
		return;
	if (bytes)
		units_bytes(text, most);
	else
		units_count(text, most, "object");
	r = append_limit(g, xstrdup(id), xasprintf("at most %s leaked", text),
			 xasprintf("--%s %" PRIu64, id, most), most);
	r->bytes = bytes;
	r->leaks = true;
	judge(r, found, "leaked");
}

/* What --max-leaked-* counts. */
static void add_leaked(struct gate *g)
{
	uint64_t bytes = 0, objects = 0;

	for (size_t i = 0; i < g->issues.count; i++) {
		struct gate_excess e = gate_limits_excess(&g->issues.list[i]);

		bytes += e.bytes;
		objects += e.objects;
	}
	add_amount(g, "max-leaked-bytes", g->options.most_leaked_bytes, bytes,
		   true);
	add_amount(g, "max-leaked-objects", g->options.most_leaked_objects,
		   objects, false);
}

/* `what`: "at the peak of", before the process. */
static void judge_worst(struct gate_rule *r, const struct gate_worst *w,
			const char *what)
{
	char *text =
	    w->program ? xasprintf("%s %s[%" PRIu32 "]", what, w->name, w->pid)
		       : xasprintf("%s a process", what);

	r->worst = w;
	judge(r, w->value, text);
	free(text);
}

static void add_peak(struct gate *g)
{
	uint64_t most = g->options.most_peak;
	char text[UNITS_SIZE];
	struct gate_rule *r;

	if (most == GATE_UNLIMITED)
		return;
	r = append_limit(g, xstrdup("max-peak"),
			 xasprintf("at most %s at the peak of a process",
				   units_bytes(text, most)),
			 xasprintf("--max-peak %" PRIu64, most), most);
	r->bytes = true;
	judge_worst(r, &g->peak, "at the peak of");
}

static void add_limit(struct gate *g, const struct gate_limit *l,
		      const struct gate_worst *worst)
{
	const char *option = l->region ? "max-left" : "max-live";
	struct gate_rule *r =
	    append_limit(g, xasprintf("%s:%s", option, l->text),
			 xasprintf("%s %s", option, l->text),
			 xasprintf("--%s %s", option, l->text), l->most);

	r->bytes = l->bytes;
	r->unseen = !worst->seen;
	if (r->unseen)
		r->text =
		    xasprintf("no %s of that name was seen; see refknot %s",
			      l->region ? "region" : "type",
			      l->region ? "regions" : "objects");
	else
		judge_worst(r, worst,
			    l->region ? "left by passes in"
				      : "alive at the end of");
}

static void add_growth(struct gate *g)
{
	struct gate_rule *r;

	for (size_t i = 0; i < g->growth_count; i++) {
		const struct gate_growth *one = &g->growth[i];

		r = append(g, FINDING_KINDS,
			   xasprintf("growth:%s", one->region),
			   xasprintf("%s is steady", one->region));
		r->failed = one->failed;
		r->text = gate_growth_text(g, one);
	}
	if (g->growth_count || !g->options.growth)
		return;
	/* Nothing was measured, which is no good news. */
	r = append(g, FINDING_KINDS, xstrdup("growth"),
		   xstrdup("growth of regions"));
	r->unseen = true;
	r->failed = !g->options.allow_incomplete;
	r->text = xstrdup(
	    "no region was seen: put refknot_region_begin() and refknot_region_end() of refknot.h around what repeats");
}

/* --- Whether all was seen ------------------------------------------------------ */

/* "server[17]: it is still running, and 2 more" */
static char *why_incomplete(const struct gate_process *p, size_t more)
{
	char pid[32] = "", others[48] = "";

	if (p->pid)
		snprintf(pid, sizeof(pid), "[%" PRIu32 "]", p->pid);
	if (more)
		snprintf(others, sizeof(others), ", and %zu more", more);
	return xasprintf("%s%s: %s%s", p->name, pid, p->incomplete, others);
}

static char *nothing_recorded(const struct gate *g)
{
	if (!g->other_count)
		return xstrdup("nothing was recorded");
	return xasprintf(
	    "nothing was recorded of the programs to judge, but %zu process%s of others",
	    g->other_count, g->other_count == 1 ? "" : "es");
}

/* "3 processes, 1 of them killed" */
static char *all_seen(const struct gate *g)
{
	size_t killed = gate_killed(g, true);
	const char *es = g->process_count == 1 ? "" : "es";

	return killed ? xasprintf("%zu process%s, %zu of them killed",
				  g->process_count, es, killed)
		      : xasprintf("%zu process%s", g->process_count, es);
}

static void add_complete(struct gate *g)
{
	const struct gate_process *first = NULL;
	struct gate_rule *r = append(g, FINDING_KINDS, xstrdup("complete"),
				     xstrdup("all was recorded and checked"));
	size_t n = 0;

	r->completeness = true;
	for (size_t i = 0; i < g->process_count; i++) {
		if (!g->processes[i].incomplete)
			continue;
		first = first ? first : &g->processes[i];
		n++;
	}
	r->failed = (n || !g->process_count) && !g->options.allow_incomplete;
	if (!g->process_count)
		r->text = nothing_recorded(g);
	else if (!n)
		r->text = all_seen(g);
	else
		r->text = why_incomplete(first, n - 1);
}

void gate_rules_make(struct gate *g)
{
	for (int kind = 0; kind < FINDING_KINDS; kind++)
		if (is_rule(g, kind))
			add_kind(g, kind);
	add_leaked(g);
	add_peak(g);
	gate_limits_open(g);
	for (size_t i = 0; i < g->options.limit_count; i++)
		add_limit(g, &g->options.limits[i], &g->worst[i]);
	add_growth(g);
	add_complete(g);
}
