/* SPDX-License-Identifier: MIT */
/* refknot waste: what the kernel holds beside what is alive, and why. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "contents.h"
#include "groups_label.h"
#include "list.h"
#include "mapped.h"
#include "obstacle.h"
#include "showing.h"
#include "siblings.h"
#include "table.h"
#include "units.h"
#include "verdict.h"
#include "waste.h"
#include "wrap.h"

static char *by, *sort;

enum sort { SORT_PINNED, SORT_SLACK, SORT_BYTES, SORT_SAME, SORT_EMPTY, SORTS };
static const char *const sorts[SORTS] = { "pinned", "slack", "bytes", "same",
					  "empty" };

static enum group_by grouping;
static enum sort order;

/* From so many bytes on, and such a part, advice is worth its line. */
#define ADVICE_LEAST (1ull << 20)
#define ADVICE_PART  8

#define WIDTH 79 /* columns of text */

/* A row of blocks with its name. */
struct named {
	const char *key;
	const struct waste_row *row;
	const struct contents_sum *holds; /* all 0 if that is not known */
};

static int compare(const void *a, const void *b)
{
	const struct waste_row *x = ((const struct named *)a)->row;
	const struct waste_row *y = ((const struct named *)b)->row;
	const struct contents_sum *g = ((const struct named *)a)->holds;
	const struct contents_sum *h = ((const struct named *)b)->holds;
	int first = 0;

	if (order == SORT_PINNED)
		first = ORDER(y->pinned, x->pinned);
	else if (order == SORT_SLACK)
		first = ORDER(y->slack, x->slack);
	else if (order == SORT_SAME)
		first = ORDER(h->duplicate_bytes, g->duplicate_bytes);
	else if (order == SORT_EMPTY)
		first = ORDER(h->empty_bytes, g->empty_bytes);
	return first ?: ORDER(y->bytes, x->bytes) ?: ORDER(x, y);
}

/* The rows in order; the caller frees the result. */
static struct named *sorted_rows(const struct waste *w,
				 const struct contents *c,
				 const struct groups *g)
{
	struct named *list = xcalloc(g->count + 1, sizeof(*list));

	for (size_t i = 0; i < g->count; i++)
		list[i] =
		    (struct named){ g->list[i].key, &w->rows[i], &c->rows[i] };
	if (g->count)
		qsort(list, g->count, sizeof(*list), compare);
	return list;
}

/* Why it is not known what the kernel held. */
static const char *why_unknown(const struct model *m, const struct waste *w,
			       char *text, size_t size)
{
	const char *why = obstacle_find(m, text, size);

	if (why)
		return why;
	if (w->held)
		return "the process could not see its own pages (/proc/self/pagemap)";
	return w->blocks
		   ? "an older version made the recording"
		   : "the process allocated nothing, and was not searched";
}

/* --- Text ---------------------------------------------------------------------- */

static void line(const char *label, uint64_t bytes, const char *words)
{
	char text[UNITS_SIZE];

	printf("%-20s %10s%s%s\n", label, units_bytes(text, bytes),
	       *words ? "  " : "", words);
}

/* A line of what a kind of mapping has, unless that is nothing. */
static void line_if(const char *label, uint64_t bytes, const char *words)
{
	if (bytes)
		line(label, bytes, words);
}

static void print_heap(const struct waste *w)
{
	char text[UNITS_SIZE], *words;

	words = xasprintf("asked for, in %s that %s not freed",
			  units_count(text, w->blocks, "block"),
			  w->blocks == 1 ? "is" : "are");
	line("    alive", w->alive, words);
	free(words);
	if (w->glibc)
		line("    slack", w->slack,
		     "malloc's headers, and what it rounds up");
	words = xasprintf("free, in %s at least half free that blocks pin",
			  units_count(text, w->pinned_pages, "page"));
	line("    pinned", w->pinned, words);
	free(words);
	line("    between", w->between, "free, in pages that are fuller");
	line("    empty", w->empty,
	     w->inherited ? "pages without a block but its parent's, if any"
	     : w->glibc   ? "free, in whole pages"
			  : "pages without a block");
}

static void print_arenas(const struct waste *w)
{
	char arenas[UNITS_SIZE], text[UNITS_SIZE];
	char *words;

	if (!w->arena_count) {
		line("  heap", w->heap,
		     "mappings in which malloc's blocks are");
		return;
	}
	words = xasprintf("malloc's: %s, and %s apart",
			  units_count(arenas, w->arena_count, "arena"),
			  units_count(text, w->own_mappings, "block"));
	line("  heap", w->heap, words);
	free(words);
}

static void print_sums(const struct waste *w)
{
	char text[UNITS_SIZE], *words;

	words = xasprintf("in memory, beside %s of refknot's own",
			  units_bytes(text, w->own));
	line("resident", w->resident, words);
	free(words);
	if (w->known) {
		print_arenas(w);
		print_heap(w);
	}
	line_if(w->known ? "  mapped" : "  heap and mapped", w->mapped,
		w->known ? "other memory that is not a file's" : "");
	line_if("  stacks", w->stacks, "");
	line_if("  code and data", w->modules, "of the program and libraries");
	line_if("  files", w->files, "and shared memory");
	line_if("swapped", w->swapped, "");
	if (w->unknown)
		printf("of %s it is not known what is in memory\n",
		       units_count(text, w->unknown, "mapping"));
	line_if("not in memory", w->absent,
		"of what is alive: never written, or swapped");
}

static void add_row(struct table *t, const struct waste *w,
		    const struct waste_row *r, const struct contents_sum *holds,
		    const char *key)
{
	char text[UNITS_SIZE];

	if (w->known) {
		table_add(t, units_bytes(text, r->pinned));
		snprintf(text, sizeof(text), "%" PRIu64, r->pages);
		table_add(t, text);
		table_add(t, units_bytes(text, r->sole));
	}
	snprintf(text, sizeof(text), "%" PRIu64, r->blocks);
	table_add(t, text);
	table_add(t, units_bytes(text, r->bytes));
	if (w->glibc)
		table_add(t, units_bytes(text, r->slack));
	if (holds) {
		table_add(t, units_bytes(text, holds->duplicate_bytes));
		table_add(t, units_bytes(text, holds->empty_bytes));
	}
	table_add(t, key);
}

/* The sums of rows[from ..]. */
struct sum {
	struct waste_row row;
	struct contents_sum holds;
};

static struct sum sum_from(const struct named *rows, size_t from, size_t count)
{
	struct sum sum = { 0 };

	for (size_t i = from; i < count; i++) {
		sum.row.blocks += rows[i].row->blocks;
		sum.row.bytes += rows[i].row->bytes;
		sum.row.slack += rows[i].row->slack;
		sum.row.pinned += rows[i].row->pinned;
		sum.row.pages += rows[i].row->pages;
		sum.row.sole += rows[i].row->sole;
		sum.holds.duplicate_bytes += rows[i].holds->duplicate_bytes;
		sum.holds.empty_bytes += rows[i].holds->empty_bytes;
	}
	return sum;
}

static size_t make_columns(struct table_column *columns, const struct waste *w,
			   bool contents)
{
	size_t n = 0;

	if (w->known) {
		columns[n++] = (struct table_column){ "PINNED", true };
		columns[n++] = (struct table_column){ "PAGES", true };
		columns[n++] = (struct table_column){ "SOLE", true };
	}
	columns[n++] = (struct table_column){ "BLOCKS", true };
	columns[n++] = (struct table_column){ "BYTES", true };
	if (w->glibc)
		columns[n++] = (struct table_column){ "SLACK", true };
	if (contents) {
		columns[n++] = (struct table_column){ "SAME TEXT", true };
		columns[n++] = (struct table_column){ "EMPTY END", true };
	}
	columns[n++] =
	    (struct table_column){ group_by_titles[grouping], false };
	return n;
}

static void print_rows(const struct waste *w, const struct contents *c,
		       const struct named *rows, size_t count, size_t limit)
{
	const size_t shown = limit && limit < count ? limit : count;
	struct table_column columns[9];
	struct sum sum = sum_from(rows, 0, count);
	struct table t;

	table_init(&t, columns, make_columns(columns, w, c->known));
	for (size_t i = 0; i < shown; i++)
		add_row(&t, w, rows[i].row, c->known ? rows[i].holds : NULL,
			rows[i].key);
	if (shown < count) {
		struct sum rest = sum_from(rows, shown, count);
		char *other = table_other(count - shown);

		add_row(&t, w, &rest.row, c->known ? &rest.holds : NULL, other);
		free(other);
	}
	/* Rows share pages. */
	sum.row.pages = w->pinned_pages;
	add_row(&t, w, &sum.row, c->known ? &sum.holds : NULL, "total");
	table_print(&t, stdout);
	table_release(&t);
}

static void add_mapped(struct table *t, const struct mapped *m,
		       const struct mapped_row *r, const char *key)
{
	char text[UNITS_SIZE];

	table_add(t, units_bytes(text, r->live_bytes));
	snprintf(text, sizeof(text), "%" PRIu64, r->live);
	table_add(t, text);
	if (m->total.lost)
		table_add(t, units_bytes(text, r->lost_bytes));
	table_add(t, m->known && !r->partly ? units_bytes(text, r->resident)
					    : "-");
	table_add(t, units_bytes(text, r->peak_bytes));
	snprintf(text, sizeof(text), "%" PRIu64, r->calls);
	table_add(t, text);
	table_add(t, units_bytes(text, r->bytes));
	table_add(t, key);
}

static size_t mapped_columns(struct table_column *columns,
			     const struct mapped *m)
{
	const char *const titles[] = { "MAPPED",    "MAPPINGS", "LOST",
				       "IN MEMORY", "PEAK",     "CALLS",
				       "ALL BYTES" };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(titles) / sizeof(*titles); i++)
		if (m->total.lost || i != 2)
			columns[n++] = (struct table_column){ titles[i], true };
	columns[n++] = (struct table_column){
		group_by_titles[grouping == GROUP_BY_TYPE ? GROUP_BY_SITE
							  : grouping],
		false
	};
	return n;
}

/* What was not seen, of all of them. */
static void print_mapped_notes(const struct mapped *m)
{
	char text[UNITS_SIZE], bytes[UNITS_SIZE];
	char *beside =
	    mapped_beside_words(m->total.beside, m->total.beside_bytes);

	if (beside) {
		wrap_print(stdout, beside, WIDTH, 2);
		puts("");
	}
	free(beside);
	if (m->total.lost)
		printf("lost: %s, %s; no pointer to %s was found\n",
		       units_count(text, m->total.lost, "mapping"),
		       units_bytes(bytes, m->total.lost_bytes),
		       m->total.lost == 1 ? "it" : "them");
	else if (m->unjudged && m->total.live)
		printf("which of them are lost is not known: %s\n",
		       m->unjudged);
	if (m->missed)
		printf("%s could not be noted: what is left may be wrong\n",
		       units_count(text, m->missed, "call"));
}

/* Nothing, if the program mapped nothing itself. */
static void print_mapped(const struct mapped *m, size_t limit)
{
	struct table_column columns[8];
	const size_t shown = limit && limit < m->count ? limit : m->count;
	char text[UNITS_SIZE];
	struct table t;

	if (!m->count && !m->missed)
		return;
	puts("");
	table_init(&t, columns, mapped_columns(columns, m));
	for (size_t i = 0; i < shown; i++)
		add_mapped(&t, m, &m->rows[i], m->rows[i].key);
	add_mapped(&t, m, &m->total, "total");
	table_print(&t, stdout);
	table_release(&t);
	if (shown < m->count)
		printf("omitting %s; --limit 0 shows all\n",
		       units_count(text, m->count - shown, "row"));
	print_mapped_notes(m);
}

static bool is_much(const struct waste *w, uint64_t bytes, uint64_t of)
{
	return w->known && !w->inherited && bytes >= ADVICE_LEAST &&
	       bytes >= of / ADVICE_PART;
}

/* What is free in other arenas than the first, in pages that blocks pin: the
 * others malloc_trim() gives back. */
static uint64_t free_in_others(const struct waste *w)
{
	uint64_t bytes = 0;

	for (size_t i = 1; i < w->arena_count; i++)
		bytes += w->arenas[i].free - w->arenas[i].empty;
	return bytes;
}

static void advise(char *words)
{
	wrap_print(stdout, words, WIDTH, 2);
	free(words);
}

static void print_advice(const struct waste *w, const struct named *rows)
{
	char text[UNITS_SIZE], count[UNITS_SIZE];
	const uint64_t others = free_in_others(w);

	/* Empty pages would go by themselves sooner or later. */
	if (is_much(w, w->pinned, w->heap - w->empty) && order == SORT_PINNED)
		advise(xasprintf(
		    "\nPinned pages stay as long as one block is on them: blocks that live long, as those of %s, belong into memory of their own.\n",
		    rows[0].key));
	if (w->glibc && is_much(w, w->empty, w->heap))
		advise(xasprintf(
		    "\nmalloc_trim(0) would give back up to %s of empty pages.\n",
		    units_bytes(text, w->empty)));
	if (is_much(w, others, w->heap))
		advise(xasprintf(
		    "\n%s beside the first have %s free between blocks, which only their threads use: fewer (MALLOC_ARENA_MAX) would share it.\n",
		    units_count(count, w->arena_count - 1, "arena"),
		    units_bytes(text, others)));
}

static void print_contents(const struct contents *c)
{
	char text[UNITS_SIZE], *words;

	if (!c->known)
		return;
	words = xasprintf("in %s with a text that another has",
			  units_count(text, c->all.duplicates, "block"));
	line("same text", c->all.duplicate_bytes, words);
	free(words);
	words = xasprintf("zeros at the end of %s, half of it or more",
			  units_count(text, c->all.halves, "block"));
	line("empty end", c->all.empty_bytes, words);
	free(words);
}

static void print_all(const struct model *m, const struct waste *w,
		      const struct contents *c, const struct named *rows,
		      size_t count, size_t limit)
{
	char room[OBSTACLE_SIZE];

	if (w->held)
		print_sums(w);
	print_contents(c);
	if (!w->known)
		advise(xasprintf(
		    "%sWhat the kernel held of the heap is not known: %s.\n",
		    w->held || c->known ? "\n" : "",
		    why_unknown(m, w, room, sizeof(room))));
	if (w->inherited)
		advise(xstrdup(
		    "\nThe process began by fork: what its parent had allocated may pin the same pages, and is not seen.\n"));
	if (count) {
		puts("");
		print_rows(w, c, rows, count, limit);
	}
	print_advice(w, rows);
}

/* --- JSON ---------------------------------------------------------------------- */

static void add_sums(json_t *o, const struct waste *w)
{
	const struct {
		const char *key;
		bool known;
		uint64_t bytes;
	} sums[] = {
		{ "resident", w->held, w->resident },
		{ "heap", w->known, w->heap },
		{ "alive", w->known, w->alive },
		{ "slack", w->known && w->glibc, w->slack },
		{ "pinned", w->known, w->pinned },
		{ "pinned_pages", w->known, w->pinned_pages },
		{ "between", w->known, w->between },
		{ "empty", w->known, w->empty },
		{ "not_in_memory", w->known, w->absent },
		{ "mapped", w->known, w->mapped },
		{ "stacks", w->held, w->stacks },
		{ "code_and_data", w->held, w->modules },
		{ "files", w->held, w->files },
		{ "refknot", w->held, w->own },
		{ "swapped", w->held, w->swapped },
		{ "blocks", true, w->blocks },
		{ "bytes", true, w->bytes },
		{ "all_slack", w->glibc, w->all_slack },
	};

	for (size_t i = 0; i < sizeof(sums) / sizeof(*sums); i++)
		document_known(o, sums[i].key, sums[i].known, sums[i].bytes);
}

static json_t *row_json(const struct waste *w, const struct contents *c,
			const struct named *named)
{
	const struct waste_row *r = named->row;
	json_t *o = json_object();

	document_text(o, "key", named->key);
	document_count(o, "blocks", r->blocks);
	document_count(o, "bytes", r->bytes);
	document_known(o, "slack", w->glibc, r->slack);
	document_known(o, "pinned", w->known, r->pinned);
	document_known(o, "pages", w->known, r->pages);
	document_known(o, "sole", w->known, r->sole);
	document_known(o, "same_text", c->known, named->holds->duplicate_bytes);
	document_known(o, "empty_end", c->known, named->holds->empty_bytes);
	return o;
}

static json_t *waste_json(const struct model *m, const struct waste *w,
			  const struct contents *c, const struct named *rows,
			  size_t count, size_t limit)
{
	const size_t shown = limit && limit < count ? limit : count;
	json_t *o = json_object(), *list = json_array(), *arenas = json_array();
	char room[OBSTACLE_SIZE];

	document_text(o, "by", group_by_names[grouping]);
	document_text(o, "not_known",
		      w->known ? NULL : why_unknown(m, w, room, sizeof(room)));
	document_flag(o, "inherited", w->inherited);
	add_sums(o, w);
	document_known(o, "same_text", c->known, c->all.duplicate_bytes);
	document_known(o, "same_text_blocks", c->known, c->all.duplicates);
	document_known(o, "empty_end", c->known, c->all.empty_bytes);
	document_known(o, "half_empty_blocks", c->known, c->all.halves);
	for (size_t i = 0; w->known && i < w->arena_count; i++) {
		json_t *arena = json_object();

		document_count(arena, "resident", w->arenas[i].resident);
		document_count(arena, "free", w->arenas[i].free);
		document_append(arenas, arena);
	}
	document_set(o, "arenas", arenas);
	for (size_t i = 0; i < shown; i++)
		document_append(list, row_json(w, c, &rows[i]));
	document_set(o, "rows", list);
	return o;
}

static json_t *mapped_row_json(const struct mapped *m,
			       const struct mapped_row *r)
{
	json_t *o = json_object();

	document_text(o, "key", r->key);
	document_count(o, "live", r->live);
	document_count(o, "live_bytes", r->live_bytes);
	document_known(o, "resident", m->known && !r->partly, r->resident);
	document_known(o, "lost", !m->unjudged, r->lost);
	document_known(o, "lost_bytes", !m->unjudged, r->lost_bytes);
	document_known(o, "beside", !m->unjudged, r->beside);
	document_known(o, "beside_bytes", !m->unjudged, r->beside_bytes);
	document_count(o, "peak_bytes", r->peak_bytes);
	document_count(o, "calls", r->calls);
	document_count(o, "bytes", r->bytes);
	return o;
}

static json_t *mapped_json(const struct mapped *m, size_t limit)
{
	const size_t shown = limit && limit < m->count ? limit : m->count;
	json_t *o = json_object(), *rows = json_array();

	for (size_t i = 0; i < shown; i++)
		document_append(rows, mapped_row_json(m, &m->rows[i]));
	document_set(o, "total", mapped_row_json(m, &m->total));
	document_count(o, "missed", m->missed);
	document_text(o, "lost_not_known", m->unjudged);
	document_set(o, "rows", rows);
	return o;
}

/* --- The command ---------------------------------------------------------------- */

static bool needs_contents(void)
{
	return order == SORT_SAME || order == SORT_EMPTY;
}

static void visit(const struct reading *in, void *data)
{
	struct showing *show = data;
	struct groups g;
	uint32_t *labels;
	struct mapped mapped;
	struct contents c;
	struct waste w;
	struct named *rows;

	if (needs_contents() && in->m->block_count && !in->m->content_count) {
		warn(
		    "waste: --sort %s is known only of a recording by refknot run --contents",
		    sort);
		show->status = STATUS_INPUT;
		return;
	}
	labels = groups_label(&g, in, grouping);
	mapped_make(&mapped, in, grouping);
	waste_make(&w, in->m, labels, g.count);
	contents_make(&c, in->m, labels, g.count);
	rows = sorted_rows(&w, &c, &g);
	if (show->format == FORMAT_JSON) {
		json_t *document = document_new(in, NULL);
		json_t *o =
		    waste_json(in->m, &w, &c, rows, g.count, show->limit);

		document_set(o, "mapped_by_program",
			     mapped.noted ? mapped_json(&mapped, show->limit)
					  : json_null());
		document_set(document, "waste", o);
		documents_add(&show->documents, document);
	} else {
		siblings_print("", in->m);
		print_all(in->m, &w, &c, rows, g.count, show->limit);
		print_mapped(&mapped, show->limit);
		verdict_print_gaps(stdout, "", in->m, NULL);
	}
	free(rows);
	free(labels);
	mapped_release(&mapped);
	contents_release(&c);
	waste_release(&w);
	groups_release(&g);
}

static int run(const char **arguments)
{
	struct showing s = showing_begin(arguments, "waste");

	grouping = (enum group_by)options_choice("by", by, group_by_names,
						 GROUP_BY_SIZE, GROUP_BY_SITE);
	order =
	    (enum sort)options_choice("sort", sort, sorts, SORTS, SORT_PINNED);
	return showing_recording(&s, arguments, visit);
}

static const struct poptOption options[] = {
	{ "by", 'b', POPT_ARG_STRING, &by, 0,
	  "whose blocks make a row; site without this option",
	  "type|site|function|file" },
	{ "sort", 's', POPT_ARG_STRING, &sort, 0,
	  "order of the rows; pinned without this option",
	  "pinned|slack|bytes|same|empty" },
	OPTIONS_LIMIT,
	OPTIONS_FORMAT,
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

const struct command cmd_waste = {
	.name = "waste",
	.group = COMMAND_ALIVE,
	.arguments = "[REC]",
	.help = "list memory that is held and not used, and what pins it",
	.more = COMMAND_NEWEST,
	.options = options,
	.run = run,
	.paged = true,
};
