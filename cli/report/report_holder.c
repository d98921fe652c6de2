/* SPDX-License-Identifier: MIT */
/*
 * The line that says what holds a possible leak:
 *
 *     held at +0x64 by a pointer in data of lru (keep)
 *     held at +0x10 by the pointer at .next of struct list#1
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "fields.h"
#include "holder.h"
#include "place.h"
#include "report_print.h"
#include "text_stream.h"

static const struct {
	const char *kind;
	const char *where; /* what follows "a pointer " */
} words[] = {
	{ "data", "in data" },
	{ "stack", "on the stack" },
	{ "register", "in a register" },
	{ "tls", "in thread-local memory" },
	{ "map", "in a mapping" },
	{ "inherited", "in memory that fork copied from the parent process" },
	{ "loader", "of the dynamic loader" },
	{ "declared", "that the program declared" },
};

static void print_root(const struct printer *p, const struct holder *h)
{
	const char *where = "";

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(words[i].kind, h->kind))
			where = words[i].where;
	fprintf(p->out, "a pointer %s", where);
	if (h->module) {
		struct location in = { .module = h->module };
		char *module = place_module(&in);
		char *symbol = escape(*h->variable ? h->variable : h->symbol);

		fprintf(p->out, " of %s", module);
		if (*symbol)
			fprintf(p->out, " (%s)", symbol);
		else
			fprintf(p->out, ", at 0x%" PRIx64, h->address);
		free(module);
		free(symbol);
		return;
	}
	if (h->tid == p->in->m->meta.pid && h->tid) {
		fputs(" of the main thread", p->out);
	} else if (h->tid) {
		fprintf(p->out, " of thread %" PRIu32, h->tid);
	} else if (h->address && !*h->variable) {
		fprintf(p->out, ", at 0x%" PRIx64, h->address);
	}
	if (*h->variable) {
		char *variable = escape(h->variable);

		fprintf(p->out, " (%s)", variable);
		free(variable);
	}
}

void print_root_word(const struct printer *p, uint32_t root)
{
	struct holder h;

	holder_of_root(&h, root, p->in);
	print_root(p, &h);
	if (h.to_offset)
		fprintf(p->out, ", to +0x%" PRIx64, h.to_offset);
}

char *print_holder(const struct printer *p, const struct finding *f)
{
	struct printer inner = *p;
	struct holder h;
	size_t size;
	char *text;

	if (!holder_find(&h, f, p->in))
		return NULL;
	inner.out = text_stream_open(&text, &size);
	fprintf(inner.out, "at +0x%" PRIx64 " by ", h.to_offset);
	if (h.block == RKN_NONE) {
		print_root(&inner, &h);
	} else {
		char *name = names_object(p->in->names, h.block);
		char *mark = field_mark(p->in->types, h.block, h.offset, 0);

		fprintf(inner.out, "the pointer at %s of %s", mark, name);
		free(mark);
		free(name);
	}
	text_stream_close(inner.out);
	return text;
}
