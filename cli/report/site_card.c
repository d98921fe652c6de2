/* SPDX-License-Identifier: MIT */
#include "site_card.h"

#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "list.h"
#include "paint.h"
#include "place.h"
#include "units.h"

#define MOST_ROWS 20 /* of one list of the text */

/* Live blocks of the site that are of one type and of one line. */
struct made {
	const struct location *place;
	const char *type;
	uint64_t objects, bytes;
};

struct site_sum {
	struct made *rows; /* most bytes first */
	size_t count;
	uint64_t objects, bytes;
	size_t *findings; /* into the subject's, of blocks from here */
	size_t finding_count;
};

static int by_bytes(const void *a, const void *b)
{
	const struct made *x = a, *y = b;

	return ORDER(y->bytes, x->bytes) ?: strcmp(x->type, y->type);
}

/* Which stacks are of the site: each its place, or NULL. */
static const struct location **places_of(const struct subject *s)
{
	const struct model *m = s->in->m;
	const struct location **places =
	    xcalloc(m->stack_count + 1, sizeof(*places));

	for (uint32_t stack = 0; stack < m->stack_count; stack++) {
		const struct location *l =
		    block_types_place(s->in->types, stack);
		char *function = place_function(l);

		if (l && !strcmp(function, s->site))
			places[stack] = l;
		free(function);
	}
	return places;
}

static void count_block(struct site_sum *site, const struct location *place,
			const char *type, uint64_t bytes)
{
	struct made *row = NULL;

	for (size_t i = 0; i < site->count && !row; i++)
		if (site->rows[i].place == place && site->rows[i].type == type)
			row = &site->rows[i];
	if (!row) {
		row = LIST_ADD(site->rows, site->count);
		*row = (struct made){ .place = place, .type = type };
	}
	row->objects++;
	row->bytes += bytes;
	site->objects++;
	site->bytes += bytes;
}

static void make(struct site_sum *site, const struct subject *s)
{
	const struct location **places = places_of(s);
	const struct model *m = s->in->m;

	*site = (struct site_sum){ 0 };
	for (uint32_t b = 0; b < m->block_count; b++)
		if (places[m->blocks[b].stack])
			count_block(site, places[m->blocks[b].stack],
				    names_block_type(s->in->names, b),
				    m->blocks[b].size);
	if (site->count)
		qsort(site->rows, site->count, sizeof(*site->rows), by_bytes);
	for (size_t i = 0; i < s->findings.count; i++)
		if (places[s->findings.list[i].stack])
			*LIST_ADD(site->findings, site->finding_count) = i;
	free(places);
}

static void release(struct site_sum *site)
{
	free(site->rows);
	free(site->findings);
}

void site_text(const struct printer *p, const struct subject *s)
{
	char count[UNITS_SIZE], size[UNITS_SIZE];
	struct site_sum site;

	make(&site, s);
	fprintf(p->out, "%s%s%s  %s, %s alive\n",
		paint(p->colour, PAINT_STRONG), s->site,
		paint(p->colour, PAINT_PLAIN),
		units_count(count, site.objects, "object"),
		units_bytes(size, site.bytes));
	for (size_t i = 0; i < site.count && i < MOST_ROWS; i++) {
		const struct made *row = &site.rows[i];
		char *place = place_text(row->place);

		fprintf(p->out, "    %s, %s  %s  at %s\n",
			units_count(count, row->objects, "object"),
			units_bytes(size, row->bytes), row->type, place);
		free(place);
	}
	if (site.count > MOST_ROWS)
		fprintf(p->out, "    and %s\n",
			units_count(count, site.count - MOST_ROWS, "more row"));
	for (size_t i = 0; i < site.finding_count && i < MOST_ROWS; i++) {
		const struct finding *f = &s->findings.list[site.findings[i]];

		fprintf(p->out, "    finding #%zu: %s, %s, %s\n",
			subject_number(site.findings[i]),
			finding_kinds[f->kind].noun,
			units_count(count, f->objects, "object"),
			units_bytes(size, f->bytes));
	}
	if (site.finding_count > MOST_ROWS)
		fprintf(p->out, "    and %s\n",
			units_count(count, site.finding_count - MOST_ROWS,
				    "more finding"));
	release(&site);
}

json_t *site_json(const struct subject *s)
{
	json_t *document, *o = json_object();
	json_t *made = json_array(), *findings = json_array();
	struct site_sum site;

	make(&site, s);
	for (size_t i = 0; i < site.count; i++) {
		json_t *row = json_object();

		document_text(row, "type", site.rows[i].type);
		document_count(row, "objects", site.rows[i].objects);
		document_count(row, "bytes", site.rows[i].bytes);
		document_set(row, "place",
			     document_location(site.rows[i].place));
		document_append(made, row);
	}
	for (size_t i = 0; i < site.finding_count; i++)
		document_append(
		    findings,
		    json_integer((json_int_t)subject_number(site.findings[i])));
	document_text(o, "function", s->site);
	document_count(o, "objects", site.objects);
	document_count(o, "bytes", site.bytes);
	document_set(o, "made", made);
	document_set(o, "findings", findings);
	release(&site);
	document = document_new(s->in, NULL);
	document_set(document, "site", o);
	return document;
}
