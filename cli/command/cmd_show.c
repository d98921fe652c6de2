/* SPDX-License-Identifier: MIT */
/* refknot show: one object, with all that is known of it, or one C type. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block_view.h"
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
#include "type_card.h"

static int all;

/* What was asked for is not there: prints what is. */
static void tell_missing(const struct reading *in, const char *object)
{
	char *text = escape(object);
	char *names =
	    strncmp(object, "0x", 2) ? nearby_names(in, object, false) : NULL;

	if (!model_knows(in->m, RKN_CHUNK_OBJECTS))
		warn(
		    "show: whether there was a %s is not known: that part of the recording is missing",
		    text);
	else if (names)
		warn(
		    "show: \"%s\" is nothing that was alive at the end of the recording; there are %s; `refknot objects` lists more",
		    text, names);
	else
		warn(
		    "show: \"%s\" is nothing that was alive at the end of the recording; `refknot objects` and `refknot refs` list what was",
		    text);
	free(names);
	free(text);
}

static void visit(const struct reading *in, void *data)
{
	struct showing *show = data;
	struct printer printer = { stdout, in, paint_wanted(stdout) };
	struct block_view p;
	uint32_t object, block = block_view_find(in, show->object, &object);
	struct type_view type;

	if (block == RKN_NONE && !object &&
	    type_view_make(&type, in, show->object)) {
		if (show->format == FORMAT_JSON)
			documents_add(&show->documents, type_json(in, &type));
		else
			type_text(&printer, &type);
		type_view_release(&type);
	} else if (block == RKN_NONE && !object) {
		tell_missing(in, show->object);
		show->status = STATUS_INPUT;
	} else {
		block_view_make(&p, in, block, object);
		if (show->format == FORMAT_JSON)
			documents_add(&show->documents, object_json(in, &p));
		else
			object_text(&printer, &p, all);
		block_view_release(&p);
	}
}

static int run(const char **arguments)
{
	return showing_object(arguments, "show", visit);
}

static const struct poptOption options[] = {
	{ "all", 'a', POPT_ARG_NONE, &all, 0,
	  "show every event and pointer, paired ones too", NULL },
	OPTIONS_FORMAT,
	OPTIONS_STACKS,
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

const struct command cmd_show = {
	.name = "show",
	.group = COMMAND_ALIVE,
	.arguments = "[REC] OBJECT",
	.help = "show one object, its references and what leads to it",
	.more = COMMAND_OBJECT COMMAND_NEWEST,
	.options = options,
	.run = run,
};
