/* SPDX-License-Identifier: MIT */
#include "table.h"
#include "list.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "wrap.h"

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

char *table_other(size_t rows)
{
	return xasprintf("other (%zu row%s more)", rows, rows == 1 ? "" : "s");
}

static size_t columns_of(const struct table *t, size_t i)
{
	return wrap_columns(t->cells[i], strlen(t->cells[i]));
}

static size_t widest(const struct table *t, size_t column)
{
	size_t most = 0;

	for (size_t i = column; i < t->count; i += t->width)
		if (columns_of(t, i) > most)
			most = columns_of(t, i);
	return most;
}

/* The last column is not padded, so that no line ends with spaces. */
static void print_cell(const struct table *t, size_t i, size_t width, FILE *out)
{
	const size_t column = i % t->width;
	const bool last = column == t->width - 1;
	const int blanks = (int)(width - columns_of(t, i));

	if (t->columns[column].right)
		fprintf(out, "%*s%s", blanks, "", t->cells[i]);
	else
		fprintf(out, "%s%*s", t->cells[i], last ? 0 : blanks, "");
	fputs(last ? "\n" : "  ", out);
}

void table_print(const struct table *t, FILE *out)
{
	size_t *widths = xcalloc(t->width, sizeof(*widths));

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
