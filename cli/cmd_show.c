/* SPDX-License-Identifier: MIT */
/* refknot show: one object, with all that is known of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "die.h"
#include "document.h"
#include "escape.h"
#include "object_json.h"
#include "object_text.h"
#include "options.h"
#include "paint.h"
#include "portrait.h"
#include "recordings.h"
#include "report_print.h"

static int all;

struct showing {
	const char *object;
	enum format format;
	struct documents documents;
	int status;
};

static void visit(const struct model *m, struct symbols *s, void *data)
{
	struct showing *show = data;
	struct names *n = names_open(m, s);
	struct printer printer = { stdout, m, s, n, paint_wanted(stdout) };
	struct portrait p;
	uint32_t object, block = portrait_find(m, n, show->object, &object);
	char *text = escape(show->object);

	if (block == RKN_NONE && !object) {
		warn(
		    model_knows(m, RKN_CHUNK_OBJECTS)
			? "show: %s is nothing that was alive at the end of the recording; `refknot objects` and `refknot refs` list what was"
			: "show: whether there was a %s is not known: that part of the recording is missing",
		    text);
		show->status = STATUS_INPUT;
	} else {
		portrait_make(&p, m, block, object);
		if (show->format == FORMAT_JSON)
			documents_add(&show->documents,
				      object_json(m, s, n, &p));
		else
			object_text(&printer, &p, all);
		portrait_release(&p);
	}
	free(text);
	names_close(n);
}

static int run(const char **arguments)
{
	struct showing show = { .format = options_format() };
	const char *paths[2];
	int status;

	show.object = recordings_object(arguments, "show", paths);
	documents_init(&show.documents, 1);
	status = recordings_each(paths, visit, &show);
	documents_write(&show.documents, stdout);
	return status ? status : show.status;
}

static const struct poptOption options[] = {
	{ "all", 'a', POPT_ARG_NONE, &all, 0,
	  "show every event and pointer, paired ones too", NULL },
	OPTIONS_FORMAT,
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

const struct command cmd_show = {
	.name = "show",
	.arguments = "[REC] OBJECT",
	.help = "show one object, its references and who leads to it",
	.options = options,
	.run = run,
};
