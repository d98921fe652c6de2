/* SPDX-License-Identifier: MIT */
#include "gate_failing.h"

#include "gate_limits.h"

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
	return fails_itself(g, i) || (g->verdict.leaked_too_much &&
				      gate_limits_count(&g->options, i));
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
