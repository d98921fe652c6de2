/* SPDX-License-Identifier: MIT */
/* Not by a library: libxml2 brings ICU and libstdc++ along, and to load those took
 * every command of refknot 1 ms. */
#include "xml.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "die.h"
#include "escape.h"
#include "status.h"

struct xml {
	FILE *out;
	const char *names[XML_DEPTH]; /* of elements that are open */
	int depth;
	bool in_tag; /* the last one's, which may get attributes */
	bool has_text;
};

struct xml *xml_open(FILE *out)
{
	struct xml *w = xcalloc(1, sizeof(*w));

	w->out = out;
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
	return w;
}

void xml_close(struct xml *w)
{
	free(w);
}

/* `after`: the tag, when it is complete. */
static void finish_tag(struct xml *w, const char *after)
{
	if (w->in_tag)
		fputs(after, w->out);
	w->in_tag = false;
}

void xml_start(struct xml *w, const char *element)
{
	if (w->depth == XML_DEPTH)
		die(STATUS_INPUT, "the XML report is too deep");
	finish_tag(w, ">\n");
	fprintf(w->out, "%*s<%s", w->depth, "", element);
	w->names[w->depth++] = element;
	w->in_tag = true;
	w->has_text = false;
}

void xml_end(struct xml *w)
{
	const char *name = w->names[--w->depth];

	if (w->in_tag)
		finish_tag(w, "/>\n");
	else
		fprintf(w->out, "%*s</%s>\n", w->has_text ? 0 : w->depth, "",
			name);
	w->has_text = false;
}

/* escape() leaves no other character that XML cannot hold. */
static void put(struct xml *w, const char *text)
{
	char *plain = escape(text);

	for (const char *c = plain; *c; c++)
		switch (*c) {
		case '&':
			fputs("&amp;", w->out);
			break;
		case '<':
			fputs("&lt;", w->out);
			break;
		case '>':
			fputs("&gt;", w->out);
			break;
		case '"':
			fputs("&quot;", w->out);
			break;
		default:
			putc(*c, w->out);
		}
	free(plain);
}

void xml_attribute(struct xml *w, const char *name, const char *text)
{
	if (!text)
		return;
	fprintf(w->out, " %s=\"", name);
	put(w, text);
	putc('"', w->out);
}

void xml_count(struct xml *w, const char *name, uint64_t count)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, count);
	xml_attribute(w, name, text);
}

void xml_text(struct xml *w, const char *text)
{
	finish_tag(w, ">");
	w->has_text = true;
	put(w, text);
}

void xml_element(struct xml *w, const char *name, const char *text)
{
	if (!text)
		return;
	xml_start(w, name);
	xml_text(w, text);
	xml_end(w);
}

void xml_number(struct xml *w, const char *name, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	xml_element(w, name, text);
}

void xml_newline(struct xml *w)
{
	finish_tag(w, ">");
	w->has_text = true;
	putc('\n', w->out);
}
