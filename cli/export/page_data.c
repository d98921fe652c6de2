/* SPDX-License-Identifier: MIT */
#include "page_data.h"

#include <stdarg.h>
#include <string.h>

#include "export_json.h"
#include "hash.h"
#include "list.h"
#include "place.h"

/* --- JSON -------------------------------------------------------------------- */

void page_member(struct page_data *d, const char *name)
{
	fprintf(d->out, "%s\"%s\":", d->comma ? "," : "", name);
	d->comma = true;
}

void page_list(struct page_data *d, const char *name)
{
	page_member(d, name);
	putc_unlocked('[', d->out);
	d->comma = false;
}

void page_list_end(struct page_data *d)
{
	putc_unlocked(']', d->out);
	d->comma = true;
}

void page_object(struct page_data *d, const char *name)
{
	page_member(d, name);
	putc_unlocked('{', d->out);
	d->comma = false;
}

void page_element(struct page_data *d)
{
	if (d->comma)
		putc_unlocked(',', d->out);
	putc_unlocked('{', d->out);
	d->comma = false;
}

void page_object_end(struct page_data *d)
{
	putc_unlocked('}', d->out);
	d->comma = true;
}

#define DIGITS 20 /* of 2^64 */

void page_number(struct page_data *d, int64_t value)
{
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char text[DIGITS], *t = text + DIGITS;

	if (d->comma)
		putc_unlocked(',', d->out);
	d->comma = true;
	if (value < 0)
		putc_unlocked('-', d->out);
	do {
		*--t = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	while (t < text + DIGITS)
		putc_unlocked(*t++, d->out);
}

/* --- Texts ------------------------------------------------------------------- */

struct page_text {
	uint32_t number;
	UT_hash_handle hh;
	char text[];
};

int64_t page_text(struct page_data *d, const char *text)
{
	struct page_text *t;
	size_t size;

	if (!text)
		return -1;
	HASH_FIND_STR(d->texts, text, t);
	if (t)
		return t->number;
	size = strlen(text) + 1;
	t = xcalloc(1, sizeof(*t) + size);
	memcpy(t->text, text, size);
	t->number = (uint32_t)d->text_count;
	HASH_ADD_STR(d->texts, text, t);
	*LIST_ADD(d->listed, d->text_count) = t->text;
	return t->number;
}

int64_t page_take(struct page_data *d, char *text)
{
	int64_t number = page_text(d, text);

	free(text);
	return number;
}

static void write_texts(struct page_data *d, const char *name,
			const char *const *list, size_t count)
{
	page_list(d, name);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? ",\n" : "", d->out);
		export_json_text(d->out, list[i]);
	}
	page_list_end(d);
}

void page_texts_write(struct page_data *d)
{
	write_texts(d, "notes", (const char *const *)d->notes, d->note_count);
	write_texts(d, "texts", d->listed, d->text_count);
}

void page_note(struct page_data *d, const char *format, ...)
{
	va_list list;
	char *text;

	va_start(list, format);
	if (vasprintf(&text, format, list) < 0)
		die(STATUS_INPUT, "out of memory");
	va_end(list);
	*LIST_ADD(d->notes, d->note_count) = text;
}

/* --- The recording ------------------------------------------------------------ */

uint32_t page_site(struct page_data *d, uint32_t s)
{
	if (d->site[s] == RKN_NONE)
		d->site[s] = (uint32_t)page_take(
		    d, place_text(block_types_place(d->in->types, s)));
	return d->site[s];
}

int64_t page_node(const struct page_data *d, uint32_t s)
{
	uint32_t stack = d->e->profile->of[s], node;

	if (stack == RKN_NONE)
		return -1;
	node = d->tree.of[stack];
	while (node >= PAGE_FLAME)
		node = d->tree.nodes[node].parent;
	return node;
}

void page_data_open(struct page_data *d, FILE *out, const struct exporting *e)
{
	size_t stacks = e->in->m->stack_count;

	*d = (struct page_data){
		.out = out, .e = e, .in = e->in, .m = e->in->m
	};
	d->site = xcalloc(stacks + 1, sizeof(*d->site));
	memset(d->site, 0xff, (stacks + 1) * sizeof(*d->site));
	profile_tree_make(&d->tree, e->profile);
}

void page_data_close(struct page_data *d)
{
	for (size_t i = 0; i < d->note_count; i++)
		free(d->notes[i]);
	free(d->notes);
	free(d->listed);
	HASH_FREE(d->texts);
	free(d->site);
	profile_tree_release(&d->tree);
}
