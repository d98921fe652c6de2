/* SPDX-License-Identifier: MIT */
#include "takers.h"
#include "list.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "frame_calls.h"
#include "signature_frames.h"

/* Takes the name. */
static void add(struct takers *t, char *name)
{
	size_t at = 0;

	while (at < t->count && strcmp(t->names[at], name) < 0)
		at++;
	if (at < t->count && !strcmp(t->names[at], name)) {
		free(name);
		return;
	}
	LIST_GROW(t->names, t->count);
	memmove(&t->names[at + 1], &t->names[at],
		(t->count - at) * sizeof(*t->names));
	t->names[at] = name;
	t->count++;
}

/* If all that is left is certain, only those are takers. */
static bool is_taker(const struct callers *c, const struct callers_row *r)
{
	return c->certain && c->certain == c->left ? r->certain > 0
						   : r->taken > r->given;
}

void takers_add(struct takers *t, const struct callers *c)
{
	bool known = !c->lost && !t->lost;

	for (size_t i = 0; i < c->count; i++)
		known &= !is_taker(c, &c->rows[i]) || c->rows[i].place;
	if (!known) {
		takers_release(t);
		t->lost = true;
		return;
	}
	for (size_t i = 0; i < c->count; i++)
		if (is_taker(c, &c->rows[i]))
			add(t, signature_frames_name(c->rows[i].place));
}

void takers_unite(struct takers *t, const struct takers *other)
{
	for (size_t i = 0; i < other->count; i++)
		add(t, xstrdup(other->names[i]));
}

void takers_release(struct takers *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->names[i]);
	free(t->names);
	*t = (struct takers){ 0 };
}

const char *takers_stranger(const struct takers *t, const struct takers *known)
{
	size_t k = 0;

	if (!known->count)
		return NULL;
	for (size_t i = 0; i < t->count; i++) {
		while (k < known->count &&
		       strcmp(known->names[k], t->names[i]) < 0)
			k++;
		if (k == known->count ||
		    strcmp(known->names[k], t->names[i]) != 0)
			return t->names[i];
	}
	return NULL;
}

bool takers_parse(struct takers *t, const char *text)
{
	*t = (struct takers){ 0 };
	for (;; text++) {
		size_t size = strcspn(text, ",");
		char *name = size ? frame_calls_read_word(text, size) : NULL;

		if (!name) {
			takers_release(t);
			return false;
		}
		add(t, name);
		text += size;
		if (!*text)
			return true;
	}
}

void takers_print(FILE *out, const struct takers *t)
{
	for (size_t i = 0; i < t->count; i++) {
		fputs(i ? "," : "", out);
		frame_calls_print_word(out, t->names[i]);
	}
}
