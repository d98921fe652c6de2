/* SPDX-License-Identifier: MIT */
/* What is alive, summed up, as a table: RFC 4180, a header and a line for each. */
#include <inttypes.h>

#include "export.h"
#include "export_needs.h"
#include "groups.h"

static void write_text(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

/* What is not known is empty. */
static void write_pair(FILE *out, bool known, uint64_t first, uint64_t second)
{
	if (known)
		fprintf(out, ",%" PRIu64 ",%" PRIu64, first, second);
	else
		fputs(",,", out);
}

static void write_row(FILE *out, const struct groups *g,
		      const struct group *row, bool alive)
{
	/* Of types that single blocks have: stacks count for theirs. */
	bool own = row->allocated >= row->live;

	write_text(out, row->key);
	write_pair(out, alive, row->live, row->bytes);
	write_pair(out, g->history && own, row->allocated, row->freed);
	write_pair(out, g->retained, row->retained_objects,
		   row->retained_bytes);
	write_pair(out, g->peak && own, row->peak_blocks, row->peak_bytes);
	write_pair(out, g->lives && own, row->temporary_blocks,
		   row->temporary_bytes);
	fputs("\r\n", out);
}

void export_csv(FILE *out, const struct exporting *e)
{
	const struct group_choice choice = { .generation = -1,
					     .retained = true };
	struct groups g;

	if (e->by == GROUP_BY_ROOT)
		export_needs_pointers(e->in);
	groups_make(&g, e->in, e->by, GROUP_ALL, choice);
	groups_sort(&g, GROUP_SORT_BYTES);
	fprintf(out,
		"%s,live,bytes,allocated,freed,retained_objects,retained_bytes,"
		"peak_blocks,peak_bytes,sampled_temporary_blocks,"
		"sampled_temporary_bytes\r\n",
		group_by_names[e->by]);
	for (size_t i = 0; i < g.count; i++)
		write_row(out, &g, &g.list[i], !e->in->m->blocks_cut);
	groups_release(&g);
}
