/* SPDX-License-Identifier: MIT */
/* refknot doctor: what can be seen of a program, what cannot, and why. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "die.h"
#include "document.h"
#include "escape.h"
#include "json_text.h"
#include "json_writer.h"
#include "options.h"
#include "program_survey.h"
#include "table.h"

static const struct poptOption options[] = { OPTIONS_FORMAT, OPTIONS_SERVERS,
					     POPT_TABLEEND };

static void print_line(const char *what, const char *text, const char *more)
{
	char *shown = escape(text), *shown_more = more ? escape(more) : NULL;

	printf("%-11s %s%s%s\n", what, shown, more ? ", " : "",
	       more ? shown_more : "");
	free(shown);
	free(shown_more);
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
		table_add(&t, !m->unwind                            ? "no"
			      : unwind_tables_are_whole(&m->tables) ? "yes"
								    : "part");
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

static void print_json(const struct program_survey *s)
{
	const struct preflight *p = &s->preflight;
	json_t *all = json_object(), *allocator = json_null();
	json_t *modules = json_array(), *hints = json_array();

	if (s->allocator) {
		allocator = json_object();
		document_text(allocator, "name", s->allocator);
		document_text(allocator, "path", s->allocator_path);
	}
	for (size_t i = 0; i < s->module_count; i++) {
		const struct program_survey_module *m = &s->modules[i];
		json_t *o = json_object();

		document_text(o, "path", m->path);
		document_flag(o, "unwind_tables", m->unwind);
		document_count(o, "unwind_tried", m->tables.tried);
		document_count(o, "unwind_covered", m->tables.covered);
		document_text(o, "symbols",
			      program_survey_source_name(m->source));
		document_text(o, "debug_file", m->debug_file);
		document_append(modules, o);
	}
	for (size_t i = 0; i < s->hint_count; i++)
		document_append(hints, json_text(s->hints[i]));
	document_text(all, "schema", "refknot-doctor/1");
	document_text(all, "program", p->program);
	document_text(all, "binary", p->binary);
	document_flag(all, "can_be_recorded", p->verdict == PREFLIGHT_OK);
	document_text(all, "verdict", preflight_name(p->verdict));
	document_text(all, "message", p->message);
	document_set(all, "allocator", allocator);
	document_set(all, "modules", modules);
	document_set(all, "hints", hints);
	if (!json_write(all, 2, stdout))
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
	.group = COMMAND_CARE,
	.arguments = "PROG",
	.help = "show what can be seen of a program, what cannot, and why",
	.options = options,
	.run = run,
};
