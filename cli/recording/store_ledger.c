/* SPDX-License-Identifier: MIT */
/*
 * The ledger out of a live store: its lists become arrays, its numbers those of
 * the objects that are still there.  A list that was being changed is followed
 * as far as it makes sense, and never further than it can be long.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "recording.h"
#include "store_file.h"

struct ledger {
	struct store_file *s;
	struct store_object *objects;
	struct store_reference *references;
	struct store_event *events;
	size_t object_count, reference_count, event_count;
	uint32_t *numbers; /* of each object in the parts; 0: it is not there */
	struct rkn_object *list;
	size_t count;
};

/* Reads a table into *list. */
#define TABLE(s, number, list, count)                                          \
	({                                                                     \
		void *table_;                                                  \
		int error_ = store_file_table(s, number, sizeof(**(list)),     \
					      &table_, count);                 \
                                                                               \
		*(list) = table_;                                              \
		error_;                                                        \
	})

static int no_memory(struct ledger *l)
{
	return model_error(l->s->m, -ENOMEM, "out of memory");
}

/* Records of another size are from another version of the store. */
static int read_names(struct ledger *l)
{
	struct chunk_array *part = &l->s->parts.of[RKN_CHUNK_NAMES];
	struct store_name *names;
	struct rkn_name *to;
	size_t count;
	int error = TABLE(l->s, STORE_NAMES, &names, &count);

	if (error || !count)
		return error;
	if (chunk_array_grow(part, sizeof(*to), count)) {
		free(names);
		return no_memory(l);
	}
	to = part->records;
	for (size_t i = 0; i < count; i++)
		to[i] = (struct rkn_name){
			.text = names[i].text <
					l->s->parts.of[RKN_CHUNK_STRINGS].count
				    ? names[i].text
				    : 0,
			.flags = names[i].clear ? RKN_NAME_CLEAR : 0,
			.made = names[i].made,
			.ended = names[i].ended,
		};
	to[0] = (struct rkn_name){ 0 };
	part->count = count;
	free(names);
	return 0;
}

/* The block around `address`; RKN_NONE: none. */
static uint32_t block_at(const struct ledger *l, uint64_t address)
{
	const struct chunk_array *part = &l->s->parts.of[RKN_CHUNK_BLOCKS];
	const struct rkn_block *b = part->records;
	size_t after = LOWER_BOUND(part->count, i, b[i].address <= address);

	if (!after || (address - b[after - 1].address >= b[after - 1].size &&
		       address != b[after - 1].address))
		return RKN_NONE;
	return (uint32_t)after - 1;
}

static uint32_t name_of(const struct ledger *l, uint32_t number)
{
	return number < l->s->parts.of[RKN_CHUNK_NAMES].count ? number : 0;
}

static uint32_t thread_of(const struct ledger *l, uint32_t number)
{
	return number < l->s->parts.of[RKN_CHUNK_THREADS].count ? number : 0;
}

static uint32_t stack_of(const struct ledger *l, uint32_t kind_stack)
{
	return store_file_stack(l->s, kind_stack & STORE_STACK_MAX);
}

static void add_object(struct ledger *l, uint32_t i, bool picture)
{
	const struct store_object *o = &l->objects[i];
	bool live = o->flags & STORE_OBJECT_LIVE;
	uint32_t block = live ? block_at(l, o->address) : RKN_NONE;
	bool counted = o->counter && picture;
	uint64_t *limits = l->s->m->limits;

	if (!o->address || !(o->flags & STORE_OBJECT_TRACKED))
		return;
	if (live && block == RKN_NONE) {
		limits[RKN_LIMIT_OBJECT_GONE]++;
		return;
	}
	/* One that has ended counts while it still holds references. */
	if (!live &&
	    (!o->holds || o->holds >= l->reference_count || !o->ended_order))
		return;
	l->list[l->count++] = (struct rkn_object){
		.address = o->address,
		.order = o->made_order,
		.ended_order = live ? 0 : o->ended_order,
		.count = counted ? o->read : o->count,
		.told = o->count,
		.block = block,
		.type = name_of(l, o->type),
		.serial = o->serial,
		.stack = stack_of(l, o->made_stack),
		.thread = thread_of(l, o->made_thread),
		.ended_stack = live ? 0 : stack_of(l, o->ended_stack),
		.flags =
		    (o->flags & STORE_OBJECT_MAKER ? RKN_OBJECT_MAKER : 0) |
		    (counted ? RKN_OBJECT_COUNTED : 0) |
		    (live ? 0 : RKN_OBJECT_ENDED),
		.generation = o->generation < 4 ? o->generation : 3,
		.event_count = live ? o->event_count : 0,
		.first_event = o->events,
		.reserved = i,
	};
}

static int by_address(const void *a, const void *b)
{
	const struct rkn_object *x = a, *y = b;

	if ((x->block == RKN_NONE) != (y->block == RKN_NONE))
		return x->block == RKN_NONE ? 1 : -1;
	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static int make_objects(struct ledger *l)
{
	struct chunk_array *part = &l->s->parts.of[RKN_CHUNK_OBJECTS];
	const struct rkn_meta *meta = l->s->parts.of[RKN_CHUNK_META].records;

	if (chunk_array_grow(part, sizeof(*l->list), l->object_count + 1))
		return no_memory(l);
	l->numbers = calloc(l->object_count + 1, sizeof(*l->numbers));
	if (!l->numbers)
		return no_memory(l);
	l->list = part->records;
	l->list[0] =
	    (struct rkn_object){ .block = RKN_NONE, .flags = RKN_OBJECT_ENDED };
	l->count = 1;
	for (uint32_t i = 1; i < l->object_count; i++)
		add_object(l, i, meta->flags & RKN_META_SNAPSHOT);
	qsort(l->list + 1, l->count - 1, sizeof(*l->list), by_address);
	for (uint32_t i = 1; i < l->count; i++) {
		l->numbers[l->list[i].reserved] = i;
		l->list[i].reserved = 0;
	}
	part->count = l->count;
	return 0;
}

static uint32_t object_of(const struct ledger *l, uint32_t number)
{
	return number < l->object_count ? l->numbers[number] : 0;
}

static int by_target(const void *a, const void *b)
{
	const struct rkn_reference *x = a, *y = b;

	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return (x->stack > y->stack) - (x->stack < y->stack);
}

static int make_references(struct ledger *l)
{
	struct chunk_array *part = &l->s->parts.of[RKN_CHUNK_REFERENCES];
	struct rkn_reference *to;

	if (!l->reference_count)
		return 0;
	if (chunk_array_grow(part, sizeof(*to), l->reference_count))
		return no_memory(l);
	to = part->records;
	for (size_t i = 1; i < l->reference_count; i++) {
		const struct store_reference *r = &l->references[i];
		uint32_t target = object_of(l, r->to);
		uint32_t from = object_of(l, r->from);
		uint32_t kind = r->kind_stack >> STORE_KIND_SHIFT;

		if (!target || kind > RKN_REFERENCE_WEAK)
			continue;
		to[part->count++] = (struct rkn_reference){
			.order = r->order,
			.holder = from      ? l->list[from].address
				  : r->from ? 0
					    : r->holder,
			.to = target,
			.from = from,
			.field = name_of(l, r->field),
			.stack = stack_of(l, r->kind_stack),
			.thread = thread_of(l, r->thread),
			.kind = kind,
		};
	}
	qsort(to, part->count, sizeof(*to), by_target);
	return 0;
}

/* The ring of `o`, the oldest first; o->first_event is its newest. */
static int add_events(struct ledger *l, struct rkn_object *o)
{
	struct chunk_array *part = &l->s->parts.of[RKN_CHUNK_EVENTS];
	uint32_t newest = o->first_event, i = newest;
	struct rkn_event *to;

	o->first_event = (uint32_t)part->count;
	if (!newest || newest >= l->event_count)
		return 0;
	if (chunk_array_grow(part, sizeof(*to), STORE_EVENTS_KEPT))
		return no_memory(l);
	to = part->records;
	while (o->events < STORE_EVENTS_KEPT) {
		const struct store_event *e;
		uint32_t holder, kind;

		i = l->events[i].next;
		if (!i || i >= l->event_count)
			break;
		e = &l->events[i];
		kind = e->kind_stack >> STORE_KIND_SHIFT;
		if (kind == STORE_EVENT_WRONG_MOVE)
			kind = RKN_EVENT_MOVE;
		holder = object_of(l, e->holder);
		/* Its record may be another object's by now. */
		if (holder && l->list[holder].order > e->order)
			holder = 0;
		to[part->count++] = (struct rkn_event){
			.order = e->order,
			.kind = kind <= RKN_EVENT_RENAME ? kind : 0,
			.stack = stack_of(l, e->kind_stack),
			.thread = thread_of(l, e->thread),
			.holder = holder,
			.field = name_of(l, e->field),
			.count = e->count,
		};
		o->events++;
		if (i == newest)
			break;
	}
	return 0;
}

#define MOST_ERRORS 4096u /* that a store holds */

/* Do holders of that type give back references that they took without being
 * named? An ACCOUNTED record says so, of objects that never had a holder. */
static bool is_habit(const struct rkn_error *e, size_t count,
		     const struct rkn_error *one)
{
	for (size_t i = 0; i < count; i++)
		if (e[i].kind == STORE_ERROR_ACCOUNTED && e[i].count &&
		    e[i].type == one->type && e[i].stack == one->who.type)
			return true;
	return false;
}

static void number_party(const struct ledger *l, struct rkn_party *p)
{
	p->type = name_of(l, p->type);
	p->field = name_of(l, p->field);
	p->stack = store_file_stack(l->s, p->stack);
}

/* Adds those of `n` records of the table that are used, from number `first` on. */
static int add_errors(struct ledger *l, size_t first, size_t n)
{
	struct chunk_array *part = &l->s->parts.of[RKN_CHUNK_ERRORS];
	uint64_t at = l->s->h.tables[STORE_ERRORS].offset;
	struct rkn_error *e;
	int error;

	if (chunk_array_grow(part, sizeof(*e), n))
		return no_memory(l);
	e = (struct rkn_error *)part->records + part->count;
	memset(e, 0, n * sizeof(*e));
	error =
	    store_file_read(l->s, e, n * sizeof(*e), at + first * sizeof(*e));
	if (error)
		return model_error(l->s->m, error,
				   "table errors cannot be read: %s",
				   strerror(-error));
	for (size_t i = 0, kept = 0; i < n; i++)
		if (e[i].kind && e[i].count) {
			e[kept++] = e[i];
			part->count++;
		}
	return 0;
}

/* It is a hash table, of which all counts: most of it is holes. */
static int read_errors(struct ledger *l)
{
	struct store_table *t = &l->s->h.tables[STORE_ERRORS];
	size_t size = sizeof(struct rkn_error), count, next = 0;
	uint64_t from = t->offset, end;
	int error;

	t->count = t->capacity < MOST_ERRORS ? t->capacity : MOST_ERRORS;
	error = store_file_count(l->s, STORE_ERRORS, size, &count);
	for (; !error &&
	       store_file_data(l->s, &from, t->offset + count * size, &end);
	     from = end) {
		size_t first = (from - t->offset) / size;
		size_t after = (end - t->offset + size - 1) / size;

		first = first < next ? next : first;
		if (after > first)
			error = add_errors(l, first, after - first);
		next = after;
	}
	return error;
}

static int make_errors(struct ledger *l)
{
	struct chunk_array *part = &l->s->parts.of[RKN_CHUNK_ERRORS];
	struct rkn_error *e;
	size_t count, kept = 0;
	int error = read_errors(l);

	if (error)
		return error;
	e = part->records;
	count = part->count;
	/* Then they mean the maker's reference, which is not an error: it is
	 * counted. */
	for (size_t i = 0; i < count; i++)
		if (e[i].flags & RKN_ERROR_DOUBTED &&
		    is_habit(e, count, &e[i])) {
			l->s->m->limits[RKN_LIMIT_NO_HOLDER] += e[i].count;
			e[i].count = 0;
		}
	for (size_t i = 0; i < count; i++) {
		if (!e[i].kind || !e[i].count ||
		    e[i].kind > RKN_ERROR_UNLINK_NOTHING)
			continue;
		e[kept] = e[i];
		e[kept].type = name_of(l, e[i].type);
		e[kept].stack = store_file_stack(l->s, e[i].stack);
		e[kept].made_stack = store_file_stack(l->s, e[i].made_stack);
		e[kept].ended_stack = store_file_stack(l->s, e[i].ended_stack);
		e[kept].thread = thread_of(l, e[i].thread);
		number_party(l, &e[kept].who);
		number_party(l, &e[kept].to);
		number_party(l, &e[kept].other);
		kept++;
	}
	part->count = kept;
	return 0;
}

static int make_frees(struct ledger *l)
{
	struct chunk_array *part = &l->s->parts.of[RKN_CHUNK_FREES];
	int error = store_file_part(l->s, STORE_FREES, RKN_CHUNK_FREES);
	struct rkn_free *f = part->records;
	size_t kept = 0;

	for (size_t i = 1; !error && i < part->count; i++) {
		if (f[i].kind > RKN_FREE_NOWHERE)
			continue;
		f[kept] = f[i];
		f[kept].stack = store_file_stack(l->s, f[i].stack);
		f[kept].made_stack = store_file_stack(l->s, f[i].made_stack);
		f[kept].freed_stack = store_file_stack(l->s, f[i].freed_stack);
		f[kept].thread = thread_of(l, f[i].thread);
		kept++;
	}
	part->count = kept;
	return error;
}

int store_ledger(struct store_file *s)
{
	struct ledger l = { .s = s };
	int error = read_names(&l);

	if (!error)
		error = TABLE(s, STORE_OBJECTS, &l.objects, &l.object_count);
	if (!error)
		error = TABLE(s, STORE_REFERENCES, &l.references,
			      &l.reference_count);
	if (!error)
		error = TABLE(s, STORE_EVENTS, &l.events, &l.event_count);
	if (!error && l.object_count)
		error = make_objects(&l);
	if (!error && l.object_count)
		error = make_references(&l);
	for (size_t i = 1; i < l.count && !error; i++)
		error = add_events(&l, &l.list[i]);
	if (!error)
		error = make_errors(&l);
	if (!error)
		error = make_frees(&l);
	free(l.objects);
	free(l.references);
	free(l.events);
	free(l.numbers);
	return error;
}
