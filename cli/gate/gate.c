/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include <stdlib.h>
#include <string.h>

#include "called.h"
#include "die.h"
#include "gate_gap.h"
#include "gate_growth.h"
#include "gate_limits.h"
#include "list.h"
#include "units.h"
#include "unread.h"

static struct gate_process *append(struct gate *g)
{
	return LIST_ADD(g->processes, g->process_count);
}

/* What is to be said of how it was killed, unless that is accepted. */
static void judge_kill(struct gate *g, struct gate_process *p,
		       const char *started_as, bool fatal)
{
	p->killed_ok =
	    p->killed &&
	    (!fatal || gate_patterns_match(&g->options.killed_ok, p->program,
					   started_as, p->name));
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
		.consequence = gap.consequence,
		.remedy = gap.remedy,
		.killed = gap.killed,
	};
	judge_kill(g, p, model_started_as(m), gap.fatal);
}

static void add_other(struct gate *g, struct beginning other)
{
	*LIST_ADD(g->others, g->other_count) = other;
}

static struct beginning described(const struct model *m)
{
	return (struct beginning){ m->meta.pid, m->meta.flags & RKN_META_FORKED,
				   m->meta.start_ns };
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
				   model_started_as(m), model_called(m));
}

void gate_add_idle(struct gate *g, const struct model *m)
{
	if (is_judged(g, m)) {
		add_process(g, m, (struct gate_gap){ 0 });
		gate_worst_note(&g->lost, 0, m);
	} else {
		add_other(g, described(m));
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

char *gate_inherited_text(const struct gate *g)
{
	char size[UNITS_SIZE];
	bool one = g->forked == 1;

	if (!g->forked)
		return NULL;
	return xasprintf(
	    "%zu of %zu process%s %s forked: %s that %s inherited counted as held (roots); a pointer that is left there may hide a leak",
	    g->forked, g->process_count, g->process_count == 1 ? "" : "es",
	    one ? "was" : "were", units_bytes(size, g->inherited_bytes),
	    one ? "it" : "they");
}

static void add_warnings(struct gate *g, const struct symbols *s)
{
	size_t at = 0, i;
	char *text;

	while ((text = symbols_warning(s, &at))) {
		for (i = 0; i < g->warning_count; i++)
			if (!strcmp(g->warnings[i], text))
				break;
		if (i < g->warning_count)
			free(text);
		else
			*LIST_ADD(g->warnings, g->warning_count) = text;
	}
}

void gate_add(struct gate *g, const struct reading *in)
{
	const struct model *m = in->m;
	struct wishes *own = NULL; /* what the program brings itself */
	struct findings f;

	if (!is_judged(g, m)) {
		add_other(g, described(m));
		return;
	}
	for (size_t i = 0; i < g->own_count && !own; i++)
		if (wishes_are(g->own[i], m))
			own = g->own[i];
	if (!own) {
		own = *LIST_ADD(g->own, g->own_count) =
		    xcalloc(1, sizeof(*own));
		wishes_open(own, m);
	}
	findings_make(&f, in);
	findings_sign(&f, in);
	issues_add(&g->issues, &f, in, g->suppressions, &own->list, g->sources);
	g->gone_objects += f.gone_objects;
	g->gone_bytes += f.gone_bytes;
	gate_limits_add(g, in);
	if (g->options.growth)
		gate_growth_add(g, in);
	for (uint32_t i = 0; i < m->module_count; i++) {
		const char *why = symbols_why_missing(in->symbols, i);
		const char *path = model_text(m, m->modules[i].path);
		size_t k = 0;

		while (k < g->unread_count &&
		       strcmp(g->unread[k].path, path) != 0)
			k++;
		if (why && k == g->unread_count)
			*LIST_ADD(g->unread, g->unread_count) =
			    (struct gate_module){ xstrdup(path), why };
	}
	add_warnings(g, in->symbols);
	/* Where no check was made, nothing was searched. */
	g->forked += m->limits[RKN_LIMIT_INHERITED] != 0;
	g->inherited_bytes += m->limits[RKN_LIMIT_INHERITED_BYTES];
	add_process(g, m, gate_gap(m, &f));
	findings_release(&f);
}

void gate_add_incomplete(struct gate *g, const char *program, const char *name,
			 uint32_t pid, uint64_t start_ns, const char *why)
{
	if (!name)
		name = called_name("", program);
	if (*program == '/' &&
	    !gate_programs_judge(&g->options.programs, program, name, NULL)) {
		add_other(g, (struct beginning){ pid, false, start_ns });
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
	    !gate_programs_judge(&g->options.programs, program, name, NULL)) {
		add_other(g, (struct beginning){ pid, false, GATE_LAST });
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
	judge_kill(g, p, name, fatal);
}

void gate_open(struct gate *g, struct suppressions *suppressions)
{
	*g = (struct gate){ .suppressions = suppressions };
	gate_options_init(&g->options);
}

void gate_close(struct gate *g)
{
	for (size_t i = 0; i < g->verdict.rule_count; i++) {
		free(g->verdict.rules[i].id);
		free(g->verdict.rules[i].title);
		free(g->verdict.rules[i].text);
		free(g->verdict.rules[i].option);
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
	for (size_t i = 0; i < g->warning_count; i++)
		free(g->warnings[i]);
	free(g->warnings);
	free(g->verdict.rules);
	free(g->processes);
	free(g->others);
	free(g->verdict.summary);
	free(g->verdict.cut_short);
	issues_release(&g->issues);
	gate_worst_release(&g->peak);
	gate_worst_release(&g->lost);
	gate_worst_release(&g->unjudged_first);
	for (size_t i = 0; g->worst && i < g->options.limit_count; i++)
		gate_worst_release(&g->worst[i]);
	free(g->worst);
	gate_options_release(&g->options);
}
