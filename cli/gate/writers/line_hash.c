/* SPDX-License-Identifier: MIT */
#include "line_hash.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define BLOCK 100 /* characters that a line's hash is of */
#define BASE  37u
#define END   65535u

/* A view of the last BLOCK characters, and where lines begin in it. */
struct window {
	uint64_t characters[BLOCK];
	unsigned lines[BLOCK]; /* that begin there; 0: none */
	uint64_t hash, power;  /* BASE to the BLOCK */
	size_t at;
	unsigned line;   /* that is read */
	bool line_start; /* the next character begins one */
	bool after_cr;
	unsigned wanted;  /* line */
	uint64_t *hashes; /* of all lines so far, to count equal ones */
	size_t count;
	bool found;
};

static void put_out(struct window *w)
{
	if (!w->lines[w->at] || w->found)
		return;
	w->hashes[w->count++] = w->hash;
	w->found = w->lines[w->at] == w->wanted;
	w->lines[w->at] = 0;
}

static void push(struct window *w, uint64_t c)
{
	w->hash = BASE * w->hash + c - w->power * w->characters[w->at];
	w->characters[w->at] = c;
	w->at = (w->at + 1) % BLOCK;
}

static void take(struct window *w, uint64_t c)
{
	bool skip = c == ' ' || c == '\t' || (w->after_cr && c == '\n');

	w->after_cr = c == '\r';
	if (skip)
		return;
	if (c == '\r')
		c = '\n';
	put_out(w);
	if (w->line_start)
		w->lines[w->at] = ++w->line;
	w->line_start = c == '\n';
	push(w, c);
}

bool line_hash(const char *path, unsigned line, char *hash, size_t size)
{
	struct window w = { .power = 1, .line_start = true, .wanted = line };
	FILE *in = fopen(path, "re");
	struct stat st;
	unsigned nth = 0;
	int c = EOF;

	for (int i = 0; i < BLOCK; i++)
		w.power *= BASE;
	if (!in || fstat(fileno(in), &st) || !S_ISREG(st.st_mode)) {
		if (in)
			fclose(in);
		return false;
	}
	/* A line has one character at least. */
	w.hashes = calloc((size_t)st.st_size + 2, sizeof(*w.hashes));
	while (w.hashes && !w.found && (c = getc(in)) != EOF && c <= 127)
		take(&w, (uint64_t)c);
	if (w.hashes && c == EOF) {
		take(&w, END);
		for (int i = 0; i < BLOCK && !w.found; i++) {
			put_out(&w);
			push(&w, 0);
		}
	}
	fclose(in);
	/* The lines up to this one that have its hash. */
	for (size_t i = 0; i < w.count; i++)
		nth += w.hashes[i] == w.hashes[w.count - 1];
	if (w.found)
		snprintf(hash, size, "%" PRIx64 ":%u", w.hashes[w.count - 1],
			 nth);
	free(w.hashes);
	return w.found;
}
