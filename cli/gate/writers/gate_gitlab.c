/* SPDX-License-Identifier: MIT */
/* GitLab's code quality report: a JSON array, one object a finding. */
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "document.h"
#include "gate_failing.h"
#include "gate_writers.h"
#include "json_text.h"
#include "json_writer.h"
#include "status.h"

/* Of what fails: it is critical if memory may be used after its end. GitLab
 * compares only by fingerprints, so what is accepted may be of less weight and
 * is not taken for something else. */
static const char *gitlab_severity(enum finding_kind kind)
{
	switch (kind) {
	case FINDING_UNDER:
	case FINDING_RELEASED_AT_ZERO:
	case FINDING_ON_FREED:
	case FINDING_FREED_HELD:
	case FINDING_WRONG_HOLDER:
		return "critical";
	case FINDING_CYCLE:
	case FINDING_REFERENCE:
	case FINDING_LEAK:
	case FINDING_OVER:
	case FINDING_ZERO:
		return "major";
	case FINDING_POSSIBLE:
		return "minor";
	}
	return NULL;
}

/* Appends an entry. Without a path in the tree GitLab gets the frame's file, or
 * else the program and line 1: it wants a place for everything, and takes no
 * path that begins with a slash. */
static void add(json_t *array, const char *text, const char *check,
		const char *fingerprint, const char *weight, const char *path,
		const struct issue_frame *f, const char *program)
{
	json_t *o = json_object(), *location = json_object();
	json_t *lines = json_object();
	bool known = f && f->file && f->line;

	if (!path) {
		path = known ? f->file : program;
		path += strspn(path, "/");
	}
	document_set(location, "path", json_text(path));
	document_set(lines, "begin", json_count(known ? f->line : 1));
	document_set(location, "lines", lines);
	document_set(o, "description", json_text(text));
	document_set(o, "check_name", json_text(check));
	document_set(o, "fingerprint", json_text(fingerprint));
	document_set(o, "severity", json_text(weight));
	document_set(o, "location", location);
	document_append(array, o);
}

/* What fails that is no finding: a limit that is exceeded, where most of it is
 * from; growth; or that not all was seen. Amounts and processes are not part of
 * its fingerprint. */
static void add_rule(json_t *array, const struct gate *g,
		     const struct gate_rule *r)
{
	const struct gate_worst *w = r->worst;
	const struct gate_place *p = w && w->place_count ? w->places : NULL;
	const char *program = w && w->program    ? w->program
			      : g->process_count ? g->processes[0].program
						 : "refknot";
	char *from = gate_worst_text(w);
	char *text =
	    r->option ? xasprintf("limit %s: %s%s%s", r->option, r->text,
				  from ? ", " : "", from ? from : "")
	    : r->completeness ? xasprintf("not %s: %s", r->title, r->text)
			      : xasprintf("%s: %s", r->id, r->text);

	add(array, text,
	    r->option         ? "limit"
	    : r->completeness ? "complete"
			      : "growth",
	    r->id, "major", p ? p->path : NULL, p ? gate_place_frame(p) : NULL,
	    program);
	free(text);
	free(from);
}

void gate_write_gitlab(FILE *out, const struct gate *g)
{
	json_t *array = json_array();

	/* Known ones too: GitLab compares with the target branch's report. */
	for (size_t k = 0; k < g->issues.count; k++) {
		const struct issue *i = &g->issues.list[k];
		char *headline = issue_headline(i);
		char *text =
		    xasprintf("%s: %s", finding_kinds[i->kind].noun, headline);

		if (gate_tells(g, i))
			add(array, text, finding_kinds[i->kind].name,
			    i->signature,
			    gate_fails(g, i) ? gitlab_severity(i->kind)
					     : "info",
			    issue_site_path(i), issue_site(i), i->program);
		free(headline);
		free(text);
	}
	for (size_t k = 0; k < g->verdict.rule_count; k++)
		if (g->verdict.rules[k].failed &&
		    g->verdict.rules[k].kind == FINDING_KINDS)
			add_rule(array, g, &g->verdict.rules[k]);
	if (!json_write(array, 1, out))
		die(STATUS_INPUT, "the report for GitLab cannot be written");
	json_decref(array);
}
