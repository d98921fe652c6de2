/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "card.h"
#include "card_depth.h"
#include "checked.h"
#include "document.h"
#include "escape.h"
#include "lost_mappings.h"
#include "page_html.h"
#include "page_parts.h"
#include "place.h"
#include "subject.h"
#include "suppress.h"
#include "text_stream.h"
#include "walk.h"

static size_t listed(const struct findings *f)
{
	return f->count < PAGE_FINDINGS ? f->count : PAGE_FINDINGS;
}

/* --- The card of one, as reports print it -------------------------------------------- */

/* Findings whose cards are printed. */
struct cards {
	const struct reading *in;
	struct card_depths depths;
};

static void cards_open(struct cards *c, const struct reading *in,
		       const struct findings *f)
{
	c->in = in;
	card_depths_make(&c->depths, f, in, REPORT_ALL_KINDS);
}

typedef void print_part(const struct cards *c, const struct printer *p,
			const struct finding *f);

static char *card_text(const struct cards *c, const struct finding *f,
		       print_part *print)
{
	struct printer p = { .in = c->in };
	char *text;
	size_t size;

	p.out = text_stream_open(&text, &size);
	print(c, &p, f);
	text_stream_close(p.out);
	return text;
}

static void print_head(const struct cards *c, const struct printer *p,
		       const struct finding *f)
{
	(void)c;
	card_heading(p, f, 0);
}

static void print_body(const struct cards *c, const struct printer *p,
		       const struct finding *f)
{
	card_body(p, f, card_depths_of(&c->depths, f, c->in));
}

#define MOST_FRAMES 100

/* A suppression that covers the finding, ready to be pasted. */
static void print_suppression(const struct cards *c, const struct printer *p,
			      const struct finding *f)
{
	struct suppress_frame frames[MOST_FRAMES];
	struct suppress_subject s = { .kind = f->kind,
				      .type = finding_type(f, p->in),
				      .frames = frames };
	const struct location *l;
	struct walk w;

	(void)c;
	walk_begin(&w, p->in->m, p->in->symbols, f->stack);
	while (s.count < MOST_FRAMES && (l = walk_next(&w))) {
		if (!s.place && place_allocates(l) && s.count + 1 < MOST_FRAMES)
			s.place = s.count + 1;
		frames[s.count++] = (struct suppress_frame){
			.function = l->function,
			.full = l->full == l->shown ? NULL : l->full,
			.module = l->module,
			.tail_call = l->tail_call,
		};
	}
	if (s.place >= s.count)
		s.place = 0;
	suppress_generate(p->out, SUPPRESS_VALGRIND, &s);
}

/* --- All of them --------------------------------------------------------------------- */

/* Leaves the members out that have no room. */
static void trim(json_t *finding, size_t *members, uint64_t *left_out)
{
	json_t *list = json_object_get(finding, "members");
	size_t count = json_array_size(list);

	*members += count;
	if (*members <= PAGE_MEMBERS || count <= FINDING_DRAWN)
		return;
	*left_out += count - FINDING_DRAWN;
	while (json_array_size(list) > FINDING_DRAWN)
		json_array_remove(list, json_array_size(list) - 1);
	document_count(finding, "members_omitted",
		       (uint64_t)json_integer_value(
			   json_object_get(finding, "members_omitted")) +
			   count - FINDING_DRAWN);
}

static json_t *finding(const struct cards *c, const struct finding *f,
		       size_t number)
{
	json_t *o = report_finding_json(c->in, f, number);

	document_text(o, "title", finding_kinds[f->kind].title);
	document_take(o, "site",
		      place_text(block_types_place(c->in->types, f->stack)));
	document_take(o, "head", card_text(c, f, print_head));
	document_take(o, "card", card_text(c, f, print_body));
	document_take(o, "suppression", card_text(c, f, print_suppression));
	return o;
}

static void dump(struct page_data *d, json_t *value)
{
	if (json_dumpf(value, d->out, JSON_COMPACT | JSON_ENCODE_ANY))
		die(STATUS_INPUT, "the page cannot be written");
	json_decref(value);
}

static void write_list(struct page_data *d, const struct findings *f)
{
	size_t members = 0;
	uint64_t left_out = 0;
	struct cards c;

	cards_open(&c, d->in, f);
	page_list(d, "findings");
	for (size_t i = 0; i < listed(f); i++) {
		json_t *o = finding(&c, &f->list[i], subject_number(i));

		trim(o, &members, &left_out);
		fputs(i ? ",\n" : "", d->out);
		dump(d, o);
	}
	page_list_end(d);
	card_depths_release(&c.depths);
	if (left_out)
		page_note(d,
			  "%" PRIu64
			  " members of findings are left out: of large ones "
			  "the first %d are shown.",
			  left_out, FINDING_DRAWN);
	if (listed(f) < f->count)
		page_note(d, "%zu of %zu findings are listed, the worst first.",
			  listed(f), f->count);
}

static json_t *verdict_json(const struct findings *f, const struct verdict *v,
			    const struct model *m)
{
	json_t *o = json_object(), *kinds = json_array();
	uint64_t blocks, bytes;

	verdict_lost(v, REPORT_FINDINGS, &blocks, &bytes);
	for (int kind = 0; kind < FINDING_KINDS; kind++) {
		const struct verdict_sum *s = &v->by_kind[kind];
		json_t *of = json_object();

		document_text(of, "kind", finding_kinds[kind].name);
		document_text(of, "noun", finding_kinds[kind].noun);
		document_text(of, "plural", finding_kinds[kind].plural);
		document_count(of, "findings", s->findings);
		document_flag(of, "counts", kind != FINDING_POSSIBLE);
		document_append(kinds, of);
	}
	document_count(o, "findings", v->findings);
	document_flag(o, "checked", f->checked);
	document_text(o, "why", f->checked ? NULL : f->why);
	document_flag(o, "complete", v->complete);
	document_count(o, "lost_objects", blocks);
	document_count(o, "lost_bytes", bytes);
	document_set(o, "kinds", kinds);
	document_flag(o, "cut", m->blocks_cut);
	return o;
}

void page_findings(struct page_data *d)
{
	struct findings f = *d->e->findings; /* its list is the same */
	json_t *document;
	struct verdict v;

	findings_sign(&f, d->in);
	verdict_make(&v, &f, d->m, REPORT_FINDINGS);
	write_list(d, &f);
	document = document_new(d->in, &f);
	document_set(document, "verdict", verdict_json(&f, &v, d->m));
	document_set(document, "checked", checked_json(d->in, &f, &v));
	document_set(document, "lost_mappings", lost_mappings_json(d->in));
	page_member(d, "report");
	dump(d, document);
}

/* --- Without scripts ------------------------------------------------------------------- */

/* As `refknot leaks` prints them. */
static void list_lost_mappings(FILE *out, const struct reading *in)
{
	const struct report_options all = { .kinds = 1u << FINDING_LEAK };
	struct printer p = { .in = in };
	char *text;
	size_t size;

	p.out = text_stream_open(&text, &size);
	lost_mappings_print(&p, &all);
	text_stream_close(p.out);
	if (size) {
		fputs("<h2>Lost mappings</h2>\n<pre>", out);
		page_html_text(out, text);
		fputs("</pre>\n", out);
	}
	free(text);
}

void page_findings_list(FILE *out, const struct exporting *e)
{
	const struct findings *f = e->findings;
	char *name = escape(model_called(e->in->m));
	struct cards c;

	cards_open(&c, e->in, f);
	fputs("<h1>", out);
	page_html_text(out, name);
	fprintf(out, "[%" PRIu32 "]: %zu findings</h1>\n", e->in->m->meta.pid,
		f->count);
	free(name);
	if (!f->checked) {
		fputs("<p>Leaks and cycles were not checked: ", out);
		page_html_text(out, f->why);
		fputs("</p>\n", out);
	}
	for (size_t i = 0; i < listed(f); i++) {
		char *head = card_text(&c, &f->list[i], print_head);
		char *body = card_text(&c, &f->list[i], print_body);

		fprintf(out, "<h2>%zu ", subject_number(i));
		page_html_text(out, head);
		fputs("</h2>\n<pre>", out);
		page_html_text(out, body);
		fputs("</pre>\n", out);
		free(head);
		free(body);
	}
	card_depths_release(&c.depths);
	if (listed(f) < f->count)
		fprintf(out, "<p>%zu more findings are left out.</p>\n",
			f->count - listed(f));
	list_lost_mappings(out, e->in);
}
