/* SPDX-License-Identifier: MIT */
/* Types as a table: RFC 4180, a header and a line for each. */
#include <inttypes.h>

#include "export.h"
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

void export_csv(FILE *out, const struct exporting *e)
{
	struct group_choice choice = { .generation = -1,
				       .retained = e->findings->checked };
	struct groups g;

	groups_make(&g, e->in, GROUP_BY_TYPE, GROUP_ALL, choice);
	groups_sort(&g, GROUP_SORT_BYTES);
	fprintf(out, "type,live,bytes,allocated,freed,retained_objects,"
		     "retained_bytes\r\n");
	for (size_t i = 0; i < g.count; i++) {
		const struct group *row = &g.list[i];

		write_text(out, row->key);
		fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
			row->live, row->bytes, row->allocated, row->freed);
		if (g.retained)
			fprintf(out, ",%" PRIu64 ",%" PRIu64 "\r\n",
				row->retained_objects, row->retained_bytes);
		else
			fprintf(out, ",,\r\n");
	}
	groups_release(&g);
}
