/* SPDX-License-Identifier: MIT */
/*
 * SARIF 2.1.0, as GitHub's code scanning and others read it: one result a
 * finding, its place in the source tree, the stacks of the ledger as code
 * flows, a cycle as a graph. What is suppressed is left out.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "document.h"
#include "gate_failing.h"
#include "gate_rules.h"
#include "gate_sarif.h"
#include "gate_writers.h"
#include "json_text.h"
#include "line_hash.h"
#include "sources.h"
#include "status.h"

#define SCHEMA    "https://json.schemastore.org/sarif-2.1.0.json"
#define MOST      5000 /* results that GitHub shows */
#define MOST_FLOW 100  /* locations of a flow that it shows */

/* --- Stacks and flows ---------------------------------------------------------- */

static json_t *stack(const struct gate *g, const struct issue_stack *s)
{
	json_t *o = json_object(), *frames = json_array();

	for (size_t n = 0; n < s->count; n++) {
		json_t *frame = json_object();

		document_set(frame, "location",
			     sarif_location(g, &s->frames[n], NULL));
		if (s->frames[n].module)
			document_set(frame, "module",
				     json_text(s->frames[n].module));
		document_append(frames, frame);
	}
	document_set(o, "message", sarif_message(s->what));
	document_set(o, "frames", frames);
	return o;
}

static json_t *stacks(const struct gate *g, const struct issue *i)
{
	json_t *array = json_array();

	for (size_t k = 0; k < i->stack_count; k++)
		document_append(array, stack(g, &i->stacks[k]));
	return array;
}

/* The innermost frames that have a place, from main inwards, as the program ran;
 * the last says what happened. */
static json_t *steps(const struct gate *g, const struct issue_stack *s)
{
	size_t placed[MOST_FLOW], count = 0;
	json_t *array = json_array();

	for (size_t n = 0; n < s->count && count < MOST_FLOW; n++)
		if (sarif_is_placed(g, &s->frames[n]))
			placed[count++] = n;
	while (count-- > 0) {
		const struct issue_frame *f = &s->frames[placed[count]];
		json_t *step = json_object();

		document_set(
		    step, "location",
		    sarif_location(g, f, count ? f->function : s->what));
		document_append(array, step);
	}
	return array;
}

static json_t *flow(const struct issue_stack *s, json_t *locations)
{
	json_t *o = json_object(), *flows = json_array();
	json_t *thread = json_object();

	document_set(thread, "locations", locations);
	document_append(flows, thread);
	document_set(o, "message", sarif_message(s->what));
	document_set(o, "threadFlows", flows);
	return o;
}

static json_t *flows(const struct gate *g, const struct issue *i)
{
	json_t *array = json_array();

	for (size_t k = 0; k < i->stack_count; k++) {
		json_t *locations = steps(g, &i->stacks[k]);

		if (json_array_size(locations))
			document_append(array, flow(&i->stacks[k], locations));
		else
			json_decref(locations);
	}
	return array;
}

/* The frame of stack `k` that a result's text links to; NULL: there is none. */
static const struct issue_frame *linked(const struct gate *g,
					const struct issue *i, size_t k)
{
	const struct issue_frame *f = issue_stack_place(&i->stacks[k]);

	return f && sarif_is_placed(g, f) ? f : NULL;
}

/* Where a result stands at a caller, the place to blame is related. Its number
 * is none of a stack. */
static json_t *place(const struct gate *g, const struct issue *i)
{
	json_t *o = sarif_location(g, issue_place(i), i->stacks[0].what);

	document_set(o, "id", json_count(i->stack_count));
	return o;
}

static json_t *related(const struct gate *g, const struct issue *i)
{
	json_t *array = json_array();

	if (i->apart.path)
		document_append(array, place(g, i));

	for (size_t k = 1; k < i->stack_count; k++) {
		const struct issue_frame *f = linked(g, i, k);
		json_t *o;

		if (!f)
			continue;
		o = sarif_location(g, f, i->stacks[k].what);
		document_set(o, "id", json_count(k));
		document_append(array, o);
	}
	return array;
}

/* --- Cycles ------------------------------------------------------------------ */

static json_t *node_name(size_t n)
{
	char text[32];

	snprintf(text, sizeof(text), "%zu", n);
	return json_text(text);
}

static json_t *edge(const struct issue *i, size_t n)
{
	json_t *o = json_object();
	char text[32];

	snprintf(text, sizeof(text), "+0x%" PRIx64, i->members[n].offset);
	document_set(o, "id", node_name(n));
	document_set(o, "sourceNodeId", node_name(n));
	document_set(o, "targetNodeId",
		     node_name(n + 1 < i->member_count ? n + 1 : 0));
	document_set(o, "label", sarif_message(text));
	return o;
}

static json_t *graphs(const struct issue *i)
{
	json_t *array = json_array(), *o = json_object();
	json_t *nodes = json_array(), *edges = json_array();

	for (size_t n = 0; n < i->member_count; n++) {
		json_t *node = json_object();

		document_set(node, "id", node_name(n));
		document_set(node, "label", sarif_message(i->members[n].name));
		document_append(nodes, node);
		document_append(edges, edge(i, n));
	}
	document_set(o, "description", sarif_message("the cycle"));
	document_set(o, "nodes", nodes);
	document_set(o, "edges", edges);
	document_append(array, o);
	return array;
}

/* --- Results ----------------------------------------------------------------- */

/* Of the finding alone: not of where it is shown, which others move, and not
 * shared with them, as GitHub, which reads the latter only, takes two with the
 * same for one. */
static json_t *fingerprints(const struct gate *g, const struct issue *i)
{
	const struct issue_frame *f = issue_place(i);
	json_t *o = json_object();
	char hash[64];

	document_set(o, "refknotSignature/v1", json_text(i->signature));
	if (i->path && f) {
		char *path =
		    xasprintf("%s/%s", sources_root(g->sources), i->path);

		if (line_hash(path, f->line, hash, sizeof(hash))) {
			char *print = xasprintf("%s:%s", hash, i->signature);

			document_set(o, "primaryLocationLineHash",
				     json_text(print));
			free(print);
		}
		free(path);
	}
	return o;
}

static json_t *text_of(const struct gate *g, const struct issue *i)
{
	char *headline = issue_headline(i);
	char *text = xasprintf("%s: %s", gate_noun(i->kind), headline);
	json_t *o;

	if (i->apart.path) {
		char *more = xasprintf("%s; [%s here](%zu)", text,
				       i->stacks[0].what, i->stack_count);

		free(text);
		text = more;
	}
	for (size_t k = 1; k < i->stack_count; k++) {
		char *more = linked(g, i, k)
				 ? xasprintf("%s; [%s here](%zu)", text,
					     i->stacks[k].what, k)
				 : xstrdup(text);

		free(text);
		text = more;
	}
	o = sarif_message(text);
	free(headline);
	free(text);
	return o;
}

static json_t *result(const struct gate *g, const struct issue *i)
{
	static const char *const states[] = { [ISSUE_NEW] = "new",
					      [ISSUE_KNOWN] = "unchanged",
					      [ISSUE_GROWN] = "updated" };
	json_t *o = json_object(), *locations = json_array();

	document_append(locations,
			sarif_location_in(g, issue_site(i), i->program));
	document_set(o, "ruleId", json_text(finding_kind_name(i->kind)));
	document_set(o, "ruleIndex", json_count(i->kind));
	document_set(o, "level",
		     json_text(gate_fails(g, i) ? "error" : "note"));
	document_set(o, "message", text_of(g, i));
	document_set(o, "locations", locations);
	document_set(o, "partialFingerprints", fingerprints(g, i));
	document_set(o, "stacks", stacks(g, i));
	document_set(o, "codeFlows", flows(g, i));
	document_set(o, "relatedLocations", related(g, i));
	if (i->member_count)
		document_set(o, "graphs", graphs(i));
	document_set(o, "occurrenceCount", json_count(i->count ? i->count : 1));
	if (g->baseline)
		document_set(o, "baselineState", json_text(states[i->state]));
	return o;
}

/* Whether a result tells of the rule. */
static bool is_limit_s(const struct gate_rule *r)
{
	return r->failed && r->worst;
}

/* A limit that is exceeded, at the place that has most of it. */
static json_t *limit(const struct gate *g, const struct gate_rule *r)
{
	const struct gate_worst *w = r->worst;
	json_t *o = json_object(), *locations = json_array();
	json_t *list = json_array(), *prints = json_object();
	char *text = xasprintf("%s: %s", r->option, r->text);

	for (size_t i = 0; i < w->place_count; i++)
		document_append(list, stack(g, &w->places[i].stack));
	document_append(
	    locations,
	    sarif_location_in(
		g, w->place_count ? gate_place_frame(&w->places[0]) : NULL,
		w->program));
	document_set(prints, "refknotLimit/v1", json_text(r->id));
	document_set(o, "ruleId", json_text(SARIF_LIMIT));
	document_set(o, "ruleIndex", json_count(FINDING_KINDS));
	document_set(o, "level", json_text("error"));
	document_set(o, "message", sarif_message(text));
	document_set(o, "locations", locations);
	document_set(o, "partialFingerprints", prints);
	document_set(o, "stacks", list);
	free(text);
	return o;
}

static json_t *results(const struct gate *g)
{
	json_t *array = json_array();

	for (size_t i = 0; i < g->issues.count; i++) {
		const struct issue *one = &g->issues.list[i];

		if (gate_tells(g, one) && json_array_size(array) < MOST)
			document_append(array, result(g, one));
	}
	for (size_t i = 0; i < g->verdict.rule_count; i++)
		if (is_limit_s(&g->verdict.rules[i]))
			document_append(array, limit(g, &g->verdict.rules[i]));
	return array;
}

static json_t *bases(const struct gate *g)
{
	json_t *o = json_object(), *base = json_object();
	const char *root = sources_root(g->sources);
	char *path = xasprintf("%s/", strcmp(root, "/") ? root : "");
	char *text = sarif_uri("file://", path);

	document_set(base, "uri", json_text(text));
	document_set(o, SARIF_BASE, base);
	free(path);
	free(text);
	return o;
}

/* What failed beside findings. */
static json_t *invocations(const struct gate *g)
{
	json_t *array = json_array(), *o = json_object();
	json_t *notes = json_array();

	for (size_t i = 0; i < g->verdict.rule_count; i++) {
		json_t *note;

		if (!g->verdict.rules[i].failed ||
		    g->verdict.rules[i].kind != FINDING_KINDS ||
		    is_limit_s(&g->verdict.rules[i]))
			continue;
		note = json_object();
		document_set(note, "message",
			     sarif_message(g->verdict.rules[i].text));
		document_set(note, "level", json_text("error"));
		document_append(notes, note);
	}
	document_set(o, "executionSuccessful",
		     json_boolean(!g->verdict.status));
	document_set(o, "exitCode", json_integer(g->verdict.status));
	document_set(o, "toolExecutionNotifications", notes);
	document_append(array, o);
	return array;
}

void gate_write_sarif(FILE *out, const struct gate *g)
{
	json_t *o = json_object(), *runs = json_array(), *run = json_object();

	document_set(run, "tool", sarif_tool());
	document_set(run, "invocations", invocations(g));
	document_set(run, "originalUriBaseIds", bases(g));
	document_set(run, "columnKind", json_text("utf16CodeUnits"));
	document_set(run, "results", results(g));
	document_append(runs, run);
	document_set(o, "$schema", json_text(SCHEMA));
	document_set(o, "version", json_text("2.1.0"));
	document_set(o, "runs", runs);
	if (json_dumpf(o, out, JSON_INDENT(1)) || fputc('\n', out) == EOF)
		die(STATUS_INPUT, "the SARIF report cannot be written");
	json_decref(o);
}
