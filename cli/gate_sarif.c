/* SPDX-License-Identifier: MIT */
/*
 * SARIF 2.1.0, as GitHub's code scanning and others read it: one result a
 * finding, its place in the source tree, the stacks of the ledger as code
 * flows, a cycle as a graph. What is suppressed is left out.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "die.h"
#include "document.h"
#include "gate_writers.h"
#include "json_text.h"
#include "line_hash.h"
#include "sources.h"

#define SCHEMA    "https://json.schemastore.org/sarif-2.1.0.json"
#define BASE      "SRCROOT"
#define MOST      5000 /* results that GitHub shows */
#define MOST_FLOW 100  /* locations of a flow that it shows */

/* What a kind means, and what to do: help for people who see it there. */
static const struct {
	const char *name; /* of the rule */
	const char *meaning;
	const char *help;
} rules[FINDING_KINDS] = {
	[FINDING_CYCLE] = { "OrphanedCycle",
			    "Objects that only keep each other can never be freed.",
			    "Make one of the references weak, or break the cycle when the owner goes." },
	[FINDING_REFERENCE] = { "LeakedReference",
				"A reference was taken and never given back.",
				"Release it on every way out of the function that took it." },
	[FINDING_LEAK] = { "MemoryLeak",
			   "Nothing points at the memory any more.",
			   "Free it before its last pointer goes." },
	[FINDING_OVER] = { "OverRetained",
			   "The object counts more references than there are pointers to it.",
			   "Find the release that is missing with refknot refs." },
	[FINDING_UNDER] = { "UnderRetained",
			    "More holders are known than the object counts: it may be freed in use.",
			    "Retain it for each holder." },
	[FINDING_RELEASED_AT_ZERO] = { "ReleaseAtZero",
				       "A reference was given back that nobody had.",
				       "Remove the release, or add the retain that it belongs to." },
	[FINDING_ON_FREED] = { "ReferenceOnFreed",
			       "A freed object was retained or released.",
			       "Keep a reference for as long as the pointer is used." },
	[FINDING_FREED_HELD] = { "FreedWhileHeld",
				 "An object was freed while others held references.",
				 "Release it instead of freeing it." },
	[FINDING_ZERO] = { "ZeroButNotFreed",
			   "The last reference was given back, but the object was not freed.",
			   "Free it where its count comes to zero." },
	[FINDING_POSSIBLE] = { "PossibleLeak",
			       "Only pointers into the middle of the memory are left.",
			       "Keep a pointer to its start, or free it." },
};

static json_t *message(const char *text)
{
	json_t *o = json_object();

	document_set(o, "text", json_text(text));
	return o;
}

/* --- Rules ------------------------------------------------------------------- */

static json_t *rule_properties(enum finding_kind kind)
{
	json_t *o = json_object(), *tags = json_array();

	document_append(tags, json_text("memory"));
	document_append(tags, json_text("leak"));
	document_set(o, "tags", tags);
	document_set(o, "precision",
		     json_text(kind == FINDING_POSSIBLE ? "low" : "very-high"));
	document_set(o, "problem.severity",
		     json_text(kind == FINDING_POSSIBLE ? "warning" : "error"));
	return o;
}

static json_t *rule(enum finding_kind kind)
{
	json_t *o = json_object(), *level = json_object();

	document_set(level, "level",
		     json_text(kind == FINDING_POSSIBLE ? "warning" : "error"));
	document_set(o, "id", json_text(finding_kind_name(kind)));
	document_set(o, "name", json_text(rules[kind].name));
	document_set(o, "shortDescription", message(rules[kind].meaning));
	document_set(o, "fullDescription", message(rules[kind].meaning));
	document_set(o, "help", message(rules[kind].help));
	document_set(o, "defaultConfiguration", level);
	document_set(o, "properties", rule_properties(kind));
	return o;
}

static json_t *tool(void)
{
	json_t *o = json_object(), *driver = json_object();
	json_t *list = json_array();

	for (int kind = 0; kind < FINDING_KINDS; kind++)
		document_append(list, rule(kind));
	document_set(driver, "name", json_text("refknot"));
	document_set(driver, "semanticVersion", json_text(REFKNOT_VERSION));
	document_set(driver, "rules", list);
	document_set(o, "driver", driver);
	return o;
}

/* --- Places ------------------------------------------------------------------ */

/* As RFC 3986 has it; '/' stays. */
static char *uri(const char *prefix, const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~/";
	char *text = xmalloc(strlen(prefix) + 3 * strlen(path) + 1);
	char *to = stpcpy(text, prefix);

	for (; *path; path++)
		if (strchr(plain, *path))
			*to++ = *path;
		else
			to += sprintf(to, "%%%02X", (unsigned char)*path);
	*to = '\0';
	return text;
}

/* Of a path in the tree, else of `outside`, which is an absolute one mostly. */
static json_t *artifact(const char *path, const char *outside)
{
	json_t *o = json_object();
	char *text = path ? uri("", path)
		     : outside && *outside == '/'
			 ? uri("file://", outside)
			 : uri("", outside && *outside ? outside : "unknown");

	document_set(o, "uri", json_text(text));
	if (path)
		document_set(o, "uriBaseId", json_text(BASE));
	free(text);
	return o;
}

static json_t *region(unsigned line)
{
	json_t *o = json_object();

	document_set(o, "startLine", json_count(line ? line : 1));
	document_set(o, "startColumn", json_count(1));
	return o;
}

static json_t *physical(const struct gate *g, const struct issue_frame *f,
			const char *program)
{
	char *within =
	    f && f->line ? sources_within(g->sources, f->file) : NULL;
	bool known = f && f->file && f->line;
	json_t *o = json_object();

	document_set(o, "artifactLocation",
		     artifact(within, known ? f->file : program));
	document_set(o, "region", region(known ? f->line : 1));
	free(within);
	return o;
}

static json_t *location(const struct gate *g, const struct issue_frame *f,
			const char *program, const char *text)
{
	json_t *o = json_object();

	document_set(o, "physicalLocation", physical(g, f, program));
	if (f) {
		json_t *list = json_array(), *logical = json_object();

		document_set(logical, "fullyQualifiedName",
			     json_text(f->function));
		document_set(logical, "kind", json_text("function"));
		document_append(list, logical);
		document_set(o, "logicalLocations", list);
	}
	if (text)
		document_set(o, "message", message(text));
	return o;
}

/* --- Stacks and flows ---------------------------------------------------------- */

static json_t *stack(const struct gate *g, const struct issue *i,
		     const struct issue_stack *s)
{
	json_t *o = json_object(), *frames = json_array();

	for (size_t n = 0; n < s->count; n++) {
		json_t *frame = json_object();

		document_set(frame, "location",
			     location(g, &s->frames[n], i->program, NULL));
		if (s->frames[n].module)
			document_set(frame, "module",
				     json_text(s->frames[n].module));
		document_append(frames, frame);
	}
	document_set(o, "message", message(s->what));
	document_set(o, "frames", frames);
	return o;
}

static json_t *stacks(const struct gate *g, const struct issue *i)
{
	json_t *array = json_array();

	for (size_t k = 0; k < i->stack_count; k++)
		document_append(array, stack(g, i, &i->stacks[k]));
	return array;
}

/* From main inwards, as the program ran; the innermost says what happened. */
static json_t *flow(const struct gate *g, const struct issue *i,
		    const struct issue_stack *s)
{
	json_t *o = json_object(), *flows = json_array();
	json_t *thread = json_object(), *locations = json_array();
	size_t n = s->count < MOST_FLOW ? s->count : MOST_FLOW;

	while (n-- > 0) {
		json_t *step = json_object();
		const struct issue_frame *f = &s->frames[n];

		document_set(
		    step, "location",
		    location(g, f, i->program, n ? f->function : s->what));
		document_append(locations, step);
	}
	document_set(thread, "locations", locations);
	document_append(flows, thread);
	document_set(o, "message", message(s->what));
	document_set(o, "threadFlows", flows);
	return o;
}

static json_t *flows(const struct gate *g, const struct issue *i)
{
	json_t *array = json_array();

	for (size_t k = 0; k < i->stack_count; k++)
		if (i->stacks[k].count)
			document_append(array, flow(g, i, &i->stacks[k]));
	return array;
}

static json_t *related(const struct gate *g, const struct issue *i)
{
	json_t *array = json_array();

	for (size_t k = 1; k < i->stack_count; k++) {
		const struct issue_frame *f = issue_stack_place(&i->stacks[k]);
		json_t *o;

		if (!f)
			continue;
		o = location(g, f, i->program, i->stacks[k].what);
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
	document_set(o, "label", message(text));
	return o;
}

static json_t *graphs(const struct issue *i)
{
	json_t *array = json_array(), *o = json_object();
	json_t *nodes = json_array(), *edges = json_array();

	for (size_t n = 0; n < i->member_count; n++) {
		json_t *node = json_object();

		document_set(node, "id", node_name(n));
		document_set(node, "label", message(i->members[n].name));
		document_append(nodes, node);
		document_append(edges, edge(i, n));
	}
	document_set(o, "description", message("the cycle"));
	document_set(o, "nodes", nodes);
	document_set(o, "edges", edges);
	document_append(array, o);
	return array;
}

/* --- Results ----------------------------------------------------------------- */

static json_t *fingerprints(const struct gate *g, const struct issue *i)
{
	const struct issue_frame *f = issue_place(i);
	json_t *o = json_object();
	char hash[64];

	document_set(o, "refknotSignature/v1", json_text(i->signature));
	if (i->path && f) {
		char *path =
		    xasprintf("%s/%s", sources_root(g->sources), i->path);

		if (line_hash(path, f->line, hash, sizeof(hash)))
			document_set(o, "primaryLocationLineHash",
				     json_text(hash));
		free(path);
	}
	return o;
}

static json_t *text_of(const struct issue *i)
{
	char *summary = issue_summary(i);
	char *text = xasprintf("%s: %s", gate_noun(i->kind), summary);
	json_t *o;

	for (size_t k = 1; k < i->stack_count; k++) {
		char *more = issue_stack_place(&i->stacks[k])
				 ? xasprintf("%s; [%s here](%zu)", text,
					     i->stacks[k].what, k)
				 : xstrdup(text);

		free(text);
		text = more;
	}
	o = message(text);
	free(summary);
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
			location(g, issue_place(i), i->program, NULL));
	document_set(o, "ruleId", json_text(finding_kind_name(i->kind)));
	document_set(o, "ruleIndex", json_count(i->kind));
	document_set(o, "level",
		     json_text(gate_fails(g, i) ? "error" : "note"));
	document_set(o, "message", text_of(i));
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

static json_t *results(const struct gate *g)
{
	json_t *array = json_array();

	for (size_t i = 0; i < g->issues.count; i++) {
		const struct issue *one = &g->issues.list[i];

		if (one->state != ISSUE_SUPPRESSED &&
		    g->options.kinds & 1u << one->kind &&
		    json_array_size(array) < MOST)
			document_append(array, result(g, one));
	}
	return array;
}

static json_t *bases(const struct gate *g)
{
	json_t *o = json_object(), *base = json_object();
	const char *root = sources_root(g->sources);
	char *path = xasprintf("%s/", strcmp(root, "/") ? root : "");
	char *text = uri("file://", path);

	document_set(base, "uri", json_text(text));
	document_set(o, BASE, base);
	free(path);
	free(text);
	return o;
}

/* What failed beside findings. */
static json_t *invocations(const struct gate *g)
{
	json_t *array = json_array(), *o = json_object();
	json_t *notes = json_array();

	for (size_t i = 0; i < g->rule_count; i++) {
		json_t *note;

		if (!g->rules[i].failed || g->rules[i].kind != FINDING_KINDS)
			continue;
		note = json_object();
		document_set(note, "message", message(g->rules[i].text));
		document_set(note, "level", json_text("error"));
		document_append(notes, note);
	}
	document_set(o, "executionSuccessful", json_boolean(!g->status));
	document_set(o, "exitCode", json_integer(g->status));
	document_set(o, "toolExecutionNotifications", notes);
	document_append(array, o);
	return array;
}

void gate_write_sarif(FILE *out, const struct gate *g)
{
	json_t *o = json_object(), *runs = json_array(), *run = json_object();

	document_set(run, "tool", tool());
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
