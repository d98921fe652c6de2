/* SPDX-License-Identifier: MIT */
/*
 * JUnit's XML, as Jenkins, GitLab and others read it: a test case a rule,
 * with a name that stays the same, and in its failure the findings.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "die.h"
#include "gate_card.h"
#include "gate_failing.h"
#include "gate_writers.h"
#include "text_stream.h"
#include "xml.h"

#define SUITE         "refknot"
#define MOST_PROGRAMS 20 /* that are named */

/* What was found, and where the worst of it is. */
static char *message_of(const struct gate *g, const struct gate_rule *r)
{
	for (size_t k = 0; k < g->issues.count; k++) {
		const struct issue *i = &g->issues.list[k];
		const struct issue_frame *f = issue_place(i);

		if (!gate_fails_by(g, r, i))
			continue;
		if (i->apart.chain)
			return xasprintf("%s; %s", r->text, i->apart.chain);
		if (f && f->file && f->line)
			return xasprintf("%s; %s at %s:%u", r->text,
					 f->function,
					 i->path ? i->path : f->file, f->line);
		return xasprintf("%s; %s", r->text,
				 f ? f->function : "unknown code");
	}
	return xstrdup(r->text);
}

static void write_failure(struct xml *w, const struct gate *g,
			  const struct gate_rule *r)
{
	char *message = message_of(g, r), *text, *rest, *line;
	size_t size;
	FILE *out = text_stream_open(&text, &size);

	gate_card_rule(out, g, r);
	text_stream_close(out);
	xml_start(w, "failure");
	xml_attribute(w, "type", r->id);
	xml_attribute(w, "message", message);
	/* In lines, for xml_text() spells control characters. */
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		xml_text(w, line);
		if (rest)
			xml_newline(w);
	}
	xml_end(w);
	free(text);
	free(message);
}

static void write_counts(struct xml *w, const struct gate *g)
{
	char seconds[32];
	size_t failed = 0;

	for (size_t i = 0; i < g->verdict.rule_count; i++)
		failed += g->verdict.rules[i].failed;
	snprintf(seconds, sizeof(seconds), "%.3f", g->seconds);
	xml_count(w, "tests", g->verdict.rule_count);
	xml_count(w, "failures", failed);
	xml_count(w, "errors", 0);
	xml_attribute(w, "time", seconds);
}

static void write_property(struct xml *w, const char *name, const char *value)
{
	xml_start(w, "property");
	xml_attribute(w, "name", name);
	xml_attribute(w, "value", value);
	xml_end(w);
}

/* Programs as "/bin/sh, /build/test_parse and 3 more", each once. */
static void write_properties(struct xml *w, const struct gate *g)
{
	char *programs, processes[24];
	size_t size, n = 0;
	FILE *out = text_stream_open(&programs, &size);

	for (size_t i = 0; i < g->process_count; i++) {
		const char *program = g->processes[i].program;
		size_t k = 0;

		while (strcmp(g->processes[k].program, program) != 0)
			k++;
		if (k == i && n++ < MOST_PROGRAMS)
			fprintf(out, "%s%s", n > 1 ? ", " : "", program);
	}
	if (n > MOST_PROGRAMS)
		fprintf(out, " and %zu more", n - MOST_PROGRAMS);
	text_stream_close(out);
	snprintf(processes, sizeof(processes), "%zu", g->process_count);
	xml_start(w, "properties");
	write_property(w, "programs", programs);
	write_property(w, "processes", processes);
	write_property(w, "summary", g->verdict.summary);
	xml_end(w);
	free(programs);
}

void gate_write_junit(FILE *out, const struct gate *g)
{
	char host[HOST_NAME_MAX + 1] = "localhost", stamp[32] = "";
	const struct gate_process *first = g->processes;
	bool one_program = g->process_count;
	time_t now = time(NULL);
	struct tm utc;
	char *class;
	struct xml *w = xml_open(out);

	gethostname(host, HOST_NAME_MAX);
	if (gmtime_r(&now, &utc))
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	xml_start(w, "testsuites");
	xml_attribute(w, "name", SUITE);
	write_counts(w, g);
	xml_start(w, "testsuite");
	xml_attribute(w, "name", SUITE);
	write_counts(w, g);
	xml_attribute(w, "skipped", "0");
	xml_attribute(w, "timestamp", stamp);
	xml_attribute(w, "hostname", *host ? host : "localhost");
	xml_attribute(w, "id", "0");
	xml_attribute(w, "package", SUITE);
	write_properties(w, g);
	/* "refknot.server" if all that was judged is of one program, else
	 * "refknot": the subject is not what starts it, a shell or make. */
	for (size_t i = 1; i < g->process_count; i++)
		one_program &= !strcmp(first[i].program, first->program) &&
			       !strcmp(first[i].name, first->name);
	class =
	    one_program ? xasprintf(SUITE ".%s", first->name) : xstrdup(SUITE);
	for (size_t i = 0; i < g->verdict.rule_count; i++) {
		const struct gate_rule *r = &g->verdict.rules[i];

		xml_start(w, "testcase");
		xml_attribute(w, "classname", class);
		xml_attribute(w, "name", r->title);
		xml_attribute(w, "time", "0");
		if (r->failed)
			write_failure(w, g, r);
		xml_end(w);
	}
	free(class);
	xml_element(w, "system-out", "");
	xml_element(w, "system-err", "");
	xml_end(w);
	xml_end(w);
	xml_close(w);
}
