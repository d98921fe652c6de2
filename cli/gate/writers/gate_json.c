/* SPDX-License-Identifier: MIT */
/* The gate's result for programs: refknot-check.schema.json. */
#include <string.h>

#include "die.h"
#include "document.h"
#include "gate_failing.h"
#include "gate_writers.h"
#include "json_text.h"
#include "json_writer.h"
#include "status.h"

/* null for 0. */
static json_t *number(uint64_t n)
{
	return n ? json_count(n) : json_null();
}

static json_t *stack(const struct issue_stack *s)
{
	json_t *o = json_object(), *frames = json_array();

	for (size_t i = 0; i < s->count; i++) {
		const struct issue_frame *f = &s->frames[i];
		json_t *frame = json_object();

		document_set(frame, "function", json_text(f->function));
		if (f->full && strcmp(f->full, f->function) != 0)
			document_text(frame, "full", f->full);
		if (f->library)
			document_flag(frame, "library", true);
		document_set(frame, "file", json_text(f->file));
		document_set(frame, "line", number(f->line));
		document_set(frame, "module", json_text(f->module));
		document_set(frame, "inlined", json_boolean(f->inlined));
		document_set(frame, "tail_call", json_boolean(f->tail_call));
		document_append(frames, frame);
	}
	document_set(o, "what", json_text(s->what));
	document_set(o, "frames", frames);
	return o;
}

static json_t *suppression(const struct suppression *s)
{
	json_t *o = json_object();

	document_set(o, "text", json_text(s->text));
	document_set(o, "origin", json_text(s->origin));
	document_set(o, "line", json_count(s->line));
	document_set(o, "reason", json_text(s->reason));
	document_set(o, "until", json_text(*s->until ? s->until : NULL));
	document_set(o, "expired", json_boolean(s->expired));
	document_set(o, "built_in", json_boolean(s->built_in));
	document_set(o, "findings", json_count(s->findings));
	document_set(o, "bytes", json_count(s->bytes));
	return o;
}

static json_t *issue(const struct gate *g, const struct issue *i)
{
	static const char *const states[] = { "new", "known", "grown",
					      "suppressed" };
	const struct issue_frame *f = issue_place(i);
	json_t *o = json_object(), *stacks = json_array();
	json_t *members = json_array();

	for (size_t k = 0; k < i->stack_count; k++)
		document_append(stacks, stack(&i->stacks[k]));
	for (size_t k = 0; k < i->member_count; k++) {
		json_t *one = json_object();

		document_set(one, "name", json_text(i->members[k].name));
		document_set(one, "bytes", json_count(i->members[k].bytes));
		document_set(one, "offset", json_count(i->members[k].offset));
		document_append(members, one);
	}
	document_set(o, "signature", json_text(i->signature));
	document_set(o, "kind", json_text(finding_kinds[i->kind].name));
	document_set(o, "state", json_text(states[i->state]));
	document_set(o, "fails", json_boolean(gate_fails(g, i)));
	document_set(o, "differs",
		     json_text(i->differs ? i->differs : i->other));
	document_set(o, "confidence", json_text(i->confidence));
	document_set(o, "type", json_text(i->type));
	document_set(o, "count", json_count(i->count));
	document_set(o, "objects", json_count(i->objects));
	document_set(o, "bytes", json_count(i->bytes));
	document_set(o, "held_objects", json_count(i->held_objects));
	document_set(o, "held_bytes", json_count(i->held_bytes));
	document_set(o, "references", json_count(i->references));
	document_set(o, "processes", json_count(i->processes));
	/* "file" and "line" to blame; the path is in the source tree, if it can
	 * be. */
	document_set(o, "path", json_text(i->path));
	document_set(o, "line", number(f ? f->line : 0));
	document_set(o, "function", json_text(f ? f->function : NULL));
	document_set(o, "members", members);
	document_set(o, "stacks", stacks);
	document_set(o, "program", json_text(i->program));
	document_set(o, "suppressed_by",
		     i->by ? suppression(i->by) : json_null());
	return o;
}

static json_t *limit(const struct gate_rule *r)
{
	const struct gate_worst *w = r->worst;
	json_t *o = json_object(), *places = json_array();

	for (size_t i = 0; w && i < w->place_count; i++) {
		const struct gate_place *p = &w->places[i];
		const struct issue_frame *f = gate_place_frame(p);
		json_t *place = json_object();

		document_set(place, "objects", json_count(p->amount.objects));
		document_set(place, "bytes", json_count(p->amount.bytes));
		document_set(place, "path", json_text(p->path));
		document_set(place, "line", number(f ? f->line : 0));
		document_set(place, "function",
			     json_text(f ? f->function : NULL));
		document_set(place, "stack", stack(&p->stack));
		document_append(places, place);
	}
	document_set(o, "option", json_text(r->option));
	document_set(o, "unit", json_text(r->bytes ? "bytes" : "objects"));
	document_set(o, "most", json_count(r->most));
	document_set(o, "found",
		     r->unseen ? json_null() : json_count(r->found));
	document_set(o, "program", json_text(w ? w->program : NULL));
	document_set(o, "pid",
		     w && w->program ? json_count(w->pid) : json_null());
	document_set(o, "places", places);
	return o;
}

static json_t *verdict(const struct gate *g)
{
	const struct gate_verdict *v = &g->verdict;
	json_t *o = json_object(), *stale = json_array();

	for (size_t i = 0; g->baseline && i < g->baseline->count; i++)
		if (!g->baseline->list[i].seen)
			document_append(
			    stale, json_text(g->baseline->list[i].signature));
	document_set(o, "failed", json_boolean(v->failed));
	document_set(o, "exit_status", json_integer(v->status));
	document_set(o, "summary", json_text(v->summary));
	document_set(o, "findings", json_count(v->fresh));
	document_set(o, "known", json_count(v->known));
	document_set(o, "suppressed", json_count(v->suppressed));
	document_set(o, "stale", stale);
	document_set(o, "cut_short", json_text(v->cut_short));
	document_set(o, "allowed_exit_status",
		     v->allowed ? json_integer(v->allowed) : json_null());
	document_set(o, "killed", json_count(gate_killed(g, false)));
	document_set(o, "killed_ok", json_count(gate_killed(g, true)));
	return o;
}

void gate_write_json(FILE *out, const struct gate *g)
{
	json_t *o = json_object(), *rules = json_array();
	json_t *processes = json_array(), *issues = json_array();
	json_t *suppressions = json_array(), *unread = json_array();
	json_t *warnings = json_array();
	json_t *inherited = json_object();
	const struct suppression *s;

	for (size_t i = 0; i < g->verdict.rule_count; i++) {
		const struct gate_rule *r = &g->verdict.rules[i];
		json_t *rule = json_object();

		document_set(rule, "id", json_text(r->id));
		document_set(rule, "title", json_text(r->title));
		document_set(rule, "failed", json_boolean(r->failed));
		document_set(rule, "text", json_text(r->text));
		document_set(rule, "limit", r->option ? limit(r) : json_null());
		document_append(rules, rule);
	}
	for (size_t i = 0; i < g->process_count; i++) {
		const struct gate_process *p = &g->processes[i];
		json_t *one = json_object();

		document_set(one, "program", json_text(p->program));
		document_set(one, "pid", json_count(p->pid));
		document_set(one, "exit_code",
			     p->exit_code >= 0 ? json_integer(p->exit_code)
					       : json_null());
		document_set(one, "signal",
			     p->signal ? json_integer(p->signal) : json_null());
		document_set(one, "peak_bytes", json_count(p->peak_bytes));
		document_set(one, "allocations", json_count(p->allocations));
		document_set(one, "incomplete", json_text(p->incomplete));
		document_set(one, "consequence", json_text(p->consequence));
		document_set(one, "remedy", json_text(p->remedy));
		document_set(one, "killed", json_text(p->killed));
		document_set(one, "killed_ok", json_boolean(p->killed_ok));
		document_append(processes, one);
	}
	for (size_t i = 0; i < g->issues.count; i++)
		document_append(issues, issue(g, &g->issues.list[i]));
	for (size_t i = 0; (s = gate_suppression(g, i)); i++)
		document_append(suppressions, suppression(s));
	for (size_t i = 0; i < g->unread_count; i++) {
		json_t *module = json_object();

		document_set(module, "path", json_text(g->unread[i].path));
		document_set(module, "why", json_text(g->unread[i].why));
		document_append(unread, module);
	}
	document_set(inherited, "processes", json_count(g->forked));
	document_set(inherited, "bytes", json_count(g->inherited_bytes));
	document_set(o, "schema", json_text("refknot-check/1"));
	document_set(o, "verdict", verdict(g));
	document_set(o, "rules", rules);
	document_set(o, "findings", issues);
	document_set(o, "suppressions", suppressions);
	document_set(o, "processes", processes);
	document_set(o, "processes_not_judged", json_count(g->other_count));
	document_set(o, "inherited", inherited);
	for (size_t i = 0; i < g->warning_count; i++)
		document_append(warnings, json_text(g->warnings[i]));
	document_set(o, "modules_without_symbols", unread);
	document_set(o, "warnings", warnings);
	if (!json_write(o, 1, out))
		die(STATUS_INPUT, "the JSON report cannot be written");
	json_decref(o);
}
