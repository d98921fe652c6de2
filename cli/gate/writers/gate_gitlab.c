/* SPDX-License-Identifier: MIT */
/* GitLab's code quality report: a JSON array, one object a finding. */
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "document.h"
#include "gate_failing.h"
#include "gate_rules.h"
#include "gate_writers.h"
#include "json_text.h"
#include "status.h"

/* GitLab compares by fingerprints alone, so the accepted may be of less weight
 * without being taken for others. */
static const char *severity(const struct gate *g, const struct issue *i)
{
	if (!gate_fails(g, i))
		return "info";
	switch (i->kind) {
	case FINDING_UNDER:
	case FINDING_ON_FREED:
	case FINDING_RELEASED_AT_ZERO:
	case FINDING_FREED_HELD:
	case FINDING_WRONG_HOLDER:
		return "critical"; /* memory may be used after its end */
	case FINDING_POSSIBLE:
		return "minor";
	default:
		return "major";
	}
}

/* GitLab takes no path that begins with a slash. */
static const char *relative(const char *path)
{
	return path + strspn(path, "/");
}

/* It wants a place for everything: without one, the program and line 1. */
static json_t *location(const char *path, const struct issue_frame *f,
			const char *program)
{
	json_t *o = json_object(), *lines = json_object();
	bool known = f && f->file && f->line;

	document_set(
	    o, "path",
	    json_text(path ? path : relative(known ? f->file : program)));
	document_set(lines, "begin", json_count(known ? f->line : 1));
	document_set(o, "lines", lines);
	return o;
}

static json_t *finding(const struct gate *g, const struct issue *i)
{
	json_t *o = json_object();
	char *headline = issue_headline(i);
	char *text = xasprintf("%s: %s", gate_noun(i->kind), headline);

	document_set(o, "description", json_text(text));
	document_set(o, "check_name", json_text(finding_kind_name(i->kind)));
	document_set(o, "fingerprint", json_text(i->signature));
	document_set(o, "severity", json_text(severity(g, i)));
	document_set(o, "location",
		     location(issue_site_path(i), issue_site(i), i->program));
	free(headline);
	free(text);
	return o;
}

/* A limit that is exceeded, where most of it is from. Its amounts are no part
 * of its fingerprint. */
static json_t *limit(const struct gate *g, const struct gate_rule *r)
{
	const struct gate_place *p =
	    r->worst && r->worst->place_count ? r->worst->places : NULL;
	const char *program = r->worst && r->worst->program ? r->worst->program
			      : g->process_count ? g->processes[0].program
						 : "refknot";
	char *text = xasprintf("limit %s: %s", r->option, r->text);
	json_t *o = json_object();

	document_set(o, "description", json_text(text));
	document_set(o, "check_name", json_text("limit"));
	document_set(o, "fingerprint", json_text(r->id));
	document_set(o, "severity", json_text("major"));
	document_set(o, "location",
		     location(p ? p->path : NULL,
			      p ? gate_place_frame(p) : NULL, program));
	free(text);
	return o;
}

void gate_write_gitlab(FILE *out, const struct gate *g)
{
	json_t *array = json_array();

	/* Known ones too: GitLab compares with the target branch's report. */
	for (size_t i = 0; i < g->issues.count; i++)
		if (gate_tells(g, &g->issues.list[i]))
			document_append(array, finding(g, &g->issues.list[i]));
	for (size_t i = 0; i < g->verdict.rule_count; i++)
		if (g->verdict.rules[i].failed && g->verdict.rules[i].option)
			document_append(array, limit(g, &g->verdict.rules[i]));
	if (json_dumpf(array, out, JSON_INDENT(1)) || fputc('\n', out) == EOF)
		die(STATUS_INPUT, "the report for GitLab cannot be written");
	json_decref(array);
}
