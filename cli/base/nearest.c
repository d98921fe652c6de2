/* SPDX-License-Identifier: MIT */
#include "nearest.h"

#include <stdint.h>
#include <string.h>

#define MOST 63 /* letters of a word that is considered */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Both have at most MOST letters. */
static size_t distance(const char *a, const char *b)
{
	size_t before[MOST + 1], last[MOST + 1] = { 0 }, row[MOST + 1] = { 0 };
	size_t width = strlen(b);

	for (size_t k = 0; k <= width; k++)
		row[k] = k;
	for (size_t i = 1; a[i - 1]; i++) {
		memcpy(before, last, sizeof(last));
		memcpy(last, row, sizeof(row));
		row[0] = i;
		for (size_t k = 1; k <= width; k++) {
			row[k] = least(last[k - 1] + (a[i - 1] != b[k - 1]),
				       1 + least(last[k], row[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] &&
			    a[i - 2] == b[k - 1])
				row[k] = least(row[k], before[k - 2] + 1);
		}
	}
	return row[width];
}

void nearest_begin(struct nearest *n, const char *typed)
{
	*n = (struct nearest){ .typed = typed, .distance = SIZE_MAX };
}

void nearest_try(struct nearest *n, const char *word)
{
	size_t typed = strlen(n->typed), size = strlen(word), d;

	if (typed < 2 || typed > MOST || size > MOST)
		return;
	d = distance(n->typed, word);
	if (3 * d > (typed > size ? typed : size)) {
		if (strncmp(word, n->typed, typed))
			return;
		d = SIZE_MAX - 1; /* the rest was left out */
	}
	if (d < n->distance) {
		n->word = word;
		n->distance = d;
	}
}
