/* SPDX-License-Identifier: MIT */
/*
 * A counter of words that keeps what it needs until the end and frees the
 * rest. What a global still points at is not a leak.
 *
 * refknot: nothing
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scrub.h"

struct word {
	struct word *next;
	unsigned count;
	char text[];
};

static struct word *words; /* kept for the life of the program */

static NOINLINE struct word *word_find(const char *text)
{
	struct word *w = words;

	while (w && strcmp(w->text, text) != 0)
		w = w->next;
	return w;
}

static NOINLINE void word_count(const char *text)
{
	struct word *w = word_find(text);

	if (!w) {
		w = calloc(1, sizeof(*w) + strlen(text) + 1);
		if (!w)
			abort();
		strcpy(w->text, text);
		w->next = words;
		words = w;
	}
	w->count++;
}

static NOINLINE void count_all(const char *text)
{
	char *copy = strdup(text), *rest = copy;

	while (rest)
		word_count(strsep(&rest, " "));
	free(copy);
}

int main(void)
{
	count_all("round and round the rugged rock the ragged rascal ran");
	for (struct word *w = words; w; w = w->next)
		printf("%u %s\n", w->count, w->text);
	scrub();
	return 0;
}
