/* SPDX-License-Identifier: MIT */
/* refknot balance: which functions retained one object, and which did not release
 * it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "balance.h"
#include "block_view.h"
#include "command.h"
#include "die.h"
#include "document.h"
#include "escape.h"
#include "names.h"
#include "nearby.h"
#include "options.h"
#include "place.h"
#include "showing.h"
#include "units.h"
#include "verdict.h"

static int all;

/* --- Text --------------------------------------------------------------------- */

/* "+1  +2 -1  FUNCTION at FILE:LINE, LINE (MODULE)", the function indented. */
static void print_node(const struct balance_node *n)
{
	const struct location *l = &n->place;
	const char *mark = place_mark(l->inlined, l->tail_call);
	char net[16], both[32];
	char *function, *source, *module, *text;

	snprintf(net, sizeof(net), "%+" PRId64,
		 (int64_t)n->retains - (int64_t)n->releases);
	snprintf(both, sizeof(both), "+%" PRIu32 " -%" PRIu32, n->retains,
		 n->releases);
	printf("%5s  %-9s %*s", n->retains == n->releases ? "0" : net, both,
	       (int)(2 * (n->depth < 40 ? n->depth : 40)), "");
	if (!l->module && !l->offset) {
		puts("(call stack not known)");
	} else if (n->line_count < 2) {
		text = place_text(l);
		puts(text);
		free(text);
	} else {
		function = place_function(l);
		source = place_source(l);
		module = place_module(l);
		printf("%s at %s", function, source ? source : "?");
		for (size_t i = 1; i < n->line_count && i < BALANCE_LINES; i++)
			printf(", %u", n->lines[i]);
		for (size_t i = BALANCE_LINES; i < n->line_count; i++)
			fputs(", ...", stdout);
		printf(" (%s%s%s)\n", module ? module : "?", *mark ? ", " : "",
		       mark);
		free(function);
		free(source);
		free(module);
	}
}

static void print_balance(const struct balance *b, const struct rkn_object *o,
			  const char *name)
{
	char calls[UNITS_SIZE];

	/* The calls of an object go when it ends. */
	if (o->flags & RKN_OBJECT_ENDED && b->retains == 1 && !b->releases) {
		printf(
		    "%s  has ended: its calls are not kept; it was made by:\n",
		    name);
		for (size_t i = 0; i < b->count; i++)
			print_node(&b->nodes[i]);
		return;
	}
	printf("%s  count %" PRId64 ": made, %" PRIu64 " retained, %" PRIu64
	       " released",
	       name, o->told, b->retains - 1, b->releases);
	if (b->outside)
		printf(", as far as is known, and %+" PRId64
		       " by %s that are not in the tree",
		       b->lost_count, units_count(calls, b->outside, "call"));
	putchar('\n');
	if (b->lost)
		printf("%s not kept\n",
		       units_count(calls, b->lost, "older event"));
	if (b->pruned)
		printf(
		    "%s not shown, in functions that gave back what they took; --all shows them\n",
		    units_count(calls, b->pruned, "call"));
	for (size_t i = 0; i < b->count; i++)
		print_node(&b->nodes[i]);
	if (!b->count)
		puts("every function gave back what it took");
}

/* --- JSON --------------------------------------------------------------------- */

static json_t *balance_json(const struct reading *in, const struct balance *b,
			    const struct rkn_object *o, const char *name)
{
	json_t *object = json_object(), *nodes = json_array();
	json_t *document = document_new(in, NULL);

	for (size_t i = 0; i < b->count; i++) {
		const struct balance_node *n = &b->nodes[i];
		json_t *node = json_object(), *frames = json_array();
		struct location l = n->place;
		size_t k = 0;

		/* The function, once for each line that it was called at. */
		while (l.module || l.offset) {
			l.line = n->line_count ? n->lines[k] : 0;
			document_append(frames, document_location(&l));
			if (++k >= n->line_count || k >= BALANCE_LINES)
				break;
		}
		document_count(node, "depth", n->depth);
		document_set(node, "frames", frames);
		document_count(node, "retains", n->retains);
		document_count(node, "releases", n->releases);
		document_append(nodes, node);
	}
	document_text(object, "name", name);
	document_set(object, "count", json_integer(o->told));
	document_flag(object, "ended", o->flags & RKN_OBJECT_ENDED);
	document_count(object, "retains", b->retains);
	document_count(object, "releases", b->releases);
	document_count(object, "pruned", b->pruned);
	document_count(object, "events_lost", b->lost);
	document_count(object, "events_outside", b->outside);
	document_set(object, "lost_count", json_integer(b->lost_count));
	document_set(object, "tree", nodes);
	document_set(document, "balance", object);
	return document;
}

/* --- The command -------------------------------------------------------------- */

/* What was asked for is not there: prints what is. */
static void tell_missing(const struct reading *in, const char *object)
{
	const struct model *m = in->m;
	char *text = escape(object), count[UNITS_SIZE];
	char *names = nearby_names(in, object, true);
	uint64_t made = 0;

	for (uint32_t i = 0; i < m->name_count; i++)
		made += m->names[i].made;
	if (!model_knows(m, RKN_CHUNK_OBJECTS))
		warn(
		    "balance: whether there was a %s is not known: that part of the recording is missing",
		    text);
	else if (names)
		warn(
		    "balance: no object with references is named \"%s\"; there are %s; `refknot refs` lists their types",
		    text, names);
	else if (made)
		warn(
		    "balance: no object with references is named \"%s\": %s made known, and all have ended",
		    text, units_count(count, made, "object"));
	else
		warn(
		    "balance: no object with references is named \"%s\": the program declares none (see refknot.h)",
		    text);
	free(names);
	free(text);
}

static void visit(const struct reading *in, void *data)
{
	const struct model *m = in->m;
	struct showing *show = data;
	uint32_t object = 0;
	uint32_t block = block_view_find(in, show->object, &object);
	struct balance b;
	char *name;

	if (!object && block != RKN_NONE)
		object = names_object_at(in->names, block);
	if (!object) {
		tell_missing(in, show->object);
		show->status = STATUS_INPUT;
	} else {
		name = names_of(in->names, object);
		balance_make(&b, in, object, all);
		if (show->format == FORMAT_JSON)
			documents_add(
			    &show->documents,
			    balance_json(in, &b, &m->objects[object], name));
		else
			print_balance(&b, &m->objects[object], name);
		balance_release(&b);
		free(name);
	}
}

static int run(const char **arguments)
{
	return showing_object(arguments, "balance", visit);
}

static const struct poptOption options[] = {
	{ "all", 'a', POPT_ARG_NONE, &all, 0,
	  "show functions that gave back what they took, too", NULL },
	OPTIONS_FORMAT,
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

const struct command cmd_balance = {
	.name = "balance",
	.group = COMMAND_FINDINGS,
	.arguments = "[REC] OBJECT",
	.help = "show which callers took references on an object and kept them",
	.more = COMMAND_OBJECT COMMAND_NEWEST,
	.options = options,
	.run = run,
	.paged = true,
};
