/* SPDX-License-Identifier: MIT */
#include "region_passes.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "escape.h"
#include "functions.h"
#include "growth_threads.h"
#include "list.h"

/* --- Values over passes --------------------------------------------------- */

struct value {
	int64_t value;
	uint64_t times;
};

static int by_value(const void *a, const void *b)
{
	const struct value *x = a, *y = b;

	return ORDER(x->value, y->value);
}

/* The lower median of `passes` values: those of entries 0 .. n-1, and zeros. */
static int64_t median_of(const struct growth_entry *e, size_t n,
			 uint64_t passes)
{
	struct value *list = xcalloc(n * RKN_REGION_VALUES + 1, sizeof(*list));
	uint64_t zeros = passes, seen = 0;
	int64_t median = RKN_UNKNOWN;
	size_t count = 1;

	for (size_t i = 0; i < n; i++) {
		const struct rkn_region *r = e[i].r;

		zeros -= r->passes < zeros ? r->passes : zeros;
		if (r->others) { /* whose values are not known */
			free(list);
			return RKN_UNKNOWN;
		}
		for (size_t v = 0; v < RKN_REGION_VALUES; v++)
			list[count++] =
			    (struct value){ r->values[v], r->times[v] };
	}
	list[0].times = zeros;
	qsort(list, count, sizeof(*list), by_value);
	for (size_t i = 0; i < count && median == RKN_UNKNOWN; i++) {
		seen += list[i].times;
		if (seen > (passes - 1) / 2)
			median = list[i].value;
	}
	free(list);
	return median;
}

static uint64_t passes_of(const struct rkn_region *regions, size_t count,
			  uint32_t thread)
{
	for (size_t i = 0; i < count; i++)
		if (growth_is_all(&regions[i]) && regions[i].thread == thread)
			return regions[i].passes;
	return 0;
}

static void widen(struct passed_row *row, bool first, int64_t least,
		  int64_t most)
{
	if (first || least < row->least)
		row->least = least;
	if (first || most > row->most)
		row->most = most;
}

/* Of several places in one thread only bounds are known. */
static void set_range(struct passed_row *row,
		      const struct passed_region *region,
		      const struct growth_entry *e, size_t n,
		      const struct rkn_region *regions, size_t count)
{
	uint64_t threads = 0;
	size_t next;

	for (size_t i = 0; i < n; i = next) {
		uint64_t passes = passes_of(regions, count, e[i].r->thread);
		int64_t least = 0, most = 0;

		for (next = i; next < n && e[next].r->thread == e[i].r->thread;
		     next++) {
			const struct rkn_region *r = e[next].r;
			bool always = r->passes >= passes;

			least += r->least < 0 || always ? r->least : 0;
			most += r->most > 0 || always ? r->most : 0;
		}
		row->bounds |= next - i > 1;
		widen(row, !i, least, most);
		threads += passes;
	}
	if (threads < region->passes)
		widen(row, false, 0, 0);
	row->median =
	    row->bounds ? RKN_UNKNOWN : median_of(e, n, region->passes);
}

static int64_t sum_known(int64_t a, int64_t b)
{
	return a == RKN_UNKNOWN || b == RKN_UNKNOWN ? RKN_UNKNOWN : a + b;
}

static struct passed_row make_row(const struct passed_region *region,
				  const struct growth_entry *e, size_t n,
				  const struct rkn_region *regions,
				  size_t count)
{
	struct passed_row row = { .type = xstrdup(e->type) };

	for (size_t i = 0; i < n; i++) {
		const struct rkn_region *r = e[i].r;
		bool same = r->thread == e->r->thread;

		row.made += r->made;
		row.ended += r->ended;
		row.bytes += (int64_t)(r->made_bytes - r->ended_bytes);
		/* Which thread was first and last is not known. */
		row.before =
		    same ? sum_known(row.before, r->before) : RKN_UNKNOWN;
		row.after = same ? sum_known(row.after, r->after) : RKN_UNKNOWN;
	}
	if (region->passes)
		set_range(&row, region, e, n, regions, count);
	return row;
}

static int by_bytes(const void *a, const void *b)
{
	const struct passed_row *x = a, *y = b;

	return ORDER(y->bytes, x->bytes) ?:
	       ORDER(y->made, x->made) ?:
	       strcmp(x->type, y->type);
}

/* --- Regions ----------------------------------------------------------------- */

/* Of regions[0 .. count), which are of one name, and of one thread if that is
 * asked for. */
static void make_region(struct passed_region *p, const struct reading *in,
			const struct rkn_region *regions, size_t count)
{
	struct growth_entry *list = xcalloc(count + 1, sizeof(*list));
	size_t rows = 0, all = 0, next;
	struct passed_row *row;

	p->name = escape(model_name(in->m, regions->name));
	p->counted = true;
	p->rows = xcalloc(count + 1, sizeof(*p->rows));
	for (size_t i = 0; i < count; i++) {
		if (growth_is_all(&regions[i])) {
			p->begun += regions[i].begun;
			p->passes += regions[i].passes;
		}
		/* Those of all blocks come last. */
		next = growth_is_all(&regions[i]) ? count - ++all : rows++;
		list[next] =
		    (struct growth_entry){ growth_is_all(&regions[i])
					       ? "total"
					       : growth_type(in->names,
							     &regions[i]),
					   &regions[i] };
	}
	qsort(list, rows, sizeof(*list), growth_by_type);
	qsort(list + rows, all, sizeof(*list), growth_by_type);
	for (size_t i = 0; i < rows; i = next) {
		for (next = i; next < rows && list[next].type == list[i].type;)
			next++;
		p->rows[p->count] =
		    make_row(p, list + i, next - i, regions, count);
		row = &p->rows[p->count];
		/* Blocks that all became objects have another row. */
		if (row->made || row->ended || row->bytes)
			p->count++;
		else
			free(row->type);
	}
	if (all)
		p->total = make_row(p, list + rows, all, regions, count);
	else
		p->total.type = xstrdup("total");
	qsort(p->rows, p->count, sizeof(*p->rows), by_bytes);
	free(list);
}

void region_passes_make(struct region_passes *p, const struct reading *in,
			bool threads)
{
	const struct model *m = in->m;
	const struct rkn_region *r = m->regions;
	size_t next;

	*p = (struct region_passes){
		.list = xcalloc(m->region_count + 1, sizeof(*p->list)),
	};
	for (size_t i = 0; i < m->region_count; i = next) {
		struct passed_region *region = &p->list[p->count++];

		for (next = i; next < m->region_count &&
			       r[next].name == r[i].name &&
			       (!threads || r[next].thread == r[i].thread);)
			next++;
		region->thread = threads ? m->threads[r[i].thread].tid : 0;
		make_region(region, in, r + i, next - i);
	}
}

/* --- Functions ---------------------------------------------------------------- */

/* Stacks of the function, and of all that it called. */
static bool *stacks_under(const struct reading *in, const char *function,
			  bool alias, bool *found)
{
	const struct model *m = in->m;
	bool *frames = xcalloc(m->frame_count, sizeof(*frames));
	bool *under = xcalloc(m->stack_count, sizeof(*under));

	for (uint32_t f = 1; f < m->frame_count; f++) {
		const struct location *l;
		size_t n = symbols_frame(in->symbols, f, &l);

		frames[f] = frames[m->frames[f].parent];
		for (size_t i = 0; i < n && !frames[f]; i++)
			frames[f] = functions_is(&l[i], function, alias);
		*found |= frames[f];
	}
	for (uint32_t i = 0; i < m->stack_count; i++) {
		const struct location *l;
		size_t n = symbols_innermost(in->symbols, i, &l);

		under[i] = frames[m->stacks[i].frame];
		for (size_t k = 0; k < n && !under[i]; k++)
			under[i] = functions_is(&l[k], function, alias);
		*found |= under[i];
	}
	free(frames);
	return under;
}

bool *region_passes_under(const struct reading *in, const char *function)
{
	bool found = false;
	bool *under = stacks_under(in, function, false, &found);

	if (found)
		return under;
	free(under);
	under = stacks_under(in, function, true, &found);
	if (found)
		return under;
	free(under);
	return NULL;
}

static void add_stack(struct passed_row *row, const struct rkn_stack *stack)
{
	row->made += stack->allocations;
	row->ended += stack->frees;
	row->bytes += (int64_t)(stack->allocated_bytes - stack->freed_bytes);
	row->before = row->after = RKN_UNKNOWN;
}

struct called {
	const char *type; /* likewise */
	uint32_t stack;
};

static int by_called(const void *a, const void *b)
{
	const struct called *x = a, *y = b;

	return ORDER(x->type, y->type) ?: ORDER(x->stack, y->stack);
}

void region_passes_of_function(struct region_passes *p,
			       const struct reading *in, const char *function)
{
	const struct model *m = in->m;
	struct passed_region *region;
	struct called *list;
	size_t count = 0;
	bool *under = region_passes_under(in, function);
	const bool found = under;

	region = xcalloc(1, sizeof(*region));
	*p = (struct region_passes){ .list = region, .count = found };
	list = xcalloc(m->stack_count + 1, sizeof(*list));
	for (uint32_t i = 1; found && i < m->stack_count; i++)
		if (under[i] && m->stacks[i].allocations)
			list[count++] =
			    (struct called){ names_type(in->names, i), i };
	free(under);
	if (found) {
		region->name = escape(function);
		region->total.type = xstrdup("total");
		region->rows = xcalloc(count + 1, sizeof(*region->rows));
		qsort(list, count, sizeof(*list), by_called);
	}
	for (size_t i = 0; i < count; i++) {
		const struct rkn_stack *stack = &m->stacks[list[i].stack];

		if (!i || list[i].type != list[i - 1].type)
			region->rows[region->count++].type =
			    xstrdup(list[i].type);
		add_stack(&region->rows[region->count - 1], stack);
		add_stack(&region->total, stack);
	}
	if (found)
		qsort(region->rows, region->count, sizeof(*region->rows),
		      by_bytes);
	free(list);
}

void region_passes_release(struct region_passes *p)
{
	for (size_t i = 0; i < p->count; i++) {
		struct passed_region *region = &p->list[i];

		for (size_t n = 0; n < region->count; n++)
			free(region->rows[n].type);
		free(region->rows);
		free(region->total.type);
		free(region->name);
	}
	free(p->list);
	*p = (struct region_passes){ 0 };
}
