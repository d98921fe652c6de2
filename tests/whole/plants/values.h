/* SPDX-License-Identifier: MIT */
/*
 * Values as an interpreter has them: a tag and a number, or a pointer to what
 * is counted. The counter lies in a header before that; what is counted comes
 * from slabs with free lists; and a collector of its own frees cycles, by trial
 * deletion over the list of all objects.
 *
 * Built with VALUES_TOLD all references are told to refknot and its counters are
 * not; with REFKNOT_DISABLE nothing is.
 */
#ifndef VALUES_H
#define VALUES_H

#include <refknot.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum tag { TAG_NUMBER, TAG_STRING, TAG_OBJECT };

struct value {
	union {
		double number;
		void *counted;
	};
	int64_t tag;
};

struct link {
	struct link *previous, *next;
};

struct header {
	struct link link; /* of objects: in `objects`, or in `garbage` */
	int32_t count;
	uint8_t tag, marked;
	uint16_t size; /* of the slot, bytes */
};

#define MEMBERS 4

struct object {
	struct value members[MEMBERS];
};

struct string {
	char text[24];
};

#define SLAB_BYTES   16384
#define SLOT_STEP    16
#define SLOT_CLASSES 16

static struct {
	void *free_slots[SLOT_CLASSES];
	struct slab {
		struct slab *next;
		size_t used;
		char bytes[SLAB_BYTES];
	} * slabs;
	struct link objects;
} heap = { .objects = { &heap.objects, &heap.objects } };

static struct header *header_of(void *counted)
{
	return (struct header *)counted - 1;
}

static void *slot_take(size_t size)
{
	size_t class = (size + SLOT_STEP - 1) / SLOT_STEP;
	void *slot = heap.free_slots[class];

	if (slot) {
		memcpy(&heap.free_slots[class], slot, sizeof(slot));
		return slot;
	}
	size = class * SLOT_STEP;
	if (!heap.slabs || heap.slabs->used + size > SLAB_BYTES) {
		struct slab *slab = malloc(sizeof(*slab));

		slab->next = heap.slabs;
		slab->used = 0;
		heap.slabs = slab;
	}
	slot = heap.slabs->bytes + heap.slabs->used;
	heap.slabs->used += size;
	return slot;
}

static void slot_give_back(struct header *h)
{
	size_t class = h->size / SLOT_STEP;

	memset(h, 0, h->size);
	memcpy(h, &heap.free_slots[class], sizeof(void *));
	heap.free_slots[class] = h;
}

static void link_into(struct link *list, struct link *l)
{
	l->next = list->next;
	l->previous = list;
	list->next->previous = l;
	list->next = l;
}

static void link_out(struct link *l)
{
	l->previous->next = l->next;
	l->next->previous = l->previous;
}

static struct value value_made(enum tag tag, size_t size)
{
	static const char *const types[] = { "", "Text", "Thing" };
	struct header *h = slot_take(sizeof(*h) + size);

	memset(h, 0, sizeof(*h) + size);
	h->size = (uint16_t)((sizeof(*h) + size + SLOT_STEP - 1) / SLOT_STEP *
			     SLOT_STEP);
	h->count = 1;
	h->tag = (uint8_t)tag;
	if (tag == TAG_OBJECT)
		link_into(&heap.objects, &h->link);
#ifdef VALUES_TOLD
	refknot_object(h + 1, types[tag]);
#else
	refknot_object_counter(h + 1, types[tag], &h->count, sizeof(h->count),
			       0);
#endif
	(void)types;
	return (struct value){ .counted = h + 1, .tag = tag };
}

static struct value value_number(double number)
{
	return (struct value){ .number = number, .tag = TAG_NUMBER };
}

static struct value value_string(const char *text)
{
	struct value v = value_made(TAG_STRING, sizeof(struct string));
	struct string *s = v.counted;

	strncpy(s->text, text, sizeof(s->text) - 1);
	return v;
}

static struct value value_object(void)
{
	return value_made(TAG_OBJECT, sizeof(struct object));
}

static struct value value_dup(struct value v)
{
	if (v.tag != TAG_NUMBER) {
		refknot_retain(v.counted);
		header_of(v.counted)->count++;
	}
	return v;
}

/* Give back the reference that `holder` (NULL: nobody is named) has. */
static void value_free_by(struct value v, struct object *holder)
{
	struct header *h = header_of(v.counted);
	struct object *o = v.counted;

	if (v.tag == TAG_NUMBER)
		return;
	refknot_release_by(v.counted, holder, NULL);
	if (--h->count)
		return;
	if (h->tag == TAG_OBJECT) {
		for (int i = 0; i < MEMBERS; i++)
			value_free_by(o->members[i], o);
		link_out(&h->link);
	}
	refknot_object_end(o);
	slot_give_back(h);
}

static void value_free(struct value v)
{
	value_free_by(v, NULL);
}

/* The caller's reference on `v` is the object's now. */
static void value_set(struct value object, int at, struct value v)
{
	struct object *o = object.counted;
	struct value old = o->members[at];

	if (v.tag != TAG_NUMBER)
		refknot_move(v.counted, NULL, o);
	o->members[at] = v;
	value_free_by(old, o);
}

/* One reference more. */
static struct value value_get(struct value object, int at)
{
	return value_dup(((struct object *)object.counted)->members[at]);
}

/* --- The collector ------------------------------------------------------ */

static void count_members(struct header *h, int change)
{
	struct object *o = (struct object *)(h + 1);

	for (int i = 0; i < MEMBERS; i++)
		if (o->members[i].tag == TAG_OBJECT)
			header_of(o->members[i].counted)->count += change;
}

/* It is in use, and so is what it holds. */
static void mark(struct header *h)
{
	struct object *o = (struct object *)(h + 1);

	if (h->marked)
		return;
	h->marked = 1;
	for (int i = 0; i < MEMBERS; i++)
		if (o->members[i].tag == TAG_OBJECT)
			mark(header_of(o->members[i].counted));
}

static void mark_what_is_held_from_outside(void)
{
	struct link *l;

	for (l = heap.objects.next; l != &heap.objects; l = l->next)
		count_members((struct header *)l, -1);
	for (l = heap.objects.next; l != &heap.objects; l = l->next)
		if (((struct header *)l)->count > 0)
			mark((struct header *)l);
	for (l = heap.objects.next; l != &heap.objects; l = l->next)
		count_members((struct header *)l, 1);
}

/* Free the cycles that nothing outside them holds; returns how many objects. */
static int values_collect(void)
{
	struct link garbage = { &garbage, &garbage }, *l, *next;
	int n = 0;

	mark_what_is_held_from_outside();
	for (l = heap.objects.next; l != &heap.objects; l = next) {
		struct header *h = (struct header *)l;

		next = l->next;
		if (!h->marked) {
			link_out(l);
			link_into(&garbage, l);
			value_dup((struct value){ .counted = h + 1,
						  .tag = TAG_OBJECT });
			n++;
		}
		h->marked = 0;
	}
	for (l = garbage.next; l != &garbage; l = l->next)
		for (int i = 0; i < MEMBERS; i++)
			value_set(
			    (struct value){ .counted = (struct header *)l + 1,
					    .tag = TAG_OBJECT },
			    i, value_number(0));
	while (garbage.next != &garbage)
		value_free((struct value){
		    .counted = (struct header *)garbage.next + 1,
		    .tag = TAG_OBJECT });
	return n;
}

#endif
