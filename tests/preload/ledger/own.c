/* SPDX-License-Identifier: MIT */
/*
 * Objects that forget one release, or hold each other, with memory of their own
 * that points back at them: own NAME. What test_own.py expects of each stands
 * there.
 */
#include <refknot.h>
#include <stdbool.h>
#include <stdlib.h>

#include "corners.h"

struct link {
	struct link *next, *prev;
};

/* A list of any length with its head inside, and a table with buckets. */
struct set {
	int references;
	struct link order;
	struct link **buckets; /* of rows */
	void *other;
};

struct row {
	struct link order; /* in set.order */
	struct row *chain; /* in its bucket */
	struct set *set;   /* not counted */
	struct set *value; /* counted; NULL */
};

static struct set *kept; /* what the program knows */

#define KEEP(p) __asm__ volatile("" : "+r"(p) : : "memory")

static NOINLINE struct set *set_new(const char *type)
{
	struct set *s = calloc(1, sizeof(*s));

	s->references = 1;
	s->order.next = s->order.prev = &s->order;
	s->buckets = calloc(4, sizeof(*s->buckets));
	refknot_object(s, type);
	return s;
}

static NOINLINE struct set *set_ref(struct set *s)
{
	s->references++;
	refknot_retain(s);
	return s;
}

static NOINLINE void set_unref(struct set *s)
{
	refknot_release(s);
	if (--s->references)
		return;
	while (s->order.next != &s->order) {
		struct row *r = (struct row *)s->order.next;

		s->order.next = r->order.next;
		if (r->value)
			set_unref(r->value);
		free(r);
	}
	free(s->buckets);
	free(s);
}

static NOINLINE struct row *set_add(struct set *s, struct set *value)
{
	struct row *r = calloc(1, sizeof(*r));
	unsigned bucket = (unsigned)((uintptr_t)r >> 4 & 3);

	r->set = s;
	r->value = value;
	r->order.next = &s->order;
	r->order.prev = s->order.prev;
	s->order.prev->next = &r->order;
	s->order.prev = &r->order;
	r->chain = (struct row *)s->buckets[bucket];
	s->buckets[bucket] = &r->order;
	return r;
}

static NOINLINE void forget(struct set *s)
{
	s = set_ref(s);
	KEEP(s);
}

/* A set with rows that one reader forgot to give back, as its owner lets go. */
static NOINLINE void lose(unsigned rows)
{
	struct set *s = set_new("Set");

	while (rows--)
		set_add(s, NULL);
	forget(s);
	set_unref(s);
}

static void list0(void)
{
	lose(0);
}

static void list1(void)
{
	lose(1);
}

static void list5(void)
{
	lose(5);
}

static void itself(void)
{
	struct set *s = set_new("Set");

	s->other = s;
	forget(s);
	set_unref(s);
}

/* A block that is not initialised has a pointer to the object in it. */
static NOINLINE void stale_slot(void)
{
	struct set *s = set_new("Set");
	void **part = malloc(200);

	part[20] = s;
	free(part);
	part = malloc(200);
	s->other = part;
	part[20] = s; /* as it may have been left there */
	forget(s);
	set_unref(s);
}

static NOINLINE void in_global(void)
{
	kept = set_new("Set");
	for (int i = 0; i < 3; i++)
		set_add(kept, NULL);
	forget(kept);
}

/* The same, and nothing is wrong. */
static NOINLINE void in_global_right(void)
{
	struct set *s;

	kept = set_new("Set");
	for (int i = 0; i < 3; i++)
		set_add(kept, NULL);
	s = set_ref(kept);
	set_unref(s);
}

/* A request holds its connection while it is under way, and the connection has
 * a list of requests. */
static NOINLINE void request(struct set *connection)
{
	struct row *r = calloc(1, sizeof(*r));

	r->set = set_ref(connection);
	r->chain = connection->other;
	connection->other = r;
}

static NOINLINE void requests_in_use(void)
{
	kept = set_new("Connection");
	request(kept);
	request(kept);
}

static NOINLINE void requests_lost(void)
{
	struct set *connection = set_new("Connection");

	request(connection);
	request(connection);
	set_unref(connection);
}

/* The same where the reference is not taken in the call that makes the block. */
static NOINLINE void *get_zeroed(size_t size)
{
	return calloc(1, size);
}

static NOINLINE void link_request(struct set *connection, struct row *r)
{
	r->chain = connection->other;
	connection->other = r;
}

static NOINLINE void request_by_allocator(struct set *connection)
{
	struct row *r = get_zeroed(sizeof(*r));

	r->set = set_ref(connection);
	link_request(connection, r);
}

static NOINLINE struct row *closure_new(struct set *owned)
{
	struct row *r = calloc(1, sizeof(*r));

	r->set = owned;
	return r;
}

static NOINLINE void request_by_argument(struct set *connection)
{
	link_request(connection, closure_new(set_ref(connection)));
}

static NOINLINE void by_allocator(void)
{
	kept = set_new("Connection");
	request_by_allocator(kept);
	request_by_allocator(kept);
}

static NOINLINE void by_argument(void)
{
	kept = set_new("Connection");
	request_by_argument(kept);
	request_by_argument(kept);
}

/* One function makes the connection and its timer. */
static NOINLINE struct set *open_with_timer(void)
{
	struct set *connection = set_new("Connection");

	request(connection);
	return connection;
}

static NOINLINE void with_timer(void)
{
	kept = open_with_timer();
}

/* The counter alone tells of references. */
static NOINLINE void by_counter(void)
{
	struct row *r;

	kept = calloc(1, sizeof(*kept));
	kept->references = 1;
	refknot_object_counted(kept, "Connection", &kept->references);
	for (int i = 0; i < 2; i++) {
		r = calloc(1, sizeof(*r));
		kept->references++;
		r->set = kept;
		link_request(kept, r);
	}
}

/* Two sets with one block that is of both; it points at the first. */
static NOINLINE void shared(void)
{
	struct set *a = set_new("A"), *b = set_new("B");
	void **part = calloc(4, sizeof(*part));

	a->other = b->other = part;
	part[0] = set_ref(a);
	kept = b;
	set_unref(a);
}

/* Each is a value in a table of the other's. */
static NOINLINE void ring(void)
{
	struct set *a = set_new("A"), *b = set_new("B");

	set_add(a, set_ref(b));
	set_add(a, NULL);
	set_add(b, set_ref(a));
	set_unref(a);
	set_unref(b);
}

static NOINLINE void ring_and_more(void)
{
	struct set *a = set_new("A"), *b = set_new("B");

	set_add(a, set_ref(b));
	set_add(b, set_ref(a));
	forget(a);
	set_unref(a);
	set_unref(b);
}

/* Children know their parent, and nobody counts that. */
static NOINLINE void lose_family(unsigned children)
{
	struct set *parent = set_new("Parent");

	while (children--) {
		struct set *child = set_new("Child");

		child->other = parent;
		set_add(parent, child);
		refknot_move(child, NULL, parent);
	}
	forget(parent);
	set_unref(parent);
}

static void family1(void)
{
	lose_family(1);
}

static void family3(void)
{
	lose_family(3);
}

/* A named holder that was lost has it; what points back at it is stale. */
static NOINLINE void stale_of_another(void)
{
	struct set *holder = set_new("Holder"), *held = set_new("Held");
	struct set *child = set_new("Child");

	set_add(holder, held);
	refknot_move(held, NULL, holder);
	set_add(held, child);
	refknot_move(child, NULL, held);
	child->other = held;
	forget(holder);
	set_unref(holder);
}

/* --- Lists of objects, whose links and head are parts of them ---------------- */

struct item {
	int references;
	struct link of_set;
	struct set *set;
	struct item *next, **at; /* of a queue that ends */
};

static NOINLINE struct item *item_new(struct set *s)
{
	struct item *i = calloc(1, sizeof(*i));

	i->references = 1;
	i->set = s;
	refknot_object(i, "Item");
	return i;
}

static void insert(struct link *after, struct link *l)
{
	l->prev = after;
	l->next = after->next;
	after->next->prev = l;
	after->next = l;
}

static NOINLINE void add_items(struct set *s, unsigned items, bool counted)
{
	while (items--) {
		struct item *i = item_new(counted ? set_ref(s) : s);

		insert(items % 2 ? &s->order : s->order.prev, &i->of_set);
	}
}

static NOINLINE void lose_items(unsigned items)
{
	struct set *s = set_new("Set");

	add_items(s, items, false);
	forget(s);
	set_unref(s);
}

static void item1(void)
{
	struct set *s = set_new("Set");
	struct item *i = item_new(NULL);

	insert(&s->order, &i->of_set);
	forget(s);
	set_unref(s);
}

static void items5(void)
{
	lose_items(5);
}

/* The head is younger than what gets into its list. */
static void older_items(void)
{
	struct item *items[3];
	struct set *s;

	for (int i = 0; i < 3; i++)
		items[i] = item_new(NULL);
	s = set_new("Set");
	for (int i = 0; i < 3; i++)
		insert(&s->order, &items[i]->of_set);
	forget(s);
	set_unref(s);
}

/* A queue that ends, where each knows the pointer that leads to it. */
static void queue(void)
{
	struct set *s = set_new("Set");
	struct item **at = (struct item **)&s->other;

	for (int i = 0; i < 3; i++) {
		*at = item_new(NULL);
		(*at)->at = at;
		at = &(*at)->next;
	}
	s->buckets[0] = (struct link *)at;
	forget(s);
	set_unref(s);
}

/* Values know their entries, so that these are nobody's own. */
static void entries(void)
{
	struct set *s = set_new("Set");

	for (int i = 0; i < 3; i++) {
		struct set *value = set_new("Value");

		value->other = set_add(s, value);
	}
	forget(s);
	set_unref(s);
}

/* Two in one block, each with a list. */
static void pool(void)
{
	struct set *pool = calloc(2, sizeof(*pool));

	for (int i = 0; i < 2; i++) {
		pool[i].references = 1;
		pool[i].order.next = pool[i].order.prev = &pool[i].order;
		refknot_object(&pool[i], "Pooled");
		insert(&pool[i].order, calloc(1, sizeof(struct link)));
	}
}

/* Here the items do hold the set. */
static void counted_items(void)
{
	struct set *s = set_new("Set");

	add_items(s, 3, true);
	set_unref(s);
}

static const struct corner corners[] = {
	CORNER(list0),
	CORNER(list1),
	CORNER(list5),
	CORNER(itself),
	CORNER(stale_slot),
	CORNER(in_global),
	CORNER(in_global_right),
	CORNER(requests_in_use),
	CORNER(requests_lost),
	CORNER(by_allocator),
	CORNER(by_argument),
	CORNER(with_timer),
	CORNER(by_counter),
	CORNER(shared),
	CORNER(ring),
	CORNER(ring_and_more),
	CORNER(family1),
	CORNER(family3),
	CORNER(stale_of_another),
	CORNER(item1),
	CORNER(items5),
	CORNER(older_items),
	CORNER(queue),
	CORNER(entries),
	CORNER(pool),
	CORNER(counted_items),
};

MAIN(corners)
