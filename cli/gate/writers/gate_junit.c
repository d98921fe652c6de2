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
#include "status.h"
#include "xml.h"

#define SUITE "refknot"

/* "refknot.server" where all that was judged is of one program, else "refknot":
 * what starts it, a shell or make, is no subject. NULL: the latter. */
static const char *subject(const struct gate *g)
{
	for (size_t i = 1; i < g->process_count; i++)
		if (strcmp(g->processes[i].program, g->processes[0].program) ||
		    strcmp(g->processes[i].name, g->processes[0].name))
			return NULL;
	return g->process_count ? g->processes[0].name : NULL;
}

static void start_case(xmlTextWriterPtr w, const struct gate *g,
		       const char *name)
{
	const char *one = subject(g);
	char *class = one ? xasprintf(SUITE ".%s", one) : xstrdup(SUITE);

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

static char *text_of(const struct gate *g, const struct gate_rule *r)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die(STATUS_INPUT, "out of memory");
	gate_card_rule(out, g, r);
	if (fclose(out))
		die(STATUS_INPUT, "out of memory");
	return text;
}

static void write_failure(xmlTextWriterPtr w, const struct gate *g,
			  const struct gate_rule *r)
{
	char *message = message_of(g, r), *text = text_of(g, r);

	xml_start(w, "failure");
	xml_attribute(w, "type", r->id);
	xml_attribute(w, "message", message);
	write_lines(w, text);
	xml_end(w);
	free(text);
	free(message);
}

static void write_rule(xmlTextWriterPtr w, const struct gate *g,
		       const struct gate_rule *r)
{
	start_case(w, g, r->title);
	if (r->failed)
		write_failure(w, g, r);
	xml_end(w);
}

static size_t count_failed(const struct gate *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->verdict.rule_count; i++)
		n += g->verdict.rules[i].failed;
	return n;
}

static void write_counts(xmlTextWriterPtr w, const struct gate *g)
{
	char seconds[32];

	snprintf(seconds, sizeof(seconds), "%.3f", g->seconds);
	xml_count(w, "tests", g->verdict.rule_count);
	xml_count(w, "failures", count_failed(g));
	xml_count(w, "errors", 0);
	xml_attribute(w, "time", seconds);
}

#define MOST_PROGRAMS 20 /* that are named */

static bool is_first(const struct gate *g, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(g->processes[k].program, g->processes[i].program))
			return false;
	return true;
}

/* "/bin/sh, /build/test_parse and 3 more", each once. */
static char *programs_of(const struct gate *g)
{
	char *text = NULL;
	size_t size, n = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die(STATUS_INPUT, "out of memory");
	for (size_t i = 0; i < g->process_count; i++)
		if (is_first(g, i) && n++ < MOST_PROGRAMS)
			fprintf(out, "%s%s", n > 1 ? ", " : "",
				g->processes[i].program);
	if (n > MOST_PROGRAMS)
		fprintf(out, " and %zu more", n - MOST_PROGRAMS);
	if (fclose(out))
		die(STATUS_INPUT, "out of memory");
	return text;
}

static void write_property(xmlTextWriterPtr w, const char *name,
			   const char *value)
{
	xml_start(w, "property");
	xml_attribute(w, "name", name);
	xml_attribute(w, "value", value);
	xml_end(w);
}

static void write_properties(xmlTextWriterPtr w, const struct gate *g)
{
	char *programs = programs_of(g), processes[24];

	snprintf(processes, sizeof(processes), "%zu", g->process_count);
	xml_start(w, "properties");
	write_property(w, "programs", programs);
	write_property(w, "processes", processes);
	write_property(w, "summary", g->verdict.summary);
	xml_end(w);
	free(programs);
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
	for (size_t i = 0; i < g->verdict.rule_count; i++)
		write_rule(w, g, &g->verdict.rules[i]);
	xml_element(w, "system-out", "");
	xml_element(w, "system-err", "");
	xml_end(w);
	xml_end(w);
	xml_close(w);
}
