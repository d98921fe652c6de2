/* SPDX-License-Identifier: MIT */
/*
 * What is alive, summed up, as a table: as CSV by RFC 4180, a header and a line for
 * each; as JSON by refknot-table.schema.json, an object for each.
 */
#include "export_json.h"
#include "export_needs.h"
#include "groups.h"

enum known_of { ALIVE, HISTORY, RETAINED, PEAK, LIVES };

static const struct column {
	const char *name;
	size_t at; /* in struct group */
	enum known_of known;
	bool bytes;   /* else blocks */
	bool sampled; /* it is a share of samples */
} columns[] = {
	{ "live", offsetof(struct group, live), ALIVE, false, false },
	{ "bytes", offsetof(struct group, bytes), ALIVE, true, false },
	{ "allocated", offsetof(struct group, allocated), HISTORY, false,
	  false },
	{ "freed", offsetof(struct group, freed), HISTORY, false, false },
	{ "retained_objects", offsetof(struct group, retained_objects),
	  RETAINED, false, false },
	{ "retained_bytes", offsetof(struct group, retained_bytes), RETAINED,
	  true, false },
	{ "peak_blocks", offsetof(struct group, peak_blocks), PEAK, false,
	  false },
	{ "peak_bytes", offsetof(struct group, peak_bytes), PEAK, true, false },
	{ "sampled_temporary_blocks", offsetof(struct group, temporary_blocks),
	  LIVES, false, true },
	{ "sampled_temporary_bytes", offsetof(struct group, temporary_bytes),
	  LIVES, true, true },
};
#define COLUMNS (sizeof(columns) / sizeof(*columns))

struct table {
	struct groups g;
	bool alive; /* what is alive is known */
};

static void make(struct table *t, const struct exporting *e)
{
	const struct group_choice choice = { .generation = -1,
					     .retained = true };

	if (e->by == GROUP_BY_ROOT)
		export_needs_pointers(e->in);
	groups_make(&t->g, e->in, e->by, GROUP_ALL, choice);
	groups_sort(&t->g, GROUP_SORT_BYTES);
	t->alive = !e->in->m->blocks_cut;
}

static bool is_known(const struct table *t, const struct group *row,
		     enum known_of known)
{
	/* Of types that single blocks have: stacks count for theirs. */
	const bool own = row->allocated >= row->live;

	switch (known) {
	case ALIVE:
		return t->alive;
	case HISTORY:
		return t->g.history && own;
	case RETAINED:
		return t->g.retained;
	case PEAK:
		return t->g.peak && own;
	default:
		return t->g.lives && own;
	}
}

/* NULL: it is not known. */
static const uint64_t *cell(const struct table *t, const struct group *row,
			    const struct column *c)
{
	return is_known(t, row, c->known)
		   ? (const uint64_t *)((const char *)row + c->at)
		   : NULL;
}

static void write_csv_text(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

/* What the row is of; a size is a number. */
static void write_key(FILE *out, enum group_by by, const struct group *row,
		      void (*write_text)(FILE *out, const char *text))
{
	if (by == GROUP_BY_SIZE)
		export_json_number(out, row->live ? row->bytes / row->live : 0);
	else
		write_text(out, row->key);
}

void export_csv(FILE *out, const struct exporting *e)
{
	struct table t;

	make(&t, e);
	fputs(group_by_names[e->by], out);
	for (size_t c = 0; c < COLUMNS; c++)
		fprintf(out, ",%s", columns[c].name);
	fputs("\r\n", out);
	for (size_t i = 0; i < t.g.count; i++) {
		write_key(out, e->by, &t.g.list[i], write_csv_text);
		for (size_t c = 0; c < COLUMNS; c++) {
			const uint64_t *value =
			    cell(&t, &t.g.list[i], &columns[c]);

			/* What is not known is empty. */
			putc(',', out);
			if (value)
				export_json_number(out, *value);
		}
		fputs("\r\n", out);
	}
	groups_release(&t.g);
}

void export_json(FILE *out, const struct exporting *e)
{
	const char *by = group_by_names[e->by];
	struct table t;

	make(&t, e);
	fprintf(
	    out,
	    "{\"schema\":\"refknot-table/1\",\n\"columns\":[{\"name\":\"%s\","
	    "\"unit\":\"%s\",\"sampled\":false}",
	    by, e->by == GROUP_BY_SIZE ? "bytes" : "text");
	for (size_t c = 0; c < COLUMNS; c++)
		fprintf(out,
			",\n{\"name\":\"%s\",\"unit\":\"%s\",\"sampled\":%s}",
			columns[c].name, columns[c].bytes ? "bytes" : "count",
			columns[c].sampled ? "true" : "false");
	fputs("],\n\"rows\":[", out);
	for (size_t i = 0; i < t.g.count; i++) {
		fprintf(out, "%s{\"%s\":", i ? ",\n" : "", by);
		write_key(out, e->by, &t.g.list[i], export_json_text);
		for (size_t c = 0; c < COLUMNS; c++) {
			const uint64_t *value =
			    cell(&t, &t.g.list[i], &columns[c]);

			fprintf(out, ",\"%s\":", columns[c].name);
			if (value)
				export_json_number(out, *value);
			else
				fputs("null", out);
		}
		putc('}', out);
	}
	fputs("]}\n", out);
	groups_release(&t.g);
}
