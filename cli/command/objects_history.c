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
#include "lives.h"
#include "siblings.h"
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
	snprintf(text, sizeof(text), "~%.0f", churn_mean(r));
	table_add(t, r->sampled > 0 ? text : "");
	add_below(t, r, 0.5);
	add_below(t, r, 0.9);
	table_add(t, r->copies ? units_bytes(text, r->copied_bytes) : "");
	table_add(t, key);
}

/* What the columns are, and how far they can be believed. */
static void print_legend(const struct model *m)
{
	const char *why = lives_why_unknown(m);

	if (why) {
		printf(
		    "how long blocks lived and what was copied is not known: %s\n",
		    why);
		return;
	}
	puts(
	    "MEAN, MEDIAN and 90 %: allocations while a block lived; with TEMPORARY by samples of what was freed");
	if (m->thread_count > 2)
		printf(
		    "%zu threads allocated: of a block that another thread freed that may be wrong by %d allocations a thread\n",
		    m->thread_count - 1, CHURN_ERROR);
}

static void print_churn(const struct churn *c, const struct model *m,
			enum group_by by, size_t limit, const char *function)
{
	const struct table_column columns[] = {
		{ "ALLOCATIONS", true },
		{ "BYTES", true },
		{ "AVERAGE", true },
		{ "TEMPORARY", true },
		{ "MEAN", true },
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
	print_legend(m);
}

static json_t *churn_json(const struct churn_row *r, const struct model *m,
			  const char *key)
{
	const bool known = r->sampled > 0, has_lives = !lives_why_unknown(m);
	const uint64_t median = churn_below(r, 0.5), most = churn_below(r, 0.9);
	json_t *o = json_object(), *shares = json_array();

	document_text(o, "name", key);
	document_count(o, "allocations", r->allocations);
	document_count(o, "bytes", r->bytes);
	document_count(o, "frees", r->frees);
	document_known(o, "copies", has_lives, r->copies);
	document_known(o, "copied_bytes", has_lives, r->copied_bytes);
	document_set(o, "temporary",
		     known ? json_real(churn_temporary(r)) : json_null());
	document_set(o, "mean_about",
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
			document_append(
			    rows, churn_json(&c.rows[i], in->m, c.rows[i].key));
		document_text(o, "function", function);
		document_set(o, "rows", rows);
		document_set(o, "total", churn_json(&c.total, in->m, "total"));
		document_set(o, "all", churn_json(&c.all, in->m, "all"));
		document = document_new(in, NULL);
		document_set(document, "churn", o);
		documents_add(&show->documents, document);
	} else {
		siblings_print("", in->m);
		print_churn(&c, in->m, by, show->limit, function);
		verdict_print_gaps(stdout, "", in->m, NULL);
	}
	churn_release(&c);
}

/* --- Between two times -------------------------------------------------------------- */

struct change {
	const struct group_series_row *row;
	int64_t blocks, bytes;
};

/* One of the two times. */
struct moment {
	struct instant at, asked;
	/* That were alive at the one, and at the other. */
	struct instant_sum all;
	uint64_t asked_bytes;
};

/* More or less alike. */
static int by_change(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return ORDER(units_magnitude(y->bytes), units_magnitude(x->bytes))
		   ?: ORDER(units_magnitude(y->blocks),
			    units_magnitude(x->blocks))
			  ?: strcmp(x->row->key, y->row->key);
}

/* Rows that differ, what changed most first. */
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
	qsort(list, *count, sizeof(*list), by_change);
	return list;
}

static void add_change(struct table *t, const struct instant_sum *v,
		       const char *key)
{
	const int64_t blocks = (int64_t)(v[1].blocks - v[0].blocks);
	char cell[UNITS_SIZE];

	snprintf(cell, sizeof(cell), "%" PRIu64, v[0].blocks);
	table_add(t, cell);
	snprintf(cell, sizeof(cell), "%" PRIu64, v[1].blocks);
	table_add(t, cell);
	snprintf(cell, sizeof(cell), blocks ? "%+" PRId64 : "%" PRId64, blocks);
	table_add(t, cell);
	table_add(t, units_change(cell, (int64_t)(v[1].bytes - v[0].bytes)));
	table_add(t, key);
}

static void print_moment(const char *word, const struct moment *m)
{
	char time[UNITS_SIZE], other[UNITS_SIZE];

	printf("%s %s (%s)", word, units_time(time, m->at.time_ns),
	       instant_names[m->at.kind]);
	if (m->at.time_ns != m->asked.time_ns)
		printf(", the nearest to %s",
		       units_time(other, m->asked.time_ns));
	putchar('\n');
}

#define MUCH 16 /* so much of all is a difference that is printed */

/* The nearest in time may be far in what was alive: `change` is what is shown. */
static void print_inexact(const struct moment *m, uint64_t change)
{
	const uint64_t off =
	    units_magnitude((int64_t)(m->all.bytes - m->asked_bytes));
	const uint64_t most =
	    m->all.bytes > m->asked_bytes ? m->all.bytes : m->asked_bytes;
	char time[UNITS_SIZE], asked[UNITS_SIZE], taken[UNITS_SIZE];

	if (m->at.time_ns == m->asked.time_ns ||
	    (off <= most / MUCH && off <= change))
		return;
	units_both(asked, m->asked_bytes, taken, m->all.bytes);
	printf(
	    "at %s %s were alive in all, at the instant taken %s: what changed by call stack is not exact\n",
	    units_time(time, m->asked.time_ns), asked, taken);
}

/* A row of the sums of several. */
static void add_changes(struct table *t, const struct change *list,
			size_t count, const char *key)
{
	struct instant_sum sums[2] = { 0 };

	for (size_t i = 0; i < count; i++)
		for (int k = 0; k < 2; k++) {
			sums[k].blocks += list[i].row->values[k].blocks;
			sums[k].bytes += list[i].row->values[k].bytes;
		}
	add_change(t, sums, key);
}

static void print_between(const struct change *list, size_t count,
			  enum group_by by, size_t limit,
			  const struct moment moments[2])
{
	const struct table_column columns[] = {
		{ "BEFORE", true },
		{ "AFTER", true },
		{ "DELTA", true },
		{ "BYTES", true },
		{ group_by_titles[by], false },
	};
	const size_t shown = limit && limit < count ? limit : count;
	char *other = NULL;
	struct table t;

	if (!count) {
		puts("nothing differs");
		return;
	}
	table_init(&t, columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < shown; i++)
		add_change(&t, list[i].row->values, list[i].row->key);
	if (shown < count) {
		other = table_other(count - shown);
		add_changes(&t, &list[shown], count - shown, other);
	}
	/* Of all, whether they differ or not, as diff has it. */
	add_change(&t, (struct instant_sum[]){ moments[0].all, moments[1].all },
		   "total");
	table_print(&t, stdout);
	table_release(&t);
	free(other);
}

static json_t *moment_json(const struct moment *m)
{
	json_t *o = json_object();

	document_text(o, "kind", instant_names[m->at.kind]);
	document_count(o, "time_ns", m->at.time_ns);
	document_count(o, "bytes", m->all.bytes);
	document_count(o, "asked_ns", m->asked.time_ns);
	document_count(o, "asked_bytes", m->asked_bytes);
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

/* What was alive at both times, in all. */
static void sum_up(struct moment moments[2], const struct group_series *s,
		   const struct model *m)
{
	for (int k = 0; k < 2; k++) {
		struct moment *one = &moments[k];

		for (size_t i = 0; i < s->count; i++) {
			one->all.blocks += s->rows[i].values[k].blocks;
			one->all.bytes += s->rows[i].values[k].bytes;
		}
		one->asked_bytes = one->at.time_ns == one->asked.time_ns
				       ? one->all.bytes
				       : instants_alive(m, one->asked.time_ns);
	}
}

static void print_moments(const struct moment moments[2])
{
	const uint64_t change = units_magnitude(
	    (int64_t)(moments[1].all.bytes - moments[0].all.bytes));

	print_moment("from", &moments[0]);
	print_moment("to", &moments[1]);
	for (int i = 0; i < 2; i++)
		print_inexact(&moments[i], change);
	putchar('\n');
}

static void show_between(struct showing *show, const struct reading *in,
			 enum group_by by, struct moment moments[2])
{
	const struct instant at[2] = { moments[0].at, moments[1].at };
	struct group_series s;
	struct change *list;
	json_t *document, *o;
	char text[UNITS_SIZE];
	size_t count;

	group_series_make(&s, in, by, at, 2);
	list = compare(&s, &count);
	sum_up(moments, &s, in->m);
	if (show->format == FORMAT_JSON) {
		o = json_object();
		document_set(o, "from", moment_json(&moments[0]));
		document_set(o, "to", moment_json(&moments[1]));
		document_set(o, "rows", changes_json(list, count, show->limit));
		document = document_new(in, NULL);
		document_set(document, "between", o);
		documents_add(&show->documents, document);
	} else {
		siblings_print("", in->m);
		print_moments(moments);
		print_between(list, count, by, show->limit, moments);
		if (s.together)
			printf(
			    "a key frame has many call stacks: of those with less than %s each only the sum is known\n",
			    units_bytes(text, s.together));
		verdict_print_gaps(stdout, "", in->m, NULL);
	}
	free(list);
	group_series_release(&s);
}

/* Both times are nearest to one instant. */
static char *why_nothing(const struct instant *list, size_t count,
			 const struct instant *at,
			 const struct instant asked[2])
{
	char text[4][UNITS_SIZE];
	const struct instant *other = at;

	for (size_t i = 0; i < count; i++)
		if (&list[i] == at) {
			continue;
		} else if (list[i].time_ns > asked[1].time_ns) {
			other = &list[i];
			break;
		} else if (list[i].time_ns < asked[0].time_ns) {
			other = &list[i];
		}
	return xasprintf(
	    "between %s and %s nothing is known by call stack; the nearest instants are %s (%s) and %s (%s)",
	    units_time(text[0], asked[0].time_ns),
	    units_time(text[1], asked[1].time_ns),
	    units_time(text[2], at->time_ns), instant_names[at->kind],
	    units_time(text[3], other->time_ns), instant_names[other->kind]);
}

void objects_between(struct showing *show, const struct reading *in,
		     enum group_by by, const char *from, const char *to)
{
	const struct instant *near[2] = { NULL, NULL };
	struct instant *instants, asked[2];
	struct moment moments[2] = { 0 };
	char *why, *order;
	size_t count;

	if (!instants_known(in->m)) {
		warn(
		    "objects: what was alive before the end is not known: " INSTANTS_WHY_UNKNOWN);
		show->status = STATUS_INPUT;
		return;
	}
	why = instants_parse(in->m, from, &asked[0]);
	if (!why)
		why = instants_parse(in->m, to, &asked[1]);
	order = why ? NULL : instants_order(&asked[0], from, &asked[1], to);
	if (order)
		why = xasprintf("--between takes the earlier time first: %s",
				order);
	free(order);
	instants = instants_list(in->m, &count);
	for (int i = 0; i < 2 && !why; i++) {
		near[i] = instants_nearest(instants, count, &asked[i]);
		moments[i] =
		    (struct moment){ .at = *near[i], .asked = asked[i] };
	}
	if (!why && near[0] == near[1])
		why = why_nothing(instants, count, near[0], asked);
	if (why) {
		warn("objects: %s", why);
		free(why);
		show->status = STATUS_INPUT;
	} else {
		show_between(show, in, by, moments);
	}
	free(instants);
}
