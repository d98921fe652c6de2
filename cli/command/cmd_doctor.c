/* SPDX-License-Identifier: MIT */
/* refknot doctor: what can be seen of a program, what cannot, and why. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "die.h"
#include "escape.h"
#include "json_text.h"
#include "options.h"
#include "program_survey.h"
#include "table.h"

static const struct poptOption options[] = { OPTIONS_FORMAT, POPT_TABLEEND };

static void print_line(const char *what, const char *text, const char *more)
{
	char *shown = escape(text), *shown_more = more ? escape(more) : NULL;

	printf("%-11s %s%s%s\n", what, shown, more ? ", " : "",
	       more ? shown_more : "");
	free(shown);
	free(shown_more);
}

static const char *unwind_text(const struct program_survey_module *m)
{
	if (!m->unwind)
		return "no";
	return unwind_tables_are_whole(&m->tables) ? "yes" : "part";
}

static void print_text(const struct program_survey *s)
{
	const struct preflight *p = &s->preflight;
	char *shown;
	static const struct table_column columns[] = {
		{ "SYMBOLS", false },
		{ "UNWIND", false },
		{ "MODULE", false },
		{ "DEBUG FILE", false },
	};
	struct table t;

	if (p->verdict != PREFLIGHT_OK) {
		printf("cannot be recorded: %s\n", p->message);
		return;
	}
	shown = escape(p->program);
	printf("%s can be recorded\n\n", shown);
	free(shown);
	if (strcmp(p->program, p->binary))
		print_line("interpreter", p->binary, NULL);
	print_line("allocator", s->allocator ? s->allocator : "not known",
		   s->allocator_path);
	table_init(&t, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < s->module_count; i++) {
		const struct program_survey_module *m = &s->modules[i];
		char *path = escape(m->path);
		char *file = escape(m->debug_file ? m->debug_file : "-");

		table_add(&t, program_survey_source_name(m->source));
		table_add(&t, unwind_text(m));
		table_add(&t, path);
		table_add(&t, file);
		free(file);
		free(path);
	}
	putchar('\n');
	table_print(&t, stdout);
	table_release(&t);
	if (s->hint_count)
		putchar('\n');
	for (size_t i = 0; i < s->hint_count; i++)
		printf("note: %s\n", s->hints[i]);
}

static json_t *json_modules(const struct program_survey *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->module_count; i++) {
		const struct program_survey_module *m = &s->modules[i];

		json_array_append_new(
		    list,
		    json_pack("{s:o, s:b, s:I, s:I, s:s, s:o}", "path",
			      json_text(m->path), "unwind_tables", m->unwind,
			      "unwind_tried", (json_int_t)m->tables.tried,
			      "unwind_covered", (json_int_t)m->tables.covered,
			      "symbols", program_survey_source_name(m->source),
			      "debug_file", json_text(m->debug_file)));
	}
	return list;
}

static json_t *json_hints(const struct program_survey *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->hint_count; i++)
		json_array_append_new(list, json_text(s->hints[i]));
	return list;
}

static json_t *json_allocator(const struct program_survey *s)
{
	if (!s->allocator)
		return json_null();
	return json_pack("{s:s, s:o}", "name", s->allocator, "path",
			 json_text(s->allocator_path));
}

static void print_json(const struct program_survey *s)
{
	const struct preflight *p = &s->preflight;
	json_t *all = json_pack(
	    "{s:s, s:o, s:o, s:b, s:s, s:o, s:o, s:o, s:o}", "schema",
	    "refknot-doctor/1", "program", json_text(p->program), "binary",
	    json_text(p->binary), "can_be_recorded", p->verdict == PREFLIGHT_OK,
	    "verdict", preflight_name(p->verdict), "message",
	    json_text(p->message), "allocator", json_allocator(s), "modules",
	    json_modules(s), "hints", json_hints(s));

	if (!all || !json_write(all, JSON_INDENT(2), stdout))
		die(STATUS_INPUT, "the report could not be written");
	json_decref(all);
}

static int run(const char **arguments)
{
	struct program_survey s;
	int status;

	if (!arguments || !arguments[0] || !*arguments[0])
		die(STATUS_INPUT,
		    "doctor: name the program to examine, such as: refknot doctor ls");
	if (arguments[1])
		die(STATUS_INPUT, "doctor: name one program; %s is too much",
		    arguments[1]);
	program_survey_make(&s, arguments[0]);
	if (options_format() == FORMAT_JSON)
		print_json(&s);
	else
		print_text(&s);
	status =
	    s.preflight.verdict == PREFLIGHT_OK ? STATUS_OK : STATUS_NO_RUN;
	program_survey_release(&s);
	return status;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.arguments = "PROG",
	.help = "tell what can be seen of a program, what cannot, and why",
	.options = options,
	.run = run,
};
