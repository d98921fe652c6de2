/* SPDX-License-Identifier: MIT */
/*
 * JUnit's XML, as Jenkins, GitLab and others read it: a test case a rule, and
 * one a finding that fails it, with a name that stays the same.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "die.h"
#include "gate_writers.h"
#include "xml.h"

#define SUITE "refknot"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Whose result it is: the first program's. */
static const char *subject(const struct gate *g)
{
	return g->process_count ? base_name(g->processes[0].program)
				: "nothing";
}

static void start_case(xmlTextWriterPtr w, const struct gate *g,
		       const char *name)
{
	char *class = xasprintf(SUITE ".%s", subject(g));

	xml_start(w, "testcase");
	xml_attribute(w, "classname", class);
	xml_attribute(w, "name", name);
	xml_attribute(w, "time", "0");
	free(class);
}

/* In lines, for xml_text() spells control characters. */
static void write_lines(xmlTextWriterPtr w, const char *text)
{
	char *copy = xstrdup(text), *rest = copy, *line;

	while ((line = strsep(&rest, "\n"))) {
		xml_text(w, line);
		if (rest)
			xml_newline(w);
	}
	free(copy);
}

static void write_failure(xmlTextWriterPtr w, const char *type,
			  const char *message, const char *text)
{
	xml_start(w, "failure");
	xml_attribute(w, "type", type);
	xml_attribute(w, "message", message);
	write_lines(w, text);
	xml_end(w);
}

static void write_rule(xmlTextWriterPtr w, const struct gate *g,
		       const struct gate_rule *r)
{
	start_case(w, g, r->title);
	if (r->failed)
		write_failure(w, r->id, r->text, r->text);
	xml_end(w);
}

static void write_issue(xmlTextWriterPtr w, const struct gate *g,
			const struct issue *i)
{
	const struct issue_frame *f = issue_place(i);
	char *summary = issue_summary(i);
	char *name = xasprintf("%s in %s (%s)", gate_noun(i->kind),
			       f ? f->function : "unknown code", i->signature);

	start_case(w, g, name);
	write_failure(w, finding_kind_name(i->kind), summary, i->card);
	xml_end(w);
	free(name);
	free(summary);
}

static size_t count_failed(const struct gate *g)
{
	size_t n = g->fresh;

	for (size_t i = 0; i < g->rule_count; i++)
		n += g->rules[i].failed;
	return n;
}

static void write_counts(xmlTextWriterPtr w, const struct gate *g)
{
	char seconds[32];

	snprintf(seconds, sizeof(seconds), "%.3f", g->seconds);
	xml_count(w, "tests", g->rule_count + g->fresh);
	xml_count(w, "failures", count_failed(g));
	xml_count(w, "errors", 0);
	xml_attribute(w, "time", seconds);
}

static void write_properties(xmlTextWriterPtr w, const struct gate *g)
{
	xml_start(w, "properties");
	for (size_t i = 0; i < g->process_count && i < 20; i++) {
		xml_start(w, "property");
		xml_attribute(w, "name", "program");
		xml_attribute(w, "value", g->processes[i].program);
		xml_end(w);
	}
	xml_start(w, "property");
	xml_attribute(w, "name", "summary");
	xml_attribute(w, "value", g->summary);
	xml_end(w);
	xml_end(w);
}

static void start_suite(xmlTextWriterPtr w, const struct gate *g)
{
	char host[HOST_NAME_MAX + 1] = "localhost", stamp[32] = "";
	time_t now = time(NULL);
	struct tm utc;

	gethostname(host, HOST_NAME_MAX);
	if (gmtime_r(&now, &utc))
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	xml_start(w, "testsuite");
	xml_attribute(w, "name", SUITE);
	write_counts(w, g);
	xml_attribute(w, "skipped", "0");
	xml_attribute(w, "timestamp", stamp);
	xml_attribute(w, "hostname", *host ? host : "localhost");
	xml_attribute(w, "id", "0");
	xml_attribute(w, "package", SUITE);
}

void gate_write_junit(FILE *out, const struct gate *g)
{
	xmlTextWriterPtr w = xml_open(out);

	xml_start(w, "testsuites");
	xml_attribute(w, "name", SUITE);
	write_counts(w, g);
	start_suite(w, g);
	write_properties(w, g);
	for (size_t i = 0; i < g->rule_count; i++)
		write_rule(w, g, &g->rules[i]);
	for (size_t i = 0; i < g->issues.count; i++)
		if (gate_fails(g, &g->issues.list[i]))
			write_issue(w, g, &g->issues.list[i]);
	xml_element(w, "system-out", "");
	xml_element(w, "system-err", "");
	xml_end(w);
	xml_end(w);
	xml_close(w);
}
