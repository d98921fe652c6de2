/* SPDX-License-Identifier: MIT */
/* Collections: what only C can do in them, and what nobody should. Numbers that
 * are as in Python are compared by test_scenarios.py. */
#include <pthread.h>
#include <refknot.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node.h"

static void node_clear(void *p)
{
	struct node *n = p, *next = n->next;

	n->next = NULL;
	if (!next)
		return;
	refknot_move(next, n, NULL);
	node_unref(next);
}

/* Rings of `length`, which nobody holds. */
static void make_rings(const char *type, int number, int length)
{
	for (int made = 0; made < number; made += length) {
		struct node *first = node_new(type), *last = first;

		for (int i = 1; i < length; i++) {
			last->next = node_new(type);
			node_ref(last->next, last, "next");
			node_unref(last->next);
			last = last->next;
		}
		last->next = node_ref(first, last, "next");
		node_unref(first);
	}
}

static void let_all_go(void)
{
	refknot_type("Ring", node_clear);
	refknot_drop_garbage();
	refknot_collect(2);
}

/* More than any list had room for once, and in one go. */
static void much(void)
{
	struct refknot_stats s[3];

	refknot_disable();
	make_rings("Ring", 200000, 10);
	CHECK(refknot_collect(2) == 200000);
	CHECK(refknot_collect(2) == 0);
	CHECK(refknot_get_garbage(NULL, NULL) == 200000);
	refknot_get_stats(s);
	CHECK(s[2].uncollectable == 200000);
	refknot_drop_garbage();
	CHECK(refknot_collect(2) == 200000);
	let_all_go();
	CHECK(refknot_get_objects(-1, NULL, NULL) == 0);
}

/* What has ended falls out of the garbage before it needs more memory. */
static void garbage_that_ends(void)
{
	static struct node *kept[3000];

	refknot_disable();
	for (int i = 0; i < 20; i++) {
		for (int n = 0; n < 3000; n++) {
			kept[n] = node_new("Ring");
			kept[n]->next = node_ref(kept[n], kept[n], "next");
			node_unref(kept[n]);
		}
		CHECK(refknot_collect(0) == 3000);
		CHECK(refknot_get_garbage(NULL, NULL) == 3000);
		for (int n = 0; n < 3000; n++)
			node_clear(kept[n]);
	}
}

static long inner, outer_found, starts;

static void collect_again(enum refknot_phase phase, int generation, long found,
			  long uncollectable, void *data)
{
	(void)data;
	CHECK(generation == 2);
	inner += refknot_collect(2);
	if (phase == REFKNOT_START) {
		starts++;
		CHECK(found == 0 && uncollectable == 0);
	} else {
		outer_found = found;
		CHECK(uncollectable == 2);
	}
}

static void clear_and_collect(void *p)
{
	inner += refknot_collect(2);
	node_clear(p);
}

/* As in Python: 0, and nothing is done. */
static void collect_within(void)
{
	struct refknot_stats s[3];

	refknot_type("Ring", clear_and_collect);
	make_rings("Ring", 4, 2);
	make_rings("Bare", 2, 2);
	refknot_add_callback(collect_again, NULL);
	CHECK(refknot_collect(2) == 6);
	CHECK(starts == 1 && inner == 0 && outer_found == 6);
	refknot_get_stats(s);
	CHECK(s[2].collections == 1 && s[2].collected == 4 &&
	      s[2].uncollectable == 2);
	refknot_remove_callback(collect_again, NULL);
	refknot_type("Bare", node_clear);
	refknot_drop_garbage();
	CHECK(refknot_collect(2) == 2);
}

static pthread_barrier_t meet;
static long other_found;

static void *collect_beside(void *unused)
{
	pthread_barrier_wait(&meet);
	other_found = refknot_collect(2);
	pthread_barrier_wait(&meet);
	return unused;
}

static void let_other_collect(enum refknot_phase phase, int generation,
			      long found, long uncollectable, void *data)
{
	(void)generation;
	(void)found;
	(void)uncollectable;
	(void)data;
	if (phase == REFKNOT_STOP)
		return;
	pthread_barrier_wait(&meet);
	pthread_barrier_wait(&meet);
}

/* Another thread's collection comes in the middle of this one. */
static void collect_at_once(void)
{
	struct refknot_stats s[3];
	pthread_t t;

	refknot_type("Ring", node_clear);
	make_rings("Ring", 6, 3);
	refknot_add_callback(let_other_collect, NULL);
	pthread_barrier_init(&meet, NULL, 2);
	pthread_create(&t, NULL, collect_beside, NULL);
	CHECK(refknot_collect(2) == 6);
	pthread_join(t, NULL);
	CHECK(other_found == 0);
	refknot_get_stats(s);
	CHECK(s[2].collections == 1 && s[2].collected == 6);
	refknot_remove_callback(let_other_collect, NULL);
	CHECK(refknot_collect(2) == 0);
}

static struct node *saved;

/* One object's clear brings another one back: whichever is the first. */
static void clear_and_save(void *p)
{
	struct node *n = p;

	if (!saved && n->next) {
		saved = n->next;
		node_ref(saved, NULL, NULL);
	}
	node_clear(p);
}

static void take_back(void)
{
	struct refknot_stats s[3];

	refknot_type("Ring", clear_and_save);
	make_rings("Ring", 2, 2);
	CHECK(refknot_collect(2) == 1);
	CHECK(saved && refknot_is_tracked(saved) && !!saved->next);
	refknot_get_stats(s);
	CHECK(s[2].collected == 1);
	refknot_type("Ring", node_clear);
	node_unref(saved);
	CHECK(refknot_get_objects(-1, NULL, NULL) == 0);
}

/* What an automatic check found is in use again before it is cleared. */
static void take_back_later(void)
{
	struct refknot_stats s[3];
	struct node *n = node_new("Ring");

	refknot_type("Ring", node_clear);
	refknot_set_threshold(1, 10, 10);
	n->next = node_ref(n, n, "next");
	node_unref(n);
	table[0] = node_new("Other");
	table[1] = node_new("Other");
	refknot_get_stats(s);
	CHECK(s[0].collected == 1);
	node_ref(n, NULL, NULL);
	CHECK(refknot_collect(2) == 0);
	CHECK(n->next == n);
	node_unref(n);
	CHECK(refknot_collect(2) == 1);
	refknot_get_stats(s);
	CHECK(s[0].collected == 1 && s[2].collected == 1);
	node_unref(table[0]);
	node_unref(table[1]);
}

/* An automatic check finds it, once; it waits to be cleared, and counts again in
 * what that collection returns. */
static int visited;

static int visit(const struct refknot_info *object, void *data)
{
	(void)data;
	(void)object;
	return ++visited == 10;
}

static void waits(void)
{
	struct refknot_stats s[3];

	refknot_type("Ring", node_clear);
	make_rings("Ring", 3000, 1);
	refknot_get_stats(s);
	CHECK(s[0].collections == 4 && s[0].collected == 2803);
	CHECK(refknot_get_objects(-1, NULL, NULL) == 3000);
	CHECK(refknot_get_objects(-1, visit, NULL) == 3000 && visited == 10);
	CHECK(refknot_collect(0) == 3000);
	CHECK(refknot_collect(2) == 0);
	refknot_get_stats(s);
	CHECK(s[0].collected == 3000);
	CHECK(refknot_get_objects(-1, NULL, NULL) == 0);
}

static char letters[] = "xyrzan0123456789";
static char calls[64];
static size_t calls_made;

/* "r" removes itself, and "a" adds "n". */
static void call(enum refknot_phase phase, int generation, long found,
		 long uncollectable, void *data)
{
	const char *letter = data;

	(void)generation;
	(void)found;
	(void)uncollectable;
	if (phase == REFKNOT_STOP)
		return;
	calls[calls_made++] = *letter;
	if (*letter == 'r')
		refknot_remove_callback(call, data);
	if (*letter == 'a')
		refknot_add_callback(call, &letters[5]);
}

static bool calls_are(const char *expected)
{
	calls_made = 0;
	memset(calls, 0, sizeof(calls));
	refknot_collect(0);
	return !strcmp(calls, expected);
}

/* In the order in which they were added; as Python's list they close up, so that
 * whoever removes itself has the next one left out that time. */
static void callbacks(void)
{
	for (int i = 0; i < 4; i++)
		CHECK(refknot_add_callback(call, &letters[i]) == 0);
	CHECK(calls_are("xyr"));
	CHECK(calls_are("xyz"));
	CHECK(refknot_add_callback(call, &letters[4]) == 0);
	CHECK(calls_are("xyzan"));
	CHECK(refknot_remove_callback(call, &letters[4]) == 0);
	CHECK(calls_are("xyzn"));
	CHECK(refknot_remove_callback(call, &letters[4]) == -1);
	for (int i = 0; i < 12; i++)
		CHECK(refknot_add_callback(call, &letters[6 + i % 10]) == 0);
	CHECK(refknot_add_callback(call, &letters[6]) == -1);
	CHECK(refknot_add_callback(NULL, NULL) == -1);
	CHECK(refknot_remove_callback(NULL, NULL) == -1);
	CHECK(calls_are("xyzn012345678901"));
}

static int turns;

static void count_turn(enum refknot_phase phase, int generation, long found,
		       long uncollectable, void *data)
{
	(void)phase;
	(void)generation;
	(void)found;
	(void)uncollectable;
	if (data != &turns)
		abort(); /* one's function with another one's data */
	__atomic_add_fetch(&turns, 1, __ATOMIC_RELAXED);
}

static void abort_unless(enum refknot_phase phase, int generation, long found,
			 long uncollectable, void *data)
{
	(void)phase;
	(void)generation;
	(void)found;
	(void)uncollectable;
	if (data != &table)
		abort();
}

static void *come_and_go(void *unused)
{
	for (int i = 0; i < 2000; i++) {
		if (refknot_add_callback(abort_unless, &table) ||
		    refknot_add_callback(count_turn, &turns) ||
		    refknot_remove_callback(abort_unless, &table) ||
		    refknot_remove_callback(count_turn, &turns))
			abort();
	}
	return unused;
}

static void callbacks_of_threads(void)
{
	pthread_t t[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, come_and_go, NULL);
	for (int i = 0; i < 500; i++)
		refknot_collect(0);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	CHECK(refknot_remove_callback(count_turn, &turns) == -1);
}

static pid_t parent;

static void clear_and_fork(void *p)
{
	static pid_t child;

	if (!child && !(child = fork())) {
		child = 1;
		node_clear(p);
		return;
	}
	if (getpid() == parent)
		node_clear(p);
	else
		abort(); /* a child has no lost objects of its parent's */
}

/* The child's records are others: it goes on, and clears nothing more. */
static void fork_within(void)
{
	int status = -1;

	parent = getpid();
	refknot_disable();
	refknot_type("Ring", clear_and_fork);
	make_rings("Ring", 20000, 2);
	refknot_collect(2);
	if (getpid() != parent)
		_exit(refknot_collect(2) == 0 ? 0 : 1);
	wait(&status);
	CHECK(status == 0);
	let_all_go();
}

/* Without memory: nothing is found, and that is said. */
static void no_memory(void)
{
	struct rlimit all, none = { 0, 0 };

	refknot_disable();
	refknot_type("Ring", node_clear);
	make_rings("Ring", 300000, 3);
	getrlimit(RLIMIT_AS, &all);
	none.rlim_max = all.rlim_max;
	/* Not by setrlimit(), which leaves refknot its room. */
	syscall(SYS_prlimit64, 0, RLIMIT_AS, &none, NULL);
	CHECK(refknot_collect(2) == -1);
	syscall(SYS_prlimit64, 0, RLIMIT_AS, &all, NULL);
	CHECK(refknot_collect(2) == 300000);
}

/* A line an object and check, in automatic ones, too. */
static void told(void)
{
	refknot_set_debug(REFKNOT_DEBUG_STATS | REFKNOT_DEBUG_COLLECTABLE |
			  REFKNOT_DEBUG_UNCOLLECTABLE);
	refknot_set_threshold(3, 10, 10);
	refknot_type("Ring", node_clear);
	make_rings("Bare", 1, 1);
	make_rings("Ring", 2, 2);
	table[0] = node_new("Other");
	CHECK(refknot_get_garbage(NULL, NULL) == 1);
	refknot_set_debug(0);
	CHECK(refknot_collect(2) == 2);
	refknot_type("Bare", node_clear);
	refknot_drop_garbage();
	CHECK(refknot_collect(2) == 1);
	node_unref(table[0]);
}

/* What a collection leaves is one generation older, and of no younger one's. */
static void generations(void)
{
	struct refknot_stats s[3];
	struct node *n;
	long counts[3];

	refknot_disable();
	refknot_type("Ring", node_clear);
	n = node_new("Ring");
	n->next = node_ref(n, n, "next");
	CHECK(refknot_get_objects(0, NULL, NULL) == 1);
	CHECK(refknot_collect(0) == 0);
	CHECK(refknot_get_objects(0, NULL, NULL) == 0);
	CHECK(refknot_get_objects(1, NULL, NULL) == 1);
	node_unref(n);
	make_rings("Ring", 4, 2);
	CHECK(refknot_collect(0) == 4);
	CHECK(refknot_collect(0) == 0);
	CHECK(refknot_get_objects(1, NULL, NULL) == 1);
	refknot_get_count(counts);
	CHECK(counts[0] == 0 && counts[1] == 3 && counts[2] == 0);
	CHECK(refknot_collect(1) == 1);
	CHECK(refknot_get_objects(-1, NULL, NULL) == 0);
	refknot_get_count(counts);
	CHECK(counts[0] == 0 && counts[1] == 0 && counts[2] == 1);
	n = node_new("Ring");
	n->next = node_ref(n, n, "next");
	CHECK(refknot_collect(0) == 0 && refknot_collect(1) == 0);
	CHECK(refknot_get_objects(2, NULL, NULL) == 1);
	node_unref(n);
	CHECK(refknot_collect(1) == 0 && refknot_collect(2) == 1);
	refknot_get_stats(s);
	CHECK(s[0].collections == 4 && s[0].collected == 4);
	CHECK(s[1].collections == 3 && s[1].collected == 1);
	CHECK(s[2].collections == 1 && s[2].collected == 1);
}

static const struct corner corners[] = {
	CORNER(much),
	CORNER(garbage_that_ends),
	CORNER(collect_within),
	CORNER(collect_at_once),
	CORNER(take_back),
	CORNER(take_back_later),
	CORNER(waits),
	CORNER(callbacks),
	CORNER(callbacks_of_threads),
	CORNER(fork_within),
	CORNER(no_memory),
	CORNER(told),
	CORNER(generations),
};

MAIN(corners)
