/* SPDX-License-Identifier: MIT */
/* Text in columns that are as wide as their widest cell. */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table_column {
	const char *title;
	bool right; /* aligned right, as numbers are */
};

struct table {
	const struct table_column *columns;
	size_t width; /* columns */
	char **cells; /* row by row */
	size_t count; /* cells in use */
};

/* `columns` must outlive the table. */
void table_init(struct table *t, const struct table_column *columns,
		size_t width);
/* Appends the next cell, from left to right and down; copies `text`. */
void table_add(struct table *t, const char *text);
/* "other (17 rows more)", the name of a row that sums them, for the caller to
 * free. */
char *table_other(size_t rows);
void table_print(const struct table *t, FILE *out);
void table_release(struct table *t);

#endif
