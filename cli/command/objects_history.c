/* SPDX-License-Identifier: MIT */
#include "objects_history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "churn.h"
#include "die.h"
#include "escape.h"
#include "functions.h"
#include "group_series.h"
#include "list.h"
#include "table.h"
#include "units.h"
#include "verdict.h"

/* --- Over the whole run ------------------------------------------------------------ */

/* "<64", as births; "" where nothing is known. */
static void add_below(struct table *t, const struct churn_row *r, double part)
{
	const uint64_t below = churn_below(r, part);
	char text[UNITS_SIZE] = "";

	if (r->sampled > 0 && below == UINT64_MAX)
		snprintf(text, sizeof(text), ">=%u",
			 1u << RKN_LIFE_SHIFT * (RKN_LIFE_BUCKETS - 2));
	else if (r->sampled > 0)
		snprintf(text, sizeof(text), below ? "<%" PRIu64 : "0", below);
	table_add(t, text);
}

static void add_churn(struct table *t, const struct churn_row *r,
		      const char *key)
{
	char text[UNITS_SIZE];

	snprintf(text, sizeof(text), "%" PRIu64, r->allocations);
	table_add(t, text);
	table_add(t, units_bytes(text, r->bytes));
	table_add(t, units_bytes(
			 text, r->allocations ? r->bytes / r->allocations : 0));
	snprintf(text, sizeof(text), "%.0f %%", 100 * churn_temporary(r));
	table_add(t, r->sampled > 0 ? text : "");
	snprintf(text, sizeof(text), "%.*f", churn_mean(r) < 10, churn_mean(r));
	table_add(t, r->sampled > 0 ? text : "");
	add_below(t, r, 0.5);
	add_below(t, r, 0.9);
	table_add(t, r->copies ? units_bytes(text, r->copied_bytes) : "");
	table_add(t, key);
}

static void print_churn(const struct churn *c, enum group_by by, size_t limit,
			const char *function)
{
	const struct table_column columns[] = {
		{ "ALLOCATIONS", true },
		{ "BYTES", true },
		{ "AVERAGE", true },
		{ "TEMPORARY", true },
		{ "LIFE", true },
		{ "MEDIAN", true },
		{ "90 %", true },
		{ "COPIED", true },
		{ group_by_titles[by], false },
	};
	const size_t shown = limit && limit < c->count ? limit : c->count;
	char *name = function ? escape(function) : NULL;
	struct table t;

	if (function)
		printf(
		    "%s() and what it called: %.1f %% of all allocations, %.1f %% of their bytes\n\n",
		    name,
		    100 * (double)c->total.allocations /
			(double)(c->all.allocations ? c->all.allocations : 1),
		    100 * (double)c->total.bytes /
			(double)(c->all.bytes ? c->all.bytes : 1));
	free(name);
	table_init(&t, columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < shown; i++)
		add_churn(&t, &c->rows[i], c->rows[i].key);
	add_churn(&t, &c->total, "total");
	table_print(&t, stdout);
	table_release(&t);
	if (shown < c->count)
		printf("omitting %zu more rows; --limit 0 shows all\n",
		       c->count - shown);
	puts(
	    "LIFE, MEDIAN and 90 %: allocations while a block lived; with TEMPORARY by samples of what was freed");
}

static json_t *churn_json(const struct churn_row *r, const char *key)
{
	const bool known = r->sampled > 0;
	const uint64_t median = churn_below(r, 0.5), most = churn_below(r, 0.9);
	json_t *o = json_object(), *shares = json_array();

	document_text(o, "name", key);
	document_count(o, "allocations", r->allocations);
	document_count(o, "bytes", r->bytes);
	document_count(o, "frees", r->frees);
	document_count(o, "copies", r->copies);
	document_count(o, "copied_bytes", r->copied_bytes);
	document_set(o, "temporary",
		     known ? json_real(churn_temporary(r)) : json_null());
	document_set(o, "mean_life",
		     known ? json_real(churn_mean(r)) : json_null());
	document_known(o, "median_below", known && median != UINT64_MAX,
		       median);
	document_known(o, "p90_below", known && most != UINT64_MAX, most);
	for (unsigned i = 0; known && i < RKN_LIFE_BUCKETS; i++)
		document_append(shares, json_real(r->lives[i] / r->sampled));
	document_set(o, "lives", shares);
	return o;
}

void objects_churn(struct showing *show, const struct reading *in,
		   enum group_by by, enum group_sort sort, const char *function)
{
	json_t *document, *o, *rows;
	struct churn c;

	if (!churn_make(&c, in, by, sort, function)) {
		char *why = functions_why_not(in->m, in->symbols, function);

		warn("objects: %s", why);
		free(why);
		show->status = STATUS_INPUT;
		return;
	}
	if (show->format == FORMAT_JSON) {
		const size_t limit = show->limit && show->limit < c.count
					 ? show->limit
					 : c.count;

		o = json_object();
		rows = json_array();
		for (size_t i = 0; i < limit; i++)
			document_append(rows,
					churn_json(&c.rows[i], c.rows[i].key));
		document_text(o, "function", function);
		document_set(o, "rows", rows);
		document_set(o, "total", churn_json(&c.total, "total"));
		document_set(o, "all", churn_json(&c.all, "all"));
		document = document_new(in, NULL);
		document_set(document, "churn", o);
		documents_add(&show->documents, document);
	} else {
		print_churn(&c, by, show->limit, function);
		verdict_print_gaps(stdout, "", in->m, NULL);
	}
	churn_release(&c);
}

/* --- Between two times -------------------------------------------------------------- */

struct change {
	const struct group_series_row *row;
	int64_t blocks, bytes;
};

static int by_growth(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return ORDER(y->bytes, x->bytes)
		   ?: ORDER(y->blocks, x->blocks)
			  ?: strcmp(x->row->key, y->row->key);
}

/* Rows that differ, what grew most first. */
static struct change *compare(const struct group_series *s, size_t *count)
{
	struct change *list = xcalloc(s->count + 1, sizeof(*list));

	*count = 0;
	for (size_t i = 0; i < s->count; i++) {
		const struct instant_sum *v = s->rows[i].values;
		struct change c = {
			&s->rows[i],
			(int64_t)(v[1].blocks - v[0].blocks),
			(int64_t)(v[1].bytes - v[0].bytes),
		};

		if (c.blocks || c.bytes)
			list[(*count)++] = c;
	}
	qsort(list, *count, sizeof(*list), by_growth);
	return list;
}

static void add_change(struct table *t, int64_t blocks, int64_t bytes,
		       const struct instant_sum *v, const char *key)
{
	char text[UNITS_SIZE], cell[UNITS_SIZE + 2];

	snprintf(cell, sizeof(cell), "%" PRIu64, v ? v[0].blocks : 0);
	table_add(t, v ? cell : "");
	snprintf(cell, sizeof(cell), "%" PRIu64, v ? v[1].blocks : 0);
	table_add(t, v ? cell : "");
	snprintf(cell, sizeof(cell), blocks ? "%+" PRId64 : "%" PRId64, blocks);
	table_add(t, cell);
	snprintf(
	    cell, sizeof(cell), "%s%s",
	    bytes < 0 ? "-"
	    : bytes   ? "+"
		      : "",
	    units_bytes(text, bytes < 0 ? -(uint64_t)bytes : (uint64_t)bytes));
	table_add(t, cell);
	table_add(t, key);
}

static void print_instant(const char *word, const struct instant *i,
			  uint64_t asked)
{
	char time[UNITS_SIZE], other[UNITS_SIZE];

	printf("%s %s (%s)", word, units_time(time, i->time_ns),
	       instant_names[i->kind]);
	if (i->time_ns != asked)
		printf(", the nearest to %s", units_time(other, asked));
}

static void print_between(const struct change *list, size_t count,
			  enum group_by by, size_t limit)
{
	const struct table_column columns[] = {
		{ "BEFORE", true },
		{ "AFTER", true },
		{ "DELTA", true },
		{ "BYTES", true },
		{ group_by_titles[by], false },
	};
	const size_t shown = limit && limit < count ? limit : count;
	int64_t blocks = 0, bytes = 0;
	struct table t;

	if (!count) {
		puts("nothing differs");
		return;
	}
	table_init(&t, columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < count; i++) {
		blocks += list[i].blocks;
		bytes += list[i].bytes;
		if (i < shown)
			add_change(&t, list[i].blocks, list[i].bytes,
				   list[i].row->values, list[i].row->key);
	}
	add_change(&t, blocks, bytes, NULL, "total");
	table_print(&t, stdout);
	table_release(&t);
	if (shown < count)
		printf("omitting %zu more rows; --limit 0 shows all\n",
		       count - shown);
}

static json_t *instant_json(const struct instant *i, uint64_t asked)
{
	json_t *o = json_object();

	document_text(o, "kind", instant_names[i->kind]);
	document_count(o, "time_ns", i->time_ns);
	document_count(o, "asked_ns", asked);
	return o;
}

static json_t *changes_json(const struct change *list, size_t count,
			    size_t limit)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count && (!limit || i < limit); i++) {
		const struct instant_sum *v = list[i].row->values;
		json_t *o = json_object();

		document_text(o, "name", list[i].row->key);
		document_count(o, "before", v[0].blocks);
		document_count(o, "after", v[1].blocks);
		document_set(o, "delta", json_integer(list[i].blocks));
		document_count(o, "bytes_before", v[0].bytes);
		document_count(o, "bytes_after", v[1].bytes);
		document_set(o, "bytes_delta", json_integer(list[i].bytes));
		document_append(array, o);
	}
	return array;
}

static void show_between(struct showing *show, const struct reading *in,
			 enum group_by by, const struct instant at[2],
			 const uint64_t asked[2])
{
	struct group_series s;
	struct change *list;
	json_t *document, *o;
	size_t count;

	group_series_make(&s, in, by, at, 2);
	list = compare(&s, &count);
	if (show->format == FORMAT_JSON) {
		o = json_object();
		document_set(o, "from", instant_json(&at[0], asked[0]));
		document_set(o, "to", instant_json(&at[1], asked[1]));
		document_set(o, "rows", changes_json(list, count, show->limit));
		document = document_new(in, NULL);
		document_set(document, "between", o);
		documents_add(&show->documents, document);
	} else {
		print_instant("from", &at[0], asked[0]);
		print_instant("\nto", &at[1], asked[1]);
		puts("\n");
		print_between(list, count, by, show->limit);
		verdict_print_gaps(stdout, "", in->m, NULL);
	}
	free(list);
	group_series_release(&s);
}

void objects_between(struct showing *show, const struct reading *in,
		     enum group_by by, const char *from, const char *to)
{
	struct instant *instants, at[2];
	uint64_t asked[2] = { 0 };
	size_t count;
	char *why;

	if (!instants_known(in->m)) {
		warn(
		    "objects: what was alive before the end is not known: " INSTANTS_WHY_UNKNOWN);
		show->status = STATUS_INPUT;
		return;
	}
	why = instants_parse(in->m, from, &asked[0]);
	if (!why)
		why = instants_parse(in->m, to, &asked[1]);
	if (!why && asked[0] > asked[1])
		why = xstrdup("--between takes the earlier time first");
	if (why) {
		warn("objects: %s", why);
		free(why);
		show->status = STATUS_INPUT;
		return;
	}
	instants = instants_list(in->m, &count);
	for (int i = 0; i < 2; i++)
		at[i] = *instants_nearest(instants, count, asked[i]);
	show_between(show, in, by, at, asked);
	free(instants);
}
