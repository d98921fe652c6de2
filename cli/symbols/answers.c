/* SPDX-License-Identifier: MIT */
#include "answers.h"

#include <stdlib.h>
#include <string.h>

#include "value_set.h"
#include "xmalloc.h"

#define ALIGN(n) (((n) + 7) & ~(size_t)7)
#define PIECE    (64u << 10) /* bytes of answers that were added */

struct answer {
	uint64_t number;
	uint32_t kind;
	uint32_t size;
	unsigned char data[];
};

struct answers_piece {
	struct answers_piece *next;
	size_t used, room;
	_Alignas(struct answer) unsigned char bytes[];
};

static size_t size_of(const struct answer *one)
{
	return ALIGN(sizeof(*one) + one->size);
}

/* --- By question ----------------------------------------------------------- */

/* Its place, or the free one where it would be. There are slots. */
static const struct answer **slot_of(const struct answers *a, uint32_t kind,
				     uint64_t number)
{
	size_t i = value_set_mix(number + kind) & (a->room - 1);

	while (a->slots[i] &&
	       (a->slots[i]->number != number || a->slots[i]->kind != kind))
		i = (i + 1) & (a->room - 1);
	return &a->slots[i];
}

static void grow(struct answers *a)
{
	const struct answer **old = a->slots;
	size_t room = a->room;

	a->room = room ? 2 * room : 64;
	a->slots = xcalloc(a->room, sizeof(*a->slots));
	for (size_t i = 0; i < room; i++)
		if (old[i])
			*slot_of(a, old[i]->kind, old[i]->number) = old[i];
	free(old);
}

static void add(struct answers *a, const struct answer *one)
{
	const struct answer **slot;

	if (4 * (a->count + 1) > 3 * a->room)
		grow(a);
	slot = slot_of(a, one->kind, one->number);
	a->count += !*slot;
	*slot = one;
}

/* --- All of them ----------------------------------------------------------- */

bool answers_read(struct answers *a, char *data, size_t size, size_t at)
{
	*a = (struct answers){ .read = data };
	while (at < size) {
		const struct answer *one = (const void *)(data + at);

		if (size - at < sizeof(*one) ||
		    one->size > size - at - sizeof(*one) ||
		    size_of(one) > size - at) {
			answers_release(a);
			return false;
		}
		add(a, one);
		at += size_of(one);
	}
	return true;
}

void answers_write(const struct answers *a, FILE *out)
{
	for (size_t i = 0; i < a->room; i++)
		if (a->slots[i])
			fwrite(a->slots[i], 1, size_of(a->slots[i]), out);
}

void answers_release(struct answers *a)
{
	while (a->added) {
		struct answers_piece *next = a->added->next;

		free(a->added);
		a->added = next;
	}
	free(a->slots);
	free(a->read);
	free(a->draft);
	*a = (struct answers){ 0 };
}

/* --- Making one ------------------------------------------------------------ */

static void put(struct answers *a, const void *bytes, size_t size)
{
	if (size > a->draft_room - a->draft_size) {
		a->draft_room = 2 * (a->draft_size + size);
		a->draft = xreallocarray(a->draft, a->draft_room, 1);
	}
	memcpy(a->draft + a->draft_size, bytes, size);
	a->draft_size += size;
}

void answers_put_number(struct answers *a, uint64_t number)
{
	unsigned char bytes[10];
	size_t n = 0;

	while (number > 0x7f) {
		bytes[n++] = (unsigned char)(number | 0x80);
		number >>= 7;
	}
	bytes[n++] = (unsigned char)number;
	put(a, bytes, n);
}

void answers_put_text(struct answers *a, const char *text)
{
	answers_put_number(a, text != NULL);
	if (text)
		put(a, text, strlen(text) + 1);
}

/* `size` zero bytes that stay where they are. */
static void *room_for(struct answers *a, size_t size)
{
	struct answers_piece *p = a->added;

	if (!p || size > p->room - p->used) {
		size_t room = size > PIECE ? size : PIECE;

		p = xcalloc(1, sizeof(*p) + room);
		p->room = room;
		p->next = a->added;
		a->added = p;
	}
	p->used += size;
	return p->bytes + p->used - size;
}

void answers_keep(struct answers *a, uint32_t kind, uint64_t number)
{
	struct answer *one = room_for(a, ALIGN(sizeof(*one) + a->draft_size));

	one->number = number;
	one->kind = kind;
	one->size = (uint32_t)a->draft_size;
	memcpy(one->data, a->draft, a->draft_size);
	a->draft_size = 0;
	add(a, one);
}

/* --- Reading one ----------------------------------------------------------- */

bool answers_find(const struct answers *a, uint32_t kind, uint64_t number,
		  struct answer_reader *r)
{
	const struct answer *one = a->room ? *slot_of(a, kind, number) : NULL;

	if (one)
		*r = (struct answer_reader){ one->data, one->data + one->size,
					     false };
	return one;
}

uint64_t answer_number(struct answer_reader *r)
{
	uint64_t number = 0;

	for (unsigned shift = 0; shift < 64 && r->at < r->end; shift += 7) {
		number |= (uint64_t)(*r->at & 0x7f) << shift;
		if (!(*r->at++ & 0x80))
			return number;
	}
	r->bad = true;
	return 0;
}

const char *answer_text(struct answer_reader *r)
{
	const unsigned char *end;
	const char *text;

	if (!answer_number(r))
		return NULL;
	text = (const char *)r->at;
	end = memchr(r->at, '\0', (size_t)(r->end - r->at));
	if (!end) {
		r->bad = true;
		return NULL;
	}
	r->at = end + 1;
	return text;
}

bool answer_is_read(const struct answer_reader *r)
{
	return !r->bad && r->at == r->end;
}
