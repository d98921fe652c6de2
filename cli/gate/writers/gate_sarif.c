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
#include "gate_sarif.h"
#include "gate_writers.h"
#include "json_text.h"
#include "json_writer.h"
#include "line_hash.h"
#include "sources.h"
#include "text_stream.h"

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

/* A flow a stack: the innermost frames that have a place, from main inwards, as
 * the program ran; the last says what happened. */
static json_t *flows(const struct gate *g, const struct issue *i)
{
	json_t *array = json_array();

	for (size_t k = 0; k < i->stack_count; k++) {
		const struct issue_stack *s = &i->stacks[k];
		json_t *flow = json_object(), *threads = json_array();
		json_t *thread = json_object(), *steps = json_array();
		size_t placed[MOST_FLOW], count = 0;

		for (size_t n = 0; n < s->count && count < MOST_FLOW; n++)
			if (sarif_is_placed(g, &s->frames[n]))
				placed[count++] = n;
		for (size_t n = count; n-- > 0;) {
			const struct issue_frame *f = &s->frames[placed[n]];
			json_t *step = json_object();

			document_set(
			    step, "location",
			    sarif_location(g, f, n ? f->function : s->what));
			document_append(steps, step);
		}
		document_set(thread, "locations", steps);
		document_append(threads, thread);
		document_set(flow, "message", sarif_message(s->what));
		document_set(flow, "threadFlows", threads);
		if (count)
			document_append(array, flow);
		else
			json_decref(flow);
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

static json_t *related(const struct gate *g, const struct issue *i)
{
	json_t *array = json_array(), *o;

	/* If a result is shown at a caller, the place to blame is related. Its
	 * number is not that of a stack. */
	if (i->apart.path) {
		o = sarif_location(g, issue_place(i), i->stacks[0].what);
		document_set(o, "id", json_count(i->stack_count));
		document_append(array, o);
	}
	for (size_t k = 1; k < i->stack_count; k++) {
		const struct issue_frame *f = linked(g, i, k);

		if (!f)
			continue;
		o = sarif_location(g, f, i->stacks[k].what);
		document_set(o, "id", json_count(k));
		document_append(array, o);
	}
	return array;
}

/* The cycle as a graph: its members are nodes, named by their numbers. */
static json_t *graphs(const struct issue *i)
{
	json_t *array = json_array(), *o = json_object();
	json_t *nodes = json_array(), *edges = json_array();

	for (size_t n = 0; n < i->member_count; n++) {
		json_t *node = json_object(), *edge = json_object();
		char id[32], next[32], label[32];

		snprintf(id, sizeof(id), "%zu", n);
		snprintf(next, sizeof(next), "%zu",
			 n + 1 < i->member_count ? n + 1 : 0);
		snprintf(label, sizeof(label), "+0x%" PRIx64,
			 i->members[n].offset);
		document_set(node, "id", json_text(id));
		document_set(node, "label", sarif_message(i->members[n].name));
		document_append(nodes, node);
		document_set(edge, "id", json_text(id));
		document_set(edge, "sourceNodeId", json_text(id));
		document_set(edge, "targetNodeId", json_text(next));
		document_set(edge, "label", sarif_message(label));
		document_append(edges, edge);
	}
	document_set(o, "description", sarif_message("the cycle"));
	document_set(o, "nodes", nodes);
	document_set(o, "edges", edges);
	document_append(array, o);
	return array;
}

/* --- Results ----------------------------------------------------------------- */

static json_t *result(const struct gate *g, const struct issue *i)
{
	static const char *const states[] = { [ISSUE_NEW] = "new",
					      [ISSUE_KNOWN] = "unchanged",
					      [ISSUE_GROWN] = "updated" };
	const struct issue_frame *f = issue_place(i);
	json_t *o = json_object(), *locations = json_array();
	json_t *prints = json_object();
	char hash[64], *headline = issue_headline(i), *text;
	size_t size;
	FILE *out = text_stream_open(&text, &size);

	fprintf(out, "%s: %s", finding_kinds[i->kind].noun, headline);
	if (i->apart.path)
		fprintf(out, "; [%s here](%zu)", i->stacks[0].what,
			i->stack_count);
	for (size_t k = 1; k < i->stack_count; k++)
		if (linked(g, i, k))
			fprintf(out, "; [%s here](%zu)", i->stacks[k].what, k);
	text_stream_close(out);
	/* Fingerprints are only of the finding: not of where it is shown, which
	 * others move, and not shared with others. GitHub reads only the second
	 * one, and takes two findings with the same for one. */
	document_set(prints, "refknotSignature/v1", json_text(i->signature));
	if (i->path && f) {
		char *path =
		    xasprintf("%s/%s", sources_root(g->sources), i->path);
		bool known = line_hash(path, f->line, hash, sizeof(hash));
		char *print =
		    xasprintf("%s:%s", known ? hash : "", i->signature);

		if (known)
			document_set(prints, "primaryLocationLineHash",
				     json_text(print));
		free(print);
		free(path);
	}
	document_append(locations,
			sarif_location_in(g, issue_site(i), i->program));
	document_set(o, "ruleId", json_text(finding_kinds[i->kind].name));
	document_set(o, "ruleIndex", json_count(i->kind));
	document_set(o, "level",
		     json_text(gate_fails(g, i) ? "error" : "note"));
	document_set(o, "message", sarif_message(text));
	document_set(o, "locations", locations);
	document_set(o, "partialFingerprints", prints);
	document_set(o, "stacks", stacks(g, i));
	document_set(o, "codeFlows", flows(g, i));
	document_set(o, "relatedLocations", related(g, i));
	if (i->member_count)
		document_set(o, "graphs", graphs(i));
	document_set(o, "occurrenceCount", json_count(i->count ? i->count : 1));
	if (g->baseline)
		document_set(o, "baselineState", json_text(states[i->state]));
	free(headline);
	free(text);
	return o;
}

/* A limit that is exceeded, at the place that has most of it. */
static json_t *limit(const struct gate *g, const struct gate_rule *r)
{
	const struct gate_worst *w = r->worst;
	json_t *o = json_object(), *locations = json_array();
	json_t *list = json_array(), *prints = json_object();
	char *from = gate_worst_text(w);
	char *text = xasprintf("%s: %s%s%s", r->option, r->text,
			       from ? ", " : "", from ? from : "");

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
	free(from);
	free(text);
	return o;
}

void gate_write_sarif(FILE *out, const struct gate *g)
{
	json_t *o = json_object(), *runs = json_array(), *run = json_object();
	json_t *invocations = json_array(), *invocation = json_object();
	json_t *notes = json_array(), *results = json_array();
	json_t *bases = json_object(), *base = json_object();
	const char *root = sources_root(g->sources);
	char *path = xasprintf("%s/", strcmp(root, "/") ? root : "");
	char *uri = sarif_uri("file://", path);

	for (size_t i = 0; i < g->issues.count; i++) {
		const struct issue *one = &g->issues.list[i];

		if (gate_tells(g, one) && json_array_size(results) < MOST)
			document_append(results, result(g, one));
	}
	/* What failed beside findings: limits are results, all else notes. */
	for (size_t i = 0; i < g->verdict.rule_count; i++) {
		const struct gate_rule *r = &g->verdict.rules[i];
		json_t *note;

		if (!r->failed)
			continue;
		if (r->worst) {
			document_append(results, limit(g, r));
			continue;
		}
		if (r->kind != FINDING_KINDS)
			continue;
		note = json_object();
		document_set(note, "message", sarif_message(r->text));
		document_set(note, "level", json_text("error"));
		document_append(notes, note);
	}
	document_set(invocation, "executionSuccessful",
		     json_boolean(!g->verdict.status));
	document_set(invocation, "exitCode", json_integer(g->verdict.status));
	document_set(invocation, "toolExecutionNotifications", notes);
	document_append(invocations, invocation);
	document_set(base, "uri", json_text(uri));
	document_set(bases, SARIF_BASE, base);
	document_set(run, "tool", sarif_tool());
	document_set(run, "invocations", invocations);
	document_set(run, "originalUriBaseIds", bases);
	document_set(run, "columnKind", json_text("utf16CodeUnits"));
	document_set(run, "results", results);
	document_append(runs, run);
	document_set(o, "$schema", json_text(SCHEMA));
	document_set(o, "version", json_text("2.1.0"));
	document_set(o, "runs", runs);
	if (!json_write(o, 1, out))
		die(STATUS_INPUT, "the SARIF report cannot be written");
	json_decref(o);
	free(path);
	free(uri);
}
