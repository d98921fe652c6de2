/* SPDX-License-Identifier: MIT */
#include "gate_rules.h"

#include <inttypes.h>
#include <stdlib.h>

#include "die.h"
#include "gate_failing.h"
#include "gate_growth.h"
#include "gate_limits.h"
#include "list.h"
#include "units.h"

static struct gate_rule *append(struct gate *g, enum finding_kind kind,
				char *id, char *title)
{
	struct gate_rule *r;

	r = LIST_ADD(g->verdict.rules, g->verdict.rule_count);
	*r = (struct gate_rule){ .kind = kind, .id = id, .title = title };
	return r;
}

/* --- Findings ---------------------------------------------------------------- */

/* "3 new leaks (1.2 KiB)" */
static void add_kind(struct gate *g, enum finding_kind kind)
{
	const struct finding_kind_row *row = &finding_kinds[kind];
	uint64_t findings = 0, bytes = 0;
	struct gate_rule *r;
	char amount[UNITS_SIZE] = "";

	for (size_t i = 0; i < g->issues.count; i++) {
		const struct issue *one = &g->issues.list[i];

		if (one->kind != kind || !gate_fails(g, one))
			continue;
		findings++;
		bytes += one->bytes + one->held_bytes;
	}
	r = append(g, kind, xstrdup(row->name),
		   xasprintf("no %s", row->plural));
	r->failed = findings > 0;
	if (!findings) {
		r->text = xstrdup("none");
		return;
	}
	units_bytes(amount, bytes);
	r->text =
	    xasprintf("%" PRIu64 " %s%s%s%s%s", findings,
		      g->baseline && g->options.mode == GATE_NEW ? "new " : "",
		      findings == 1 ? row->noun : row->plural,
		      bytes ? " (" : "", bytes ? amount : "", bytes ? ")" : "");
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
 * less. Amounts that look alike are printed in bytes. */
static void judge(struct gate_rule *r, uint64_t found, const char *what)
{
	char has[UNITS_SIZE], may[UNITS_SIZE];

	r->found = found;
	r->failed = found > r->most;
	if (!r->bytes) {
		units_count(has, found, "object");
		snprintf(may, sizeof(may), "%" PRIu64, r->most);
	} else if (r->failed) {
		units_both(has, found, may, r->most);
	} else {
		units_bytes(has, found);
	}
	r->text = r->failed ? xasprintf("%s %s (limit %s)", has, what, may)
			    : xasprintf("%s %s", has, what);
}

static void add_amount(struct gate *g, const char *id,
		       const struct gate_most *m, uint64_t found, bool bytes)
{
	char text[UNITS_SIZE];
	struct gate_rule *r;

	if (m->most == GATE_UNLIMITED)
		return;
	if (bytes)
		units_bytes(text, m->most);
	else
		units_count(text, m->most, "object");
	r = append_limit(g, xstrdup(id), xasprintf("at most %s leaked", text),
			 xasprintf("--%s %s", id, m->text), m->most);
	r->bytes = bytes;
	r->leaks = true;
	judge(r, found, "leaked");
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

static void add_peak(struct gate *g, const struct gate_most *m)
{
	char peak[UNITS_SIZE];
	struct gate_rule *r;

	if (m->most == GATE_UNLIMITED)
		return;
	r = append_limit(g, xstrdup("max-peak"),
			 xasprintf("at most %s at the peak of a process",
				   units_bytes(peak, m->most)),
			 xasprintf("--max-peak %s", m->text), m->most);
	r->bytes = true;
	judge_worst(r, &g->peak, "at the peak of");
}

static char *unjudged_text(const struct gate *g)
{
	const struct gate_worst *w = &g->unjudged_first;
	char *more, *text;

	if (!g->unjudged)
		return xstrdup(
		    "mappings were not judged in any process; see refknot waste");
	more = g->unjudged > 1
		   ? xasprintf(" and of %zu more process%s", g->unjudged - 1,
			       g->unjudged == 2 ? "" : "es")
		   : xstrdup("");
	text = xasprintf("mappings of %s[%" PRIu32
			 "]%s were not judged: %s; see refknot waste",
			 w->name, w->pid, more, g->unjudged_why);
	free(more);
	return text;
}

static void add_lost_mapped(struct gate *g, const struct gate_most *m)
{
	char text[UNITS_SIZE];
	struct gate_rule *r;

	if (m->most == GATE_UNLIMITED)
		return;
	r = append_limit(g, xstrdup("max-lost-mapped"),
			 xasprintf("at most %s of lost mappings in a process",
				   units_bytes(text, m->most)),
			 xasprintf("--max-lost-mapped %s", m->text), m->most);
	r->bytes = true;
	r->unseen = !g->lost.seen;
	if (g->lost.seen) {
		judge_worst(r, &g->lost, "of lost mappings in");
		if (r->failed || !g->unjudged)
			return;
	}
	/* What was not judged is not good news. */
	r->failed = !g->options.allow_incomplete;
	free(r->text);
	r->text = unjudged_text(g);
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
	if (r->unseen && worst->typeless) {
		/* The region was there, so the name guards nothing. */
		r->failed = !g->options.allow_incomplete;
		r->text = xasprintf("nothing of that type was made; %s%s%s",
				    worst->meant ? "did you mean \""
						 : "see refknot regions",
				    worst->meant ? worst->meant : "",
				    worst->meant ? "\"?" : "");
	} else if (r->unseen) {
		r->text =
		    xasprintf("no %s of that name was seen; see refknot %s",
			      l->region ? "region" : "type",
			      l->region ? "regions" : "objects");
	} else {
		judge_worst(r, worst,
			    l->region ? "left by passes in"
				      : "alive at the end of");
	}
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
	/* Nothing was measured, which is not good news. */
	r = append(g, FINDING_KINDS, xstrdup("growth"),
		   xstrdup("growth of regions"));
	r->unseen = true;
	r->failed = !g->options.allow_incomplete;
	r->text = xstrdup(
	    "no region was seen: put refknot_region_begin() and refknot_region_end() of refknot.h around what repeats");
}

/* --- Whether all was seen ------------------------------------------------------ */

/* "server[17]: it is still running, and 2 more", or "3 processes, 1 of them
 * killed" */
static void add_complete(struct gate *g)
{
	const struct gate_process *first = NULL;
	size_t n = 0, processes = g->process_count;
	size_t killed = gate_killed(g, true);
	const char *es = processes == 1 ? "" : "es";
	char pid[32] = "", rest[48] = "";
	struct gate_rule *r = append(g, FINDING_KINDS, xstrdup("complete"),
				     xstrdup("all was recorded and checked"));

	r->completeness = true;
	for (size_t i = processes; i-- > 0;)
		if (g->processes[i].incomplete) {
			first = &g->processes[i];
			n++;
		}
	r->failed = (n || !processes) && !g->options.allow_incomplete;
	if (n) {
		if (first->pid)
			snprintf(pid, sizeof(pid), "[%" PRIu32 "]", first->pid);
		if (n > 1)
			snprintf(rest, sizeof(rest), ", and %zu more", n - 1);
		r->text = xasprintf("%s%s: %s%s", first->name, pid,
				    first->incomplete, rest);
	} else if (processes) {
		if (killed)
			snprintf(rest, sizeof(rest), ", %zu of them killed",
				 killed);
		r->text = xasprintf("%zu process%s%s", processes, es, rest);
	} else if (g->other_count) {
		r->text = xasprintf(
		    "nothing was recorded of the programs to judge, but %zu process%s of others",
		    g->other_count, g->other_count == 1 ? "" : "es");
	} else {
		r->text = xstrdup("nothing was recorded");
	}
}

void gate_rules_make(struct gate *g)
{
	const struct gate_options *o = &g->options;
	uint64_t bytes = 0, objects = 0;

	/* Where --max-leaked-* judges what is new, the kind has no rule. */
	for (int kind = 0; kind < FINDING_KINDS; kind++)
		if (o->kinds & 1u << kind &&
		    (o->mode != GATE_NEW || !gate_limits_cover(o, kind)))
			add_kind(g, kind);
	for (size_t i = 0; i < g->issues.count; i++) {
		struct gate_excess e = gate_limits_excess(&g->issues.list[i]);

		bytes += e.bytes;
		objects += e.objects;
	}
	add_amount(g, "max-leaked-bytes", &o->leaked_bytes, bytes, true);
	add_amount(g, "max-leaked-objects", &o->leaked_objects, objects, false);
	add_peak(g, &o->peak);
	add_lost_mapped(g, &o->lost_mapped);
	gate_limits_open(g);
	for (size_t i = 0; i < o->limit_count; i++)
		add_limit(g, &o->limits[i], &g->worst[i]);
	add_growth(g);
	add_complete(g);
}
