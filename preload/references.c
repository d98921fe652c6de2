/* SPDX-License-Identifier: MIT */
#include "references.h"

#include <refknot.h>
#include <string.h>

#include "collect.h"
#include "errors.h"
#include "names.h"
#include "regions.h"
#include "world.h"

uint32_t references_lost;

#define LOOKED_AT   64 /* references that an anonymous release looks through */
#define COMPARED    8  /* and that it compares the stacks of */
#define HOLDER_MOST 65536 /* the same for one that names an unknown holder */

static struct store_frame *frames(void)
{
	return store_at(store.header->tables[STORE_FRAMES].offset);
}

/* --- Calls -------------------------------------------------------------- */

static void count(struct thread *t, enum rkn_limit_number limit)
{
	t->area->limits[limit]++;
}

/* Inside, and with the right to change; NULL: it cannot be served. */
static inline struct thread *enter(void)
{
	struct thread *t = thread_enter(NULL);

	if (likely(t)) {
		world_enter(t);
		return t;
	}
	t = thread_attached();
	if (t && process_page.epoch)
		count(t, RKN_LIMIT_CALL_MISSED);
	return NULL;
}

static inline void leave(struct thread *t)
{
	world_leave(t);
	thread_leave(t);
}

static inline uint32_t stack_of(struct thread *t, const void *frame)
{
	return frame ? shadow_stack(record_leaf(t, frame)->head) : 0;
}

static uint64_t address_of(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* --- Records -------------------------------------------------------------- */

static inline uint32_t new_reference(struct thread *t)
{
	uint32_t number = t->free_references;

	if (likely(number))
		t->free_references = references_at(number)->to_next;
	else
		number = (uint32_t)store_append(STORE_REFERENCES);
	if (unlikely(!number))
		count(t, RKN_LIMIT_OBJECTS_FULL);
	return number;
}

static inline void free_reference(struct thread *t, uint32_t number)
{
	struct store_reference *r = references_at(number);

	r->to = 0;
	r->to_next = t->free_references;
	t->free_references = number;
}

static struct store_event *event_at(uint32_t number)
{
	return (struct store_event *)store_at(
		   store.header->tables[STORE_EVENTS].offset) +
	       number;
}

/* A place in the ring of `o`: a new one behind the newest, or the oldest's. */
static inline struct store_event *next_event(struct thread *t,
					     struct store_object *o)
{
	uint32_t newest = o->events, number;

	if (o->event_count++ >= STORE_EVENTS_KEPT && newest) {
		o->events = event_at(newest)->next;
		return event_at(o->events);
	}
	number = t->free_events;
	if (likely(number))
		t->free_events = event_at(number)->next;
	else
		number = (uint32_t)store_append(STORE_EVENTS);
	if (unlikely(!number)) {
		count(t, RKN_LIMIT_OBJECTS_FULL);
		return NULL;
	}
	event_at(number)->next = newest ? event_at(newest)->next : number;
	if (newest)
		event_at(newest)->next = number;
	o->events = number;
	return event_at(number);
}

static inline uint64_t last_order(const struct store_object *o)
{
	return o->events ? event_at(o->events)->order : o->made_order;
}

static inline void note(struct thread *t, struct store_object *o,
			enum rkn_event_kind kind, uint32_t stack,
			uint32_t holder, uint32_t field)
{
	uint64_t order = objects_order(t, last_order(o));
	struct store_event *e = next_event(t, o);

	if (unlikely(!e))
		return;
	e->order = order;
	e->kind_stack = (uint32_t)kind << STORE_KIND_SHIFT | stack;
	e->thread = t->serial;
	e->holder = holder;
	e->field = field;
	e->count = o->count;
}

static void free_events(struct thread *t, struct store_object *o)
{
	uint32_t oldest;

	if (!o->events)
		return;
	oldest = event_at(o->events)->next;
	event_at(o->events)->next = t->free_events;
	t->free_events = oldest;
	o->events = 0;
}

/* --- Lists: both ends are locked ------------------------------------------ */

static void link_from(uint32_t number, struct store_object *from)
{
	struct store_reference *r = references_at(number);

	r->from = objects_number(from);
	r->from_previous = 0;
	r->from_next = from->holds;
	if (from->holds)
		references_at(from->holds)->from_previous = number;
	from->holds = number;
}

static void unlink_from(uint32_t number)
{
	struct store_reference *r = references_at(number);

	if (!r->from)
		return;
	if (r->from_next)
		references_at(r->from_next)->from_previous = r->from_previous;
	if (r->from_previous)
		references_at(r->from_previous)->from_next = r->from_next;
	else
		objects_at(r->from)->holds = r->from_next;
	r->from = 0;
	r->holder = 0;
}

static inline void link_to(uint32_t number, struct store_object *to)
{
	struct store_reference *r = references_at(number);

	r->to = objects_number(to);
	r->to_previous = 0;
	r->to_next = to->references;
	if (to->references)
		references_at(to->references)->to_previous = number;
	to->references = number;
}

static inline void unlink_to(uint32_t number)
{
	struct store_reference *r = references_at(number);

	if (r->to_next)
		references_at(r->to_next)->to_previous = r->to_previous;
	if (r->to_previous)
		references_at(r->to_previous)->to_next = r->to_next;
	else
		objects_at(r->to)->references = r->to_next;
}

struct edge {
	struct store_object *from; /* NULL: `holder` is no object */
	uint64_t holder;
	uint32_t field;
	uint32_t stack;
	uint64_t order; /* 0: the thread's last */
	uint32_t thread;
};

static inline uint32_t add(struct thread *t, struct store_object *to,
			   enum rkn_reference_kind kind, const struct edge *e)
{
	uint32_t number = new_reference(t);
	struct store_reference *r;

	if (unlikely(!number))
		return 0;
	r = references_at(number);
	r->order = e->order ? e->order : t->order;
	r->thread = e->thread;
	r->field = e->field;
	r->kind_stack = (uint32_t)kind << STORE_KIND_SHIFT | e->stack;
	r->from = 0;
	r->holder = e->holder;
	link_to(number, to);
	if (e->from)
		link_from(number, e->from);
	return number;
}

static inline void drop(struct thread *t, uint32_t number)
{
	unlink_from(number);
	unlink_to(number);
	free_reference(t, number);
}

/* --- Finding the reference that is meant ----------------------------------- */

static bool fits(const struct store_reference *r, uint32_t kind,
		 const struct edge *e)
{
	if (references_kind(r) != kind || (e->field && r->field != e->field))
		return false;
	return e->from ? r->from == objects_number(e->from)
		       : !r->from && r->holder == e->holder;
}

/* Both lists at once, so that the shorter one decides how long it takes. */
static uint32_t find_edge(const struct store_object *to, uint32_t kind,
			  const struct edge *e)
{
	uint32_t a = to->references, b = e->from ? e->from->holds : 0;
	uint32_t number = objects_number(to);
	uint32_t most = e->from ? UINT32_MAX : HOLDER_MOST;

	while (a && most--) {
		const struct store_reference *r = references_at(a);

		if (fits(r, kind, e))
			return a;
		a = r->to_next;
		if (!e->from)
			continue;
		if (!b)
			return 0;
		r = references_at(b);
		if (r->to == number && fits(r, kind, e))
			return b;
		b = r->from_next;
	}
	return 0;
}

static bool is_anonymous(const struct store_reference *r)
{
	return references_kind(r) == RKN_REFERENCE && !r->from && !r->holder;
}

static uint32_t frame_of(uint32_t stack)
{
	const struct store_stack *s =
	    store_at(store.header->tables[STORE_STACKS].offset);

	return s[stack].frame;
}

/*
 * How near two stacks are: first by the innermost frame that both have, then by
 * how alike the ways from there are long. Parents have smaller numbers than
 * their children, so of the frames of one stack the larger number is the nearer.
 */
static uint64_t nearness(uint32_t a, uint32_t b)
{
	const struct store_frame *f = frames();
	uint32_t up_a = 0, up_b = 0, apart;

	while (a != b)
		if (a > b) {
			a = f[a].parent;
			up_a++;
		} else {
			b = f[b].parent;
			up_b++;
		}
	apart = up_a > up_b ? up_a - up_b : up_b - up_a;
	return ((uint64_t)a << 8 | (apart < 255 ? 255 - apart : 0)) + 1;
}

struct choice {
	uint32_t frame;  /* of the release */
	uint32_t thread; /* likewise */
	uint64_t best;   /* how near; 0: none yet */
	uint32_t number; /* of the reference; 0: the maker's */
	bool maker;
};

static void consider(struct choice *c, uint32_t number, uint32_t stack,
		     uint32_t thread, bool maker)
{
	uint64_t near = (uint64_t)(thread == c->thread) << 48 |
			nearness(frame_of(stack), c->frame);

	if (near <= c->best)
		return;
	c->best = near;
	c->number = number;
	c->maker = maker;
}

/* Were both calls made by one function, or by two that one called? Mostly the
 * newest reference is such a one, and no other can be much nearer. */
static inline bool is_near(const struct choice *c, uint32_t frame)
{
	const struct store_frame *f = frames();
	uint32_t parent = f[c->frame].parent, other = f[frame].parent;

	return parent == other ||
	       (parent && other && f[parent].parent == f[other].parent);
}

/* Of the references that nobody is named for, the one that was taken nearest;
 * the newest comes first and stays in a draw. */
static struct choice choose(const struct thread *t,
			    const struct store_object *o, uint32_t stack)
{
	struct choice c = { .frame = frame_of(stack), .thread = t->serial };
	uint32_t number = o->references, first = 0, compared = 0;
	bool maker = o->flags & STORE_OBJECT_MAKER;

	for (unsigned i = 0; number && i < LOOKED_AT && compared < COMPARED;
	     i++) {
		const struct store_reference *r = references_at(number);

		if (is_anonymous(r)) {
			if (!compared && r->thread == t->serial &&
			    is_near(&c, frame_of(r->kind_stack &
						 STORE_STACK_MAX))) {
				c.number = number;
				return c;
			}
			/* Alone it need not be compared. */
			if (compared++ == 1)
				consider(&c, first,
					 references_at(first)->kind_stack &
					     STORE_STACK_MAX,
					 references_at(first)->thread, false);
			if (compared == 1)
				first = number;
			else
				consider(&c, number,
					 r->kind_stack & STORE_STACK_MAX,
					 r->thread, false);
		}
		number = r->to_next;
	}
	if (compared == 1 && maker)
		consider(&c, first,
			 references_at(first)->kind_stack & STORE_STACK_MAX,
			 references_at(first)->thread, false);
	else if (compared == 1)
		c.number = first;
	if (maker && compared)
		consider(&c, 0, o->made_stack, o->made_thread, true);
	else if (maker)
		c.maker = true;
	return c;
}

/* The newest that somebody is named for. */
static uint32_t find_held(const struct store_object *o)
{
	uint32_t number = o->references;

	while (number && references_kind(references_at(number)))
		number = references_at(number)->to_next;
	return number;
}

/* End the reference that a release without a fitting holder means. */
static inline uint32_t end_anonymous(struct thread *t, struct store_object *o,
				     uint32_t stack)
{
	struct choice c = choose(t, o, stack);

	if (c.maker) {
		o->flags &= (uint16_t)~STORE_OBJECT_MAKER;
		return 0;
	}
	return c.number ? c.number : find_held(o);
}

/* --- Locks ----------------------------------------------------------------- */

#define LOCKS 3

/* Those two, or the first alone. */
static inline void lock_two(struct thread *t, struct store_object *a,
			    struct store_object *b)
{
	if (unlikely(b && b < a))
		objects_lock(t, b);
	objects_lock(t, a);
	if (unlikely(b > a))
		objects_lock(t, b);
}

static inline void unlock_two(struct store_object *a, struct store_object *b)
{
	objects_unlock(a);
	if (b && b != a)
		objects_unlock(b);
}

/* In order of numbers; NULL and what is there twice is left out. */
static void lock(struct thread *t, struct store_object **o)
{
	for (unsigned i = 0; i + 1 < LOCKS; i++)
		for (unsigned n = 0; n + 1 < LOCKS - i; n++)
			if (o[n] < o[n + 1]) {
				struct store_object *swap = o[n];

				o[n] = o[n + 1];
				o[n + 1] = swap;
			}
	for (unsigned i = LOCKS; i-- > 0;)
		if (o[i] && (i + 1 == LOCKS || o[i] != o[i + 1]))
			objects_lock(t, o[i]);
}

static void unlock(struct store_object **o)
{
	for (unsigned i = 0; i < LOCKS; i++)
		if (o[i] && (i + 1 == LOCKS || o[i] != o[i + 1]))
			objects_unlock(o[i]);
}

/* A reference's end is in a third object's list: take it out of there with
 * both locked. `o` is not locked, and is when it returns. */
static void drop_locked(struct thread *t, struct store_object *o,
			uint32_t number)
{
	struct store_reference *r = references_at(number);

	for (;;) {
		uint32_t from = __atomic_load_n(&r->from, __ATOMIC_RELAXED);
		struct store_object *locks[LOCKS] = {
			o, from ? objects_at(from) : NULL, NULL
		};

		lock(t, locks);
		if (r->to != objects_number(o)) {
			unlock(locks); /* another thread was faster */
			objects_lock(t, o);
			return;
		}
		if (r->from == from) {
			drop(t, number);
			if (from && objects_at(from) != o)
				objects_unlock(objects_at(from));
			return;
		}
		unlock(locks);
	}
}

/* --- Objects --------------------------------------------------------------- */

static bool is_live(const struct store_object *o, uint64_t address)
{
	return o->flags & STORE_OBJECT_LIVE && o->address == address;
}

static inline unsigned seen_at(uint64_t address)
{
	return (unsigned)(address >> 4 ^ address >> 10) % THREAD_SEEN;
}

/* The object at `address`, if this thread dealt with it lately. It has not
 * ended: what ends where that cannot be seen ends this memory, too. */
static inline struct store_object *seen(const struct thread *t,
					uint64_t address)
{
	const unsigned both = STORE_OBJECT_LIVE | STORE_OBJECT_TRACKED;
	struct store_object *o = objects_at(t->seen[seen_at(address)]);

	return o->address == address && (o->flags & both) == both &&
		       likely(!references_lost)
		   ? o
		   : NULL;
}

/* Alive, with a type, at exactly `p`; else it is counted, or an error. */
static COLD struct store_object *find_slowly(struct thread *t, const void *p,
					     const void *frame)
{
	uint64_t address = address_of(p);
	struct store_object *o = objects_live(address);

	if (likely(o && o->flags & STORE_OBJECT_TRACKED)) {
		t->seen[seen_at(address)] = objects_number(o);
		return o;
	}
	o = objects_find(address);
	if (o && o->flags & STORE_OBJECT_TRACKED &&
	    !(o->flags & STORE_OBJECT_LIVE) && frame)
		errors_add(t, RKN_ERROR_REFERENCE_ON_FREED, o,
			   stack_of(t, frame), 0);
	else
		count(t, RKN_LIMIT_NO_OBJECT);
	return NULL;
}

static inline struct store_object *find(struct thread *t, const void *p,
					const void *frame)
{
	struct store_object *o = seen(t, address_of(p));

	return likely(o) ? o : find_slowly(t, p, frame);
}

static inline struct store_object *holder_of(struct thread *t,
					     const void *holder)
{
	struct store_object *o = seen(t, address_of(holder));

	if (o)
		return o;
	o = holder ? objects_find(address_of(holder)) : NULL;
	if (!o || !(o->flags & STORE_OBJECT_TRACKED))
		return NULL;
	t->seen[seen_at(address_of(holder))] = objects_number(o);
	return o;
}

/* What holds `o` is gone with it; what it holds stays, without links. */
static void empty(struct thread *t, struct store_object *o)
{
	uint32_t number, next;

	while ((number = o->references)) {
		objects_unlock(o);
		drop_locked(t, o, number);
	}
	/* Only `o` and the lists of what it leads to are concerned. */
	for (number = o->holds; number; number = next) {
		struct store_reference *r = references_at(number);
		struct store_object *to = objects_at(r->to);

		next = r->from_next;
		if (references_kind(r) == RKN_REFERENCE)
			continue;
		if (to == o) {
			drop(t, number);
			continue;
		}
		objects_unlock(o);
		objects_lock(t, to < o ? to : o);
		objects_lock(t, to < o ? o : to);
		if (r->from == objects_number(o) && r->to == objects_number(to))
			drop(t, number);
		objects_unlock(to);
		next = o->holds; /* anything may have changed */
		while (next &&
		       references_kind(references_at(next)) == RKN_REFERENCE)
			next = references_at(next)->from_next;
	}
	free_events(t, o);
}

static COLD void tell_regions(struct thread *t, const struct store_object *o,
			      bool ended)
{
	uint32_t stack = 0;
	bool whole = objects_whole(o, &stack);

	regions_object(t, o->type, stack, o->size, whole, ended);
}

/* It has ended; `o` is not locked. */
static void gone(struct thread *t, struct store_object *o, uint32_t stack)
{
	int64_t left;

	objects_lock(t, o);
	if (!(o->flags & STORE_OBJECT_LIVE)) {
		objects_unlock(o);
		return;
	}
	if (o->flags & STORE_OBJECT_TRACKED) {
		left = objects_count(o);
		if (left >= 2 && left < INT32_MAX / 2)
			errors_add(t, RKN_ERROR_FREED_WHILE_HELD, o, stack,
				   (int32_t)left);
		empty(t, o);
		__atomic_fetch_add(&names_record(o->type)->ended, 1,
				   __ATOMIC_RELAXED);
		if (unlikely(t->regions_open))
			tell_regions(t, o, true);
		collect_ended();
	}
	objects_retire(t, o, stack);
	objects_unlock(o);
}

static bool is_inside(const struct store_object *o, const volatile void *at,
		      size_t width)
{
	uint64_t address = (uint64_t)(uintptr_t)at, start, size;

	return (width == 1 || width == 2 || width == 4 || width == 8) &&
	       address % width == 0 &&
	       objects_block(o->address, &start, &size) && address >= start &&
	       address + width <= start + size;
}

/* `o` is new, and locked. */
static void begin(struct thread *t, struct store_object *o, const char *type,
		  uint32_t stack)
{
	struct store_name *name;

	o->type = names_number(type, t->area->limits);
	name = names_record(o->type);
	o->serial =
	    (uint32_t)__atomic_add_fetch(&name->made, 1, __ATOMIC_RELAXED);
	o->made_stack = stack;
	o->made_thread = t->serial;
	o->made_order = objects_order(t, 0);
	o->count = 1;
	o->flags |=
	    STORE_OBJECT_LIVE | STORE_OBJECT_TRACKED | STORE_OBJECT_MAKER;
	if (unlikely(t->regions_open))
		tell_regions(t, o, false);
}

void references_object(const void *p, const char *type, const volatile void *at,
		       size_t width, long bias, const void *frame)
{
	struct thread *t = enter();
	enum rkn_limit_number limit;
	struct store_object *o;
	uint32_t stack;
	uint16_t taming = 0;
	bool check;

	if (!t)
		return;
	stack = stack_of(t, frame);
	o = p ? objects_live(address_of(p)) : NULL;
	if (o) {
		taming =
		    (uint16_t)(o->flags >> STORE_OBJECT_TAMING_SHIFT
					       << STORE_OBJECT_TAMING_SHIFT);
		/* Its count may be the next one's already. */
		o->counter = 0;
		o->count = 0;
		gone(t, o, stack);
	}
	o = objects_add(t, address_of(p), &limit);
	if (o) {
		o->flags |= taming;
		if (at && is_inside(o, at, width)) {
			o->counter = (uint64_t)(uintptr_t)at;
			o->width = (uint8_t)width;
			o->bias = bias;
		} else if (at) {
			count(t, RKN_LIMIT_OBJECT_GONE);
		}
		begin(t, o, type, stack);
		collect_made(objects_number(o));
		objects_unlock(o);
	} else {
		count(t, limit);
	}
	check = o && collect_is_due();
	leave(t);
	if (unlikely(check))
		collect_automatically();
}

void references_rename(const void *p, const char *type, const void *frame)
{
	struct thread *t = enter();
	struct store_object *o;
	struct store_name *name;

	if (!t)
		return;
	o = find(t, p, frame);
	if (o) {
		objects_lock(t, o);
		__atomic_fetch_add(&names_record(o->type)->ended, 1,
				   __ATOMIC_RELAXED);
		if (t->regions_open)
			regions_object(t, o->type, 0, o->size, false, true);
		o->type = names_number(type, t->area->limits);
		name = names_record(o->type);
		o->serial = (uint32_t)__atomic_add_fetch(&name->made, 1,
							 __ATOMIC_RELAXED);
		if (t->regions_open)
			regions_object(t, o->type, 0, o->size, false, false);
		note(t, o, RKN_EVENT_RENAME, stack_of(t, frame), 0, o->type);
		objects_unlock(o);
	}
	leave(t);
}

void references_end(const void *p, const void *frame)
{
	struct thread *t = enter();
	struct store_object *o;

	if (!t)
		return;
	o = find(t, p, frame);
	if (o)
		gone(t, o, stack_of(t, frame));
	leave(t);
}

void references_type(const char *type, void (*clear)(void *))
{
	struct thread *t = enter();
	uint32_t number;

	if (!t)
		return;
	number = names_number(type, t->area->limits);
	if (number > NAMES_MORE)
		names_record(number)->clear = (uint64_t)(uintptr_t)clear;
	leave(t);
}

/* --- References ------------------------------------------------------------- */

static inline struct edge edge_of(struct thread *t, const void *holder,
				  const char *field, uint32_t stack)
{
	struct edge e = {
		.holder = address_of(holder),
		.stack = stack,
		.thread = t->serial,
	};

	if (holder) {
		e.from = holder_of(t, holder);
		e.field = names_number(field, t->area->limits);
	}
	return e;
}

static uint32_t number_of(const struct store_object *o)
{
	return o ? objects_number(o) : 0;
}

void references_retain(const void *p, const void *holder, const char *field,
		       const void *frame)
{
	struct thread *t = enter();
	struct store_object *o;

	if (!t)
		return;
	o = find(t, p, frame);
	if (likely(o)) {
		struct edge e = edge_of(t, holder, field, stack_of(t, frame));

		lock_two(t, o, e.from);
		if (likely(is_live(o, address_of(p)))) {
			o->count++;
			note(t, o, RKN_EVENT_RETAIN, e.stack, number_of(e.from),
			     e.field);
			add(t, o, RKN_REFERENCE, &e);
		}
		unlock_two(o, e.from);
	}
	leave(t);
}

/* Takes the reference out; `o` and e->from are locked. The number of one that
 * another object has in its list, which then is left for drop_locked(). */
static inline uint32_t end_reference(struct thread *t, struct store_object *o,
				     const struct edge *e)
{
	uint32_t number = 0;
	struct store_reference *r;

	if (e->holder) {
		number = find_edge(o, RKN_REFERENCE, e);
		if (!number)
			count(t, RKN_LIMIT_NO_HOLDER);
	}
	if (!number)
		number = end_anonymous(t, o, e->stack);
	if (!number)
		return 0;
	r = references_at(number);
	if (r->from && r->from != number_of(e->from) &&
	    r->from != objects_number(o))
		return number;
	drop(t, number);
	return 0;
}

void references_release(const void *p, const void *holder, const char *field,
			const void *frame)
{
	struct thread *t = enter();
	struct store_object *o;

	if (!t)
		return;
	o = find(t, p, frame);
	if (likely(o)) {
		struct edge e = edge_of(t, holder, field, stack_of(t, frame));
		uint32_t other = 0;

		lock_two(t, o, e.from);
		if (likely(is_live(o, address_of(p)))) {
			if (unlikely(objects_count(o) == 0 ||
				     (o->count <= 0 && !o->counter))) {
				errors_add(t, RKN_ERROR_RELEASE_AT_ZERO, o,
					   e.stack, 0);
			} else {
				other = end_reference(t, o, &e);
				o->count--;
				note(t, o, RKN_EVENT_RELEASE, e.stack,
				     number_of(e.from), e.field);
			}
		}
		unlock_two(o, e.from);
		if (unlikely(other)) {
			drop_locked(t, o, other);
			objects_unlock(o);
		}
	}
	leave(t);
}

/* The reference that `from` has on `o`; the maker's becomes one of its own. */
static uint32_t find_to_move(struct thread *t, struct store_object *o,
			     const struct edge *e)
{
	struct edge maker = { .stack = o->made_stack,
			      .thread = o->made_thread,
			      .order = o->made_order };
	uint32_t number;

	if (e->holder)
		return find_edge(o, RKN_REFERENCE, e);
	for (number = o->references; number;
	     number = references_at(number)->to_next)
		if (is_anonymous(references_at(number)))
			return number;
	if (!(o->flags & STORE_OBJECT_MAKER))
		return 0;
	o->flags &= (uint16_t)~STORE_OBJECT_MAKER;
	return add(t, o, RKN_REFERENCE, &maker);
}

void references_move(const void *p, const void *from, const void *to,
		     const void *frame)
{
	struct thread *t = enter();
	struct store_object *o;

	if (!t)
		return;
	o = find(t, p, frame);
	if (o) {
		uint32_t stack = stack_of(t, frame), number = 0;
		struct edge e = edge_of(t, from, NULL, stack);
		struct store_object *next = holder_of(t, to);
		struct store_object *locks[LOCKS] = { o, e.from, next };

		lock(t, locks);
		if (is_live(o, address_of(p)))
			number = find_to_move(t, o, &e);
		if (number) {
			unlink_from(number);
			references_at(number)->holder = address_of(to);
			if (next)
				link_from(number, next);
			note(t, o, RKN_EVENT_MOVE, stack, number_of(next),
			     references_at(number)->field);
		} else {
			count(t, RKN_LIMIT_NO_HOLDER);
		}
		unlock(locks);
	}
	leave(t);
}

static void change_edge(const void *owner, const void *p, const char *field,
			enum rkn_reference_kind kind, bool on,
			const void *frame)
{
	struct thread *t = enter();
	struct store_object *o;

	if (!t)
		return;
	o = owner ? find(t, p, frame) : NULL;
	if (o) {
		struct edge e = edge_of(t, owner, field, stack_of(t, frame));
		struct store_object *locks[LOCKS] = { o, e.from, NULL };
		uint32_t number = 0;

		lock(t, locks);
		if (!is_live(o, address_of(p)) ||
		    (!on && !(number = find_edge(o, kind, &e)))) {
			count(t, RKN_LIMIT_NO_HOLDER);
		} else {
			note(t, o, on ? RKN_EVENT_LINK : RKN_EVENT_UNLINK,
			     e.stack, number_of(e.from), e.field);
			if (on)
				add(t, o, kind, &e);
			else
				drop(t, number);
		}
		unlock(locks);
	} else if (!owner) {
		count(t, RKN_LIMIT_NO_OBJECT);
	}
	leave(t);
}

void references_link(const void *owner, const void *p, const char *field,
		     bool weak, const void *frame)
{
	change_edge(owner, p, field,
		    weak ? RKN_REFERENCE_WEAK : RKN_REFERENCE_LINK, true,
		    frame);
}

void references_unlink(const void *owner, const void *p, const char *field,
		       bool weak, const void *frame)
{
	change_edge(owner, p, field,
		    weak ? RKN_REFERENCE_WEAK : RKN_REFERENCE_LINK, false,
		    frame);
}

long references_count(const void *p)
{
	struct thread *t = enter();
	struct store_object *o;
	long result = -1;

	if (!t)
		return -1;
	o = p ? objects_live(address_of(p)) : NULL;
	if (o && o->flags & STORE_OBJECT_TRACKED)
		result = (long)objects_count(o);
	leave(t);
	return result;
}

/* --- Blocks that end or move ------------------------------------------------- */

void references_free(const void *p, uint64_t size, const void *frame)
{
	struct thread *t = enter();

	if (!t) {
		references_lost++;
		return;
	}
	objects_end_block(t, address_of(p), size, gone, stack_of(t, frame));
	leave(t);
}

uint32_t references_lift(const void *p, uint64_t size)
{
	struct thread *t = enter();
	uint32_t list = 0;

	if (!t) {
		references_lost++;
		return 0;
	}
	list = objects_lift(address_of(p), size);
	leave(t);
	return list;
}

uint32_t references_drop(uint32_t list, const void *from, const void *to,
			 uint64_t size, const void *frame)
{
	struct thread *t = enter();
	struct store_object *whole = NULL;
	uint32_t type;

	if (!t)
		return 0;
	if (to)
		whole = objects_drop(t, list, address_of(from), address_of(to),
				     size, gone, stack_of(t, frame));
	while (!to && list) {
		struct store_object *o = objects_at(list);

		list = o->next;
		o->counter = 0; /* its memory is gone */
		gone(t, o, stack_of(t, frame));
	}
	type = whole ? whole->type : 0;
	leave(t);
	return type;
}

/* --- Taming ------------------------------------------------------------------ */

void references_tame(const void *p, int what, bool on)
{
	struct thread *t = enter();
	enum rkn_limit_number limit = RKN_LIMIT_NO_OBJECT;
	uint16_t bits = (uint16_t)(what << STORE_OBJECT_TAMING_SHIFT);
	uint64_t start, size;
	struct store_object *o = NULL;

	if (!t)
		return;
	if (p && objects_block(address_of(p), &start, &size)) {
		o = objects_live(start);
		if (o)
			objects_lock(t, o);
		else if (on)
			o = objects_add(t, start, &limit);
	}
	if (o) {
		o->flags |= STORE_OBJECT_LIVE | (on ? bits : 0);
		o->flags &= on ? UINT16_MAX : (uint16_t)~bits;
		objects_unlock(o);
	} else {
		count(t, limit);
	}
	leave(t);
}

void references_span(const void *start, size_t size, bool on)
{
	struct thread *t = enter();
	uint64_t from = address_of(start), none = 0;
	struct store_table *table;
	struct store_span *s;

	if (!t)
		return;
	table = &store.header->tables[STORE_SPANS];
	for (uint64_t i = 1; size && i < table->capacity; i++) {
		s = store_record(STORE_SPANS, i);
		if (!s)
			break;
		if (on && __atomic_compare_exchange_n(&s->start, &none, from,
						      false, __ATOMIC_RELAXED,
						      __ATOMIC_RELAXED)) {
			__atomic_store_n(&s->size, size, __ATOMIC_RELEASE);
			if (i >= table->count)
				table->count = i + 1;
			leave(t);
			return;
		}
		if (!on && s->start == from && s->size == size) {
			s->size = 0;
			__atomic_store_n(&s->start, 0, __ATOMIC_RELEASE);
			leave(t);
			return;
		}
		none = 0;
	}
	count(t, on && size ? RKN_LIMIT_OBJECTS_FULL : RKN_LIMIT_NO_OBJECT);
	leave(t);
}

void references_read_counters(void)
{
	for (uint32_t i = 1; i < objects_end(); i++) {
		struct store_object *o = objects_at(i);

		if (o->flags & STORE_OBJECT_LIVE && objects_live(o->address))
			o->read = objects_count(o);
	}
}
