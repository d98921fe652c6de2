/* SPDX-License-Identifier: MIT */
#include "lost_mappings.h"

#include <inttypes.h>
#include <stdlib.h>

#include "document.h"
#include "list.h"
#include "mapped.h"
#include "shell_word.h"
#include "table.h"
#include "units.h"

static int by_bytes(const void *a, const void *b)
{
	const struct mapped_row *x = a, *y = b;

	return ORDER(y->lost_bytes, x->lost_bytes) ?: ORDER(y->lost, x->lost);
}

/* The rows of sites that have lost some come first, most bytes first; returns how
 * many they are. */
static size_t sort(struct mapped *m)
{
	size_t n = 0;

	if (m->count)
		qsort(m->rows, m->count, sizeof(*m->rows), by_bytes);
	while (n < m->count && m->rows[n].lost)
		n++;
	return n;
}

static void print_list(const struct printer *p, size_t limit)
{
	static const struct table_column columns[] = { { "LOST", true },
						       { "MAPPINGS", true },
						       { "SITE", false } };
	char text[UNITS_SIZE];
	struct mapped m;
	struct table t;
	size_t count;

	mapped_make(&m, p->in, GROUP_BY_SITE);
	count = sort(&m);
	limit = limit && limit < count ? limit : count;
	table_init(&t, columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < limit; i++) {
		table_add(&t, units_bytes(text, m.rows[i].lost_bytes));
		snprintf(text, sizeof(text), "%" PRIu64, m.rows[i].lost);
		table_add(&t, text);
		table_add(&t, m.rows[i].key);
	}
	table_print(&t, p->out);
	table_release(&t);
	if (limit < count)
		fprintf(p->out, "omitting %s; --limit 0 shows all\n",
			units_count(text, count - limit, "row"));
	mapped_release(&m);
}

/* In a report of all findings only what is lost is said. */
static void print_beside(const struct printer *p)
{
	uint64_t bytes, mappings = mapped_beside(p->in->m, &bytes);
	char *words = mapped_beside_words(mappings, bytes);

	if (words)
		fprintf(p->out, "\n%s\n", words);
	free(words);
}

static void print_unjudged(const struct printer *p)
{
	const char *why = mapped_unjudged(p->in->m);

	if (why && mapped_any(p->in->m))
		fprintf(p->out, "\nmappings were not judged: %s\n", why);
}

void lost_mappings_print(const struct printer *p,
			 const struct report_options *o)
{
	char count[UNITS_SIZE], size[UNITS_SIZE], *path;
	uint64_t bytes, lost;

	if (!(o->kinds & 1u << FINDING_LEAK))
		return;
	if (!(o->kinds & 1u << FINDING_CYCLE)) {
		print_beside(p);
		print_unjudged(p);
	}
	lost = mapped_lost(p->in->m, &bytes);
	if (!lost)
		return;
	fprintf(p->out, "\n%s, %s lost: no pointer to %s was found",
		units_count(count, lost, "mapping"), units_bytes(size, bytes),
		lost == 1 ? "it" : "them");
	if (!(o->kinds & 1u << FINDING_CYCLE)) {
		fputc('\n', p->out);
		print_list(p, o->limit);
		return;
	}
	if (p->in->m->passing) {
		fputc('\n', p->out);
		return;
	}
	path = shell_word(p->in->m->path);
	fprintf(p->out, "; refknot leaks %s lists where %s mapped\n", path,
		lost == 1 ? "it was" : "they were");
	free(path);
}

json_t *lost_mappings_json(const struct reading *in)
{
	json_t *o = json_object(), *rows = json_array();
	struct mapped m;
	size_t count;

	mapped_make(&m, in, GROUP_BY_SITE);
	count = sort(&m);
	for (size_t i = 0; i < count; i++) {
		json_t *row = json_object();

		document_text(row, "site", m.rows[i].key);
		document_count(row, "mappings", m.rows[i].lost);
		document_count(row, "bytes", m.rows[i].lost_bytes);
		document_append(rows, row);
	}
	document_text(o, "not_known", m.unjudged);
	document_known(o, "mappings", !m.unjudged, m.total.lost);
	document_known(o, "bytes", !m.unjudged, m.total.lost_bytes);
	document_known(o, "beside", !m.unjudged, m.total.beside);
	document_known(o, "beside_bytes", !m.unjudged, m.total.beside_bytes);
	document_set(o, "sites", rows);
	mapped_release(&m);
	return o;
}
