/* SPDX-License-Identifier: MIT */
#include "table.h"
#include "list.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"

void table_init(struct table *t, const struct table_column *columns,
		size_t width)
{
	*t = (struct table){ .columns = columns, .width = width };
	for (size_t i = 0; i < width; i++)
		table_add(t, columns[i].title);
}

void table_add(struct table *t, const char *text)
{
	*LIST_ADD(t->cells, t->count) = xstrdup(text);
}

static int widest(const struct table *t, size_t column)
{
	size_t most = 0;

	for (size_t i = column; i < t->count; i += t->width)
		if (strlen(t->cells[i]) > most)
			most = strlen(t->cells[i]);
	return (int)most;
}

/* The last column is not padded, so that no line ends with spaces. */
static void print_cell(const struct table *t, size_t i, int width, FILE *out)
{
	size_t column = i % t->width;
	bool last = column == t->width - 1;

	if (t->columns[column].right)
		fprintf(out, "%*s", width, t->cells[i]);
	else
		fprintf(out, "%-*s", last ? 0 : width, t->cells[i]);
	fputs(last ? "\n" : "  ", out);
}

void table_print(const struct table *t, FILE *out)
{
	int *widths = xcalloc(t->width, sizeof(*widths));

	for (size_t i = 0; i < t->width; i++)
		widths[i] = widest(t, i);
	for (size_t i = 0; i < t->count; i++)
		print_cell(t, i, widths[i % t->width], out);
	free(widths);
}

void table_release(struct table *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table){ 0 };
}
