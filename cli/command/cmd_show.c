/* SPDX-License-Identifier: MIT */
/* refknot show: a finding, an object, a C type or a site, with all that is known
 * of it; refknot why: why an object is alive. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "card_depth.h"
#include "command.h"
#include "die.h"
#include "document.h"
#include "escape.h"
#include "nearby.h"
#include "object_card.h"
#include "options.h"
#include "paint.h"
#include "report_print.h"
#include "showing.h"
#include "site_card.h"
#include "subject.h"
#include "type_card.h"
#include "units.h"
#include "why_card.h"

#define MOST_OTHERS 20 /* that one word could mean */

static int all;

/* What was asked for is not there: prints what is. */
static void tell_missing(const struct reading *in, const char *command,
			 const char *object)
{
	char *text = escape(object);
	char *names =
	    strncmp(object, "0x", 2) ? nearby_names(in, object, false) : NULL;

	if (!model_knows(in->m, RKN_CHUNK_OBJECTS))
		warn(
		    "%s: whether there was a %s is not known: that part of the recording is missing",
		    command, text);
	else if (names)
		warn(
		    "%s: no live object is named \"%s\"; there are %s; `refknot objects` lists more",
		    command, text, names);
	else
		warn(
		    "%s: no live object is named \"%s\"; `refknot objects` and `refknot refs` list what was alive",
		    command, text);
	free(names);
	free(text);
}

/* `word` is the number of a finding that there is not. */
static bool tell_number(const struct subject *s, const char *command,
			const char *word)
{
	char text[UNITS_SIZE];

	word += *word == '#';
	if (!*word || word[strspn(word, "0123456789")])
		return false;
	warn("%s: there is no finding %s; the recording has %s", command, word,
	     units_count(text, s->findings.count, "finding"));
	return true;
}

/* A type or a site has many objects, of which `why` needs one. */
static void tell_one(const struct subject *s, const char *word)
{
	char *text = escape(word), *names = nearby_names(s->in, word, false);

	if (s->kind == SUBJECT_TYPE && names)
		warn("why: \"%s\" is a type; name one object of it: %s", text,
		     names);
	else if (s->kind == SUBJECT_SITE)
		warn(
		    "why: \"%s\" is a function that allocates; name one object, as `refknot show '%s'` and `refknot objects` list them",
		    text, text);
	else
		warn("why: the finding %s is about no block that is left",
		     text);
	free(names);
	free(text);
}

/* One thing per line, as it can be typed. */
static void tell_others(const struct subject *s, const char *command,
			const char *word)
{
	char *text = escape(word);

	warn("%s: \"%s\" could mean %zu things; name one of them:", command,
	     text, s->other_count);
	free(text);
	for (size_t i = 0; i < s->other_count && i < MOST_OTHERS; i++)
		fprintf(stderr, "    refknot %s '%s'   %s\n", command,
			s->others[i].word, s->others[i].what);
	if (s->other_count > MOST_OTHERS)
		fprintf(stderr, "    and %zu more\n",
			s->other_count - MOST_OTHERS);
}

/* Why a block, or the first of a finding, is alive. */
static json_t *show_block(const struct printer *p, const struct subject *s,
			  enum format format, bool why)
{
	struct block_view o;
	json_t *document = NULL;

	block_view_make(&o, s->in, s->block, s->object);
	if (format == FORMAT_JSON) {
		document = object_json(s->in, &o);
		why_json(json_object_get(document, "object"), s, &o);
	} else if (why) {
		why_text(p, s, &o);
	} else {
		object_text(p, &o, all);
	}
	block_view_release(&o);
	return document;
}

static json_t *show_finding(const struct printer *p, const struct subject *s,
			    enum format format)
{
	const struct finding *f = &s->findings.list[s->finding];
	size_t number = subject_number(s->finding);
	json_t *document, *list;

	if (format == FORMAT_TEXT) {
		card_print(p, f, number, CARD_DEPTH_USUAL);
		fputc('\n', p->out);
		report_full = true;
		report_finding(p, f, number);
		return NULL;
	}
	list = json_array();
	document_append(list, report_finding_json(s->in, f, number));
	document = document_new(s->in, &s->findings);
	document_set(document, "findings", list);
	return document;
}

static json_t *show(const struct printer *p, const struct subject *s,
		    enum format format)
{
	json_t *document = NULL;

	if (s->kind == SUBJECT_FINDING) {
		document = show_finding(p, s, format);
	} else if (s->kind == SUBJECT_BLOCK) {
		document = show_block(p, s, format, false);
	} else if (s->kind == SUBJECT_SITE) {
		if (format == FORMAT_JSON)
			document = site_json(s);
		else
			site_text(p, s);
	} else if (format == FORMAT_JSON) {
		document = type_json(s->in, &s->type);
	} else {
		type_text(p, &s->type);
	}
	return document;
}

/* The block that `why` is asked about; false: it is not one. */
static bool find_one(struct subject *s)
{
	const struct finding *f;

	if (s->kind == SUBJECT_BLOCK)
		return true;
	if (s->kind != SUBJECT_FINDING)
		return false;
	f = &s->findings.list[s->finding];
	if (!f->member_count)
		return false;
	s->block = f->members[0];
	s->object = finding_object(f, s->in->names, 0);
	return true;
}

static void visit(const struct reading *in, struct showing *asked,
		  const char *command, bool why)
{
	struct printer printer = { stdout, in, paint_wanted(stdout) };
	json_t *document = NULL;
	struct subject s;

	subject_find(&s, in, asked->object);
	if (s.kind == SUBJECT_MANY) {
		tell_others(&s, command, asked->object);
		asked->status = STATUS_INPUT;
	} else if (s.kind == SUBJECT_NONE) {
		if (!tell_number(&s, command, asked->object))
			tell_missing(in, command, asked->object);
		asked->status = STATUS_INPUT;
	} else if (why && !find_one(&s)) {
		tell_one(&s, asked->object);
		asked->status = STATUS_INPUT;
	} else if (why) {
		document = show_block(&printer, &s, asked->format, true);
	} else {
		document = show(&printer, &s, asked->format);
	}
	if (document)
		documents_add(&asked->documents, document);
	subject_release(&s);
}

static void visit_show(const struct reading *in, void *data)
{
	visit(in, data, "show", false);
}

static void visit_why(const struct reading *in, void *data)
{
	visit(in, data, "why", true);
}

static int run_show(const char **arguments)
{
	return showing_object(arguments, "show", visit_show);
}

static int run_why(const char **arguments)
{
	return showing_object(arguments, "why", visit_why);
}

static const struct poptOption options[] = {
	{ "all", 'a', POPT_ARG_NONE, &all, 0,
	  "show every event and pointer, paired ones too", NULL },
	OPTIONS_FORMAT,
	OPTIONS_STACKS,
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

static const struct poptOption why_options[] = { OPTIONS_FORMAT,
						 OPTIONS_SYMBOLS,
						 POPT_TABLEEND };

const struct command cmd_show = {
	.name = "show",
	.group = COMMAND_ALIVE,
	.arguments = "[REC] WHAT",
	.help = "show a finding, an object, a type or a site",
	.more = COMMAND_WHAT COMMAND_NEWEST,
	.options = options,
	.run = run_show,
	.paged = true,
};

const struct command cmd_why = {
	.name = "why",
	.group = COMMAND_ALIVE,
	.arguments = "[REC] OBJECT",
	.help = "show why an object is alive: the path from a root",
	.more = COMMAND_OBJECT COMMAND_NEWEST,
	.options = why_options,
	.run = run_why,
	.paged = true,
};
