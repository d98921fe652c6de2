/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "called.h"
#include "die.h"
#include "gate_gap.h"
#include "gate_growth.h"
#include "gate_inherited.h"
#include "gate_limits.h"
#include "gate_rules.h"
#include "gate_summary.h"
#include "list.h"
#include "status.h"
#include "unread.h"

static struct gate_process *append(struct gate *g)
{
	return LIST_ADD(g->processes, g->process_count);
}

/* What is to be said of how it was killed, unless that is accepted. */
static void judge_kill(struct gate *g, struct gate_process *p, bool fatal)
{
	p->killed_ok =
	    p->killed && (!fatal || gate_patterns_match(&g->options.killed_ok,
							p->program, p->name));
	if (p->killed && !p->killed_ok && !p->incomplete)
		p->incomplete = xstrdup(p->killed);
}

/* What is in `gap` becomes the gate's. */
static void add_process(struct gate *g, const struct model *m,
			struct gate_gap gap)
{
	const struct rkn_meta *meta = &m->meta;
	struct gate_process *p = append(g);

	*p = (struct gate_process){
		.program = xstrdup(model_text(m, meta->program)),
		.name = xstrdup(model_called(m)),
		.pid = meta->pid,
		.start_ns = meta->start_ns,
		.forked = meta->flags & RKN_META_FORKED,
		.ended = meta->end != RKN_END_UNKNOWN,
		.parent_pid = meta->parent_pid,
		.exit_code = meta->end == RKN_END_EXIT ? meta->end_value : -1,
		.signal = meta->end == RKN_END_SIGNAL ? meta->end_value : 0,
		.peak_bytes = meta->peak_bytes,
		.allocations = meta->allocations,
		.incomplete = gap.text,
		.killed = gap.killed,
	};
	judge_kill(g, p, gap.fatal);
}

static void add_other(struct gate *g, struct gate_other other)
{
	*LIST_ADD(g->others, g->other_count) = other;
}

static struct gate_other described(const struct model *m)
{
	return (struct gate_other){ m->meta.flags & RKN_META_FORKED,
				    m->meta.pid, m->meta.start_ns };
}

/* What the program brings itself. */
static struct wishes *own_of(struct gate *g, const struct model *m)
{
	struct wishes *w;

	for (size_t i = 0; i < g->own_count; i++)
		if (wishes_are(g->own[i], m))
			return g->own[i];
	w = *LIST_ADD(g->own, g->own_count) = xcalloc(1, sizeof(*w));
	wishes_open(w, m);
	return w;
}

const struct suppression *gate_suppression(const struct gate *g, size_t i)
{
	const struct suppressions *s = g->suppressions;

	for (size_t k = 0;; s = &g->own[k++]->list) {
		if (i < s->count)
			return s->list[i];
		i -= s->count;
		if (k == g->own_count)
			return NULL;
	}
}

static bool is_judged(struct gate *g, const struct model *m)
{
	return gate_programs_judge(&g->options.programs,
				   model_text(m, m->meta.program),
				   model_called(m));
}

void gate_add_idle(struct gate *g, const struct model *m)
{
	if (is_judged(g, m))
		add_process(g, m, (struct gate_gap){ 0 });
	else
		add_other(g, described(m));
}

static bool is_unread(const struct gate *g, const char *path)
{
	for (size_t i = 0; i < g->unread_count; i++)
		if (!strcmp(g->unread[i].path, path))
			return true;
	return false;
}

static void add_unread(struct gate *g, const struct model *m,
		       const struct symbols *s)
{
	for (uint32_t i = 0; i < m->module_count; i++) {
		const char *why = symbols_why_missing(s, i);
		const char *path = model_text(m, m->modules[i].path);

		if (!why || is_unread(g, path))
			continue;
		*LIST_ADD(g->unread, g->unread_count) =
		    (struct gate_module){ xstrdup(path), why };
	}
}

char *gate_unread_text(const struct gate *g)
{
	char *modules, *effect, *text;
	size_t findings = 0;

	if (!g->unread_count)
		return NULL;
	for (size_t i = 0; i < g->issues.count; i++)
		findings += g->issues.list[i].unread;
	modules = unread_modules(g->unread_count, g->unread[0].path,
				 g->unread[0].why);
	effect = unread_effect(g->unread_count, findings);
	text = xasprintf("no symbols for %s; %s", modules, effect);
	free(effect);
	free(modules);
	return text;
}

void gate_add(struct gate *g, const struct model *m, struct symbols *s)
{
	struct names *names;
	struct findings f;

	if (!is_judged(g, m)) {
		add_other(g, described(m));
		return;
	}
	names = names_open(m, s);
	findings_make(&f, m, s);
	findings_sign(&f, m, names, s);
	issues_add(&g->issues, &f, m, names, s, g->suppressions,
		   &own_of(g, m)->list, g->sources);
	g->gone_objects += f.gone_objects;
	g->gone_bytes += f.gone_bytes;
	gate_limits_add(g, m, s, names);
	if (g->options.growth)
		gate_growth_add(g, m, s, names);
	add_unread(g, m, s);
	gate_inherited_add(g, m);
	add_process(g, m, gate_gap(m, &f));
	findings_release(&f);
	names_close(names);
}

void gate_add_incomplete(struct gate *g, const char *program, const char *name,
			 uint32_t pid, uint64_t start_ns, const char *why)
{
	if (!name)
		name = called_name("", program);
	if (*program == '/' &&
	    !gate_programs_judge(&g->options.programs, program, name)) {
		add_other(g, (struct gate_other){ false, pid, start_ns });
		return;
	}
	*append(g) = (struct gate_process){
		.program = xstrdup(program),
		.name = xstrdup(name),
		.pid = pid,
		.start_ns = start_ns,
		.exit_code = -1,
		.incomplete = xstrdup(why),
	};
}

void gate_add_killed(struct gate *g, const char *program, const char *name,
		     uint32_t pid, int signal, const char *how, bool fatal)
{
	struct gate_process *p;

	if (*program == '/' &&
	    !gate_programs_judge(&g->options.programs, program, name)) {
		add_other(g, (struct gate_other){ false, pid, GATE_LAST });
		return;
	}
	p = append(g);
	*p = (struct gate_process){
		.program = xstrdup(program),
		.name = xstrdup(name),
		.pid = pid,
		.start_ns = GATE_LAST,
		.ended = true,
		.exit_code = -1,
		.signal = signal,
		.killed = xstrdup(how),
	};
	judge_kill(g, p, fatal);
}

/* A process that went on as another program: its memory went with the first,
 * and what it is to tell is in the recording of the second. */
static bool is_replaced(const struct gate *g, const struct gate_process *p)
{
	for (size_t i = 0; i < g->process_count; i++)
		if (g->processes[i].pid == p->pid && !g->processes[i].forked &&
		    g->processes[i].start_ns > p->start_ns)
			return true;
	for (size_t i = 0; i < g->other_count; i++)
		if (g->others[i].pid == p->pid && !g->others[i].forked &&
		    g->others[i].start_ns > p->start_ns)
			return true;
	return false;
}

void gate_settle(struct gate *g)
{
	for (size_t i = 0; i < g->process_count; i++) {
		struct gate_process *p = &g->processes[i];

		if (p->ended || !p->incomplete || !is_replaced(g, p))
			continue;
		free(p->incomplete);
		p->incomplete = NULL;
	}
}

static bool fails_itself(const struct gate *g, const struct issue *i)
{
	if (!(g->options.kinds & 1u << i->kind))
		return false;
	switch (i->state) {
	case ISSUE_NEW:
		return !gate_limits_cover(&g->options, i->kind);
	case ISSUE_GROWN:
		return g->options.mode != GATE_NEW;
	case ISSUE_KNOWN:
		return g->options.mode == GATE_ANY;
	case ISSUE_SUPPRESSED:
		return false;
	}
	return false;
}

bool gate_fails(const struct gate *g, const struct issue *i)
{
	return fails_itself(g, i) ||
	       (g->leaked_too_much && gate_limits_count(&g->options, i));
}

bool gate_fails_by(const struct gate *g, const struct gate_rule *r,
		   const struct issue *i)
{
	if (r->leaks)
		return r->failed && gate_limits_count(&g->options, i);
	return i->kind == r->kind && fails_itself(g, i);
}

bool gate_tells(const struct gate *g, const struct issue *i)
{
	return gate_fails(g, i) || (i->state != ISSUE_SUPPRESSED &&
				    g->options.kinds & 1u << i->kind);
}

bool gate_lets_pass(const struct gate *g, const struct issue *i)
{
	return i->state == ISSUE_NEW && !gate_fails(g, i);
}

/* Those that are told of, from each other. */
static void tell_apart(struct gate *g)
{
	size_t n = 0, *which = xcalloc(g->issues.count + 1, sizeof(*which));
	struct apart_stack *list = xcalloc(g->issues.count + 1, sizeof(*list));

	for (size_t i = 0; i < g->issues.count; i++) {
		const struct issue *one = &g->issues.list[i];

		if (!gate_tells(g, one) || !one->stack_count)
			continue;
		which[n] = i;
		list[n++] = (struct apart_stack){ one->stacks, one->place };
	}
	for (size_t k = 0; k < n; k++) {
		struct issue *one = &g->issues.list[which[k]];

		apart_release(&one->apart);
		one->apart = apart_make(list, n, k, g->sources);
	}
	free(list);
	free(which);
}

static void count(struct gate *g)
{
	for (size_t i = 0; i < g->issues.count; i++) {
		const struct issue *one = &g->issues.list[i];

		g->fresh += gate_fails(g, one);
		g->known +=
		    one->state == ISSUE_KNOWN || one->state == ISSUE_GROWN;
		g->suppressed += one->state == ISSUE_SUPPRESSED;
	}
	for (size_t i = 0; i < g->growth_row_count; i++)
		g->known += g->growth_rows[i].accepted;
	for (size_t i = 0; g->baseline && i < g->baseline->count; i++)
		g->stale += !g->baseline->list[i].seen;
}

#define FIRST_KEPT                                                             \
	125 /* of the statuses that say that nothing was run, or of
			  a signal */

int gate_counted_status(const struct gate *g, int program_status)
{
	return g->options.allow_failure && program_status < FIRST_KEPT
		   ? 0
		   : program_status;
}

static char *why_status(int status)
{
	if (status > 128)
		return xasprintf("the program was ended by signal %d",
				 status - 128);
	return xasprintf("the program exited with %d", status);
}

char *gate_cut_short(const struct gate *g, int program_status)
{
	if (program_status)
		return why_status(program_status);
	for (size_t i = 0; i < g->process_count; i++) {
		const struct gate_process *p = &g->processes[i];

		if (!g->ran && p->signal)
			return xasprintf("%s[%" PRIu32
					 "] was ended by signal %d",
					 p->name, p->pid, p->signal);
		if (p->incomplete)
			return xstrdup("not all was recorded and checked");
	}
	return NULL;
}

void gate_judge(struct gate *g, int program_status)
{
	int status = gate_counted_status(g, program_status);

	gate_settle(g);
	g->cut_short = gate_cut_short(g, program_status);
	g->allowed = status ? 0 : program_status;
	baseline_apply(g->baseline, &g->issues);
	gate_growth_apply(g);
	issues_sort(&g->issues);
	gate_rules_make(g);
	for (size_t i = 0; i < g->rule_count; i++) {
		g->failed |= g->rules[i].failed;
		g->leaked_too_much |= g->rules[i].failed && g->rules[i].leaks;
	}
	tell_apart(g);
	count(g);
	g->status = status      ? status
		    : g->failed ? g->options.error_status
				: STATUS_OK;
	gate_summary_make(g);
}

size_t gate_killed(const struct gate *g, bool ok)
{
	size_t n = 0;

	for (size_t i = 0; i < g->process_count; i++)
		n += g->processes[i].killed &&
		     (!ok || g->processes[i].killed_ok);
	return n;
}

size_t gate_gaps(const struct gate *g)
{
	size_t n = 0;

	if (g->options.allow_incomplete)
		return 0;
	for (size_t i = 0; i < g->process_count; i++)
		n += g->processes[i].incomplete != NULL;
	return g->process_count ? n : 1;
}

void gate_set_unwritten(struct gate *g, int program_status)
{
	int status = gate_counted_status(g, program_status);

	g->unwritten = true;
	g->status = status ? status : STATUS_INPUT;
	gate_summary_make(g);
}

static void release_options(struct gate_options *o)
{
	for (size_t i = 0; i < o->limit_count; i++) {
		free(o->limits[i].region);
		free(o->limits[i].type);
		free(o->limits[i].text);
		gate_worst_release(&o->limits[i].worst);
	}
	free(o->limits);
	gate_programs_release(&o->programs);
	gate_patterns_release(&o->killed_ok);
}

void gate_release(struct gate *g)
{
	for (size_t i = 0; i < g->rule_count; i++) {
		free(g->rules[i].id);
		free(g->rules[i].title);
		free(g->rules[i].text);
		free(g->rules[i].option);
	}
	for (size_t i = 0; i < g->process_count; i++) {
		free(g->processes[i].program);
		free(g->processes[i].name);
		free(g->processes[i].incomplete);
		free(g->processes[i].killed);
	}
	gate_growth_release(g);
	for (size_t i = 0; i < g->own_count; i++) {
		wishes_release(g->own[i]);
		free(g->own[i]);
	}
	free(g->own);
	for (size_t i = 0; i < g->unread_count; i++)
		free(g->unread[i].path);
	free(g->unread);
	free(g->rules);
	free(g->processes);
	free(g->others);
	free(g->summary);
	free(g->cut_short);
	issues_release(&g->issues);
	gate_worst_release(&g->peak);
	release_options(&g->options);
}
