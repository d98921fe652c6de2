/* SPDX-License-Identifier: MIT */
/*
 * One corner of the ledger a run, by name: corners NAME. What test_ledger.py
 * expects of each stands there; a corner prints "yes" or "NO" for what the
 * program itself can see.
 */
#include <pthread.h>
#include <refknot.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "corners.h"

struct node {
	struct node *next, *other;
	int references;
	char rest[36];
};

static NOINLINE void *lose(size_t size)
{
	void *p = malloc(size);

	__asm__ volatile("" : "+r"(p) : : "memory");
	return p;
}

static struct node *global, *table[64];

static NOINLINE struct node *node_new(const char *type)
{
	struct node *n = calloc(1, sizeof(*n));

	n->references = 1;
	refknot_object(n, type);
	return n;
}

static NOINLINE void node_unref(struct node *n, struct node *holder,
				const char *field)
{
	refknot_release_by(n, holder, field);
	if (--n->references)
		return;
	if (n->next)
		node_unref(n->next, n, "next");
	free(n);
}

static NOINLINE struct node *node_ref(struct node *n, struct node *holder,
				      const char *field)
{
	refknot_retain_by(n, holder, field);
	n->references++;
	return n;
}

static NOINLINE void clean(void)
{
	struct node *n = node_new("Clean"), *m = node_new("Clean");

	n->next = node_ref(m, n, "next");
	node_unref(m, NULL, NULL);
	CHECK(refknot_getrefcount(m) == 1);
	node_unref(n, NULL, NULL);
	CHECK(refknot_get_objects(-1, NULL, NULL) == 0);
}

/* Each holds the other; `stale`: a global still points at one of them. */
static NOINLINE void make_cycle(int stale)
{
	struct node *n = node_new("Ring"), *m = node_new("Ring");

	n->next = node_ref(m, n, "next");
	m->next = node_ref(n, m, "next");
	node_unref(m, NULL, NULL);
	node_unref(n, NULL, NULL);
	global = stale ? n : NULL;
}

static void cycle(void)
{
	make_cycle(0);
}

static void stale_cycle(void)
{
	make_cycle(1);
}

/* A parent that nobody releases, and a child that points back: no cycle. */
static NOINLINE void weak(void)
{
	struct node *parent = node_new("Parent"), *child = node_new("Child");

	parent->next = child;
	refknot_move(child, NULL, parent);
	child->other = parent;
	refknot_weak(child, parent, "other");
}

/* The same, with the pointer back in a table of the child's. */
static NOINLINE void weak_table(void)
{
	struct node *parent = node_new("Parent"), *child = node_new("Child");
	void **rows = malloc(4 * sizeof(*rows)), **row = malloc(sizeof(*row));

	parent->next = child;
	refknot_move(child, NULL, parent);
	child->other = (struct node *)rows;
	rows[2] = row;
	*row = parent;
	refknot_weak(child, parent, "rows");
}

/* The same without a word about the pointer back. */
static NOINLINE void borrowed(void)
{
	struct node *keeper = node_new("Keeper"), *n = node_new("Owned");

	global = keeper;
	keeper->next = n;
	refknot_move(n, NULL, keeper);
	n->other = keeper;
}

static NOINLINE void leaked_in(struct node *n)
{
	refknot_retain(n);
	n->references++;
}

static NOINLINE void work(struct node *n)
{
	leaked_in(n);
}

/* One reference of three is never given back, though others were, near it. */
static NOINLINE void leaked_reference(void)
{
	struct node *n = node_new("Session");

	work(n);
	for (int i = 0; i < 10; i++) {
		node_ref(n, NULL, NULL);
		node_unref(n, NULL, NULL);
	}
	node_unref(n, NULL, NULL);
}

static NOINLINE void holder_ended(void)
{
	struct node *holder = node_new("Holder"), *n = node_new("Kept");

	global = n;
	node_ref(n, holder, "slot");
	node_unref(holder, NULL, NULL);
}

/* The links and weak edges of one that ends go with it, whatever it leads to. */
static NOINLINE void edges_of_ended(void)
{
	struct node *holder = node_new("Holder"), *n = node_new("Kept");
	struct node *other = node_new("Kept");

	table[0] = n;
	table[1] = other;
	refknot_weak(holder, n, "back");
	refknot_link(holder, other, "slot");
	refknot_weak(holder, holder, "self");
	node_ref(n, holder, "next");
	refknot_weak(other, n, "back");
	refknot_weak(holder, other, "back");
	node_unref(holder, NULL, NULL);
}

/* Three hold one each; the first has ended. */
static NOINLINE void holders_alive_and_ended(void)
{
	for (int i = 0; i < 3; i++) {
		struct node *holder = node_new("Holder"), *n = node_new("Kept");

		table[i] = n;
		holder->next = node_ref(n, holder, "next");
		node_unref(n, NULL, NULL);
		table[3 + i] = holder;
	}
	table[3]->next = NULL;
	node_unref(table[3], NULL, NULL);
	table[3] = NULL;
}

static NOINLINE void over_retained(void)
{
	global = node_new("Cached");
	leaked_in(global);
	leaked_in(global);
}

static NOINLINE void under_retained(void)
{
	struct node *holder = node_new("Owner"), *n = node_new("Shared");

	table[0] = holder;
	table[1] = n;
	refknot_link(holder, n, "a");
	refknot_link(holder, n, "b");
}

static NOINLINE void wrong_use(void)
{
	struct node *n = node_new("Wrong"), *m = node_new("Wrong");
	struct node *held = node_new("Wrong");

	refknot_release(n);
	refknot_release(n);
	free(n);
	refknot_retain(n);
	node_ref(m, NULL, NULL);
	free(m);
	refknot_release(held);
	table[2] = held;
}

/* What makes no sense is counted, and harms nobody. */
static NOINLINE void bad_pointers(void)
{
	static long array[2];
	long local;
	char *block = malloc(100);

	refknot_object(NULL, "X");
	refknot_object(&local, "X");
	refknot_object(array, "X");
	refknot_object(block + 3, "X");
	refknot_object((void *)-8l, "X");
	refknot_retain(NULL);
	refknot_release(block);
	refknot_retain_by(block, block, NULL);
	refknot_move(NULL, NULL, NULL);
	refknot_link(NULL, block, "f");
	refknot_unlink(block, NULL, "f");
	refknot_root(array);
	refknot_unroot_region(array, 1);
	refknot_object_end(block);
	refknot_rename(block, "Y");
	CHECK(refknot_getrefcount(block) == -1);
	CHECK(!refknot_is_tracked(array));
	free(block);
}

static NOINLINE void names(void)
{
	char longer[1000];
	struct node *n;

	memset(longer, 'n', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	table[0] = node_new(longer);
	table[1] = node_new("\033[31mred\n\xff");
	table[2] = node_new("");
	table[3] = node_new(NULL);
	for (int i = 0; i < 70000; i++) {
		snprintf(longer, sizeof(longer), "type %d", i);
		n = node_new(longer);
		node_unref(n, NULL, NULL);
	}
}

static int count_fields(const struct refknot_info *o, void *data)
{
	*(int *)data += o->field && !strcmp(o->field, "next");
	return 0;
}

static NOINLINE void moves(void)
{
	struct node *n = node_new("Moved"), *m = node_new("Moved");
	char *buffer = malloc(64);
	int fields = 0;

	n->next = node_ref(m, n, "next");
	n = realloc(n, 100000);
	CHECK(refknot_getrefcount(n) == 1);
	CHECK(refknot_get_referrers(m, count_fields, &fields) == 1 &&
	      fields == 1);
	refknot_object(buffer, "Outer");
	refknot_object(buffer + 48, "Inner");
	buffer = realloc(buffer, 50000);
	CHECK(refknot_is_tracked(buffer + 48));
	buffer = realloc(buffer, 40);
	CHECK(!refknot_is_tracked(buffer + 48) && refknot_is_tracked(buffer));
	free(buffer);
	node_unref(m, NULL, NULL);
	node_unref(n, NULL, NULL);
	CHECK(refknot_get_objects(-1, NULL, NULL) == 0);
}

static NOINLINE void counted(void)
{
	struct node *n = calloc(1, sizeof(*n));
	signed char *small = calloc(1, 64);

	n->references = 3;
	refknot_object_counted(n, "Counted", &n->references);
	CHECK(refknot_getrefcount(n) == 3);
	refknot_object_counter(small, "Small", small + 5, 1, 1);
	CHECK(refknot_getrefcount(small) == 1);
	small[5] = 4;
	CHECK(refknot_getrefcount(small) == 5);
	refknot_object_counter(small, "Small", small + 200, 1, 1);
	small[5] = 0;
	free(small);
	global = n;
}

static NOINLINE void tamed(void)
{
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	void **holder = malloc(32);
	void *hidden;

	refknot_root(malloc(101));
	refknot_not_leak(malloc(102));
	holder[0] = malloc(103);
	refknot_ignore(holder);
	*(void **)p = malloc(104);
	mprotect(p, 4096, PROT_READ);
	refknot_root_region(p, 4096);
	hidden = malloc(105);
	refknot_root(hidden);
	refknot_unroot(hidden);
	holder = malloc(48);
	table[3] = (void *)holder;
	holder[0] = malloc(106);
	refknot_no_scan(holder);
}

void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));
void __lsan_do_leak_check(void) __attribute__((weak));
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));
void __lsan_ignore_object(const void *) __attribute__((weak));

static NOINLINE void sanitizer(void)
{
	if (!__lsan_disable)
		return;
	__lsan_disable();
	__lsan_disable();
	*(void **)malloc(111) = malloc(112);
	__lsan_enable();
	lose(113);
	__lsan_enable();
	lose(114);
	__lsan_ignore_object(malloc(115));
}

static struct node *shared;

static void *hammer(void *unused)
{
	for (int i = 0; i < 20000; i++) {
		struct node *n = node_new("Private");

		refknot_retain(shared);
		refknot_retain_by(shared, n, "shared");
		refknot_retain_by(n, shared, "worker");
		if (i % 1000 == 0)
			refknot_collect(2);
		refknot_release_by(n, shared, "worker");
		refknot_release_by(shared, n, "shared");
		refknot_release(shared);
		node_unref(n, NULL, NULL);
	}
	return unused;
}

static void threads(void)
{
	pthread_t t[8];

	shared = node_new("Shared");
	for (int i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, hammer, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	CHECK(refknot_getrefcount(shared) == 1);
	CHECK(refknot_get_objects(-1, NULL, NULL) == 1);
	CHECK(refknot_get_referrers(shared, NULL, NULL) == 0);
	node_unref(shared, NULL, NULL);
}

static sigjmp_buf back;

static void handler(int number)
{
	struct node *n = shared;

	if (number == SIGUSR1)
		siglongjmp(back, 1);
	refknot_retain(n);
	refknot_release(n);
}

/* Timer signals interrupt calls; some are left by longjmp. */
static void signals(void)
{
	struct sigaction a = { .sa_handler = handler };
	volatile int left = 0;

	shared = node_new("Shared");
	sigaction(SIGALRM, &a, NULL);
	sigaction(SIGUSR1, &a, NULL);
	ualarm(200, 200);
	for (volatile int i = 0; i < 300000; i++) {
		refknot_retain(shared);
		refknot_release(shared);
	}
	ualarm(0, 0);
	for (volatile int i = 0; i < 100; i++) {
		if (sigsetjmp(back, 1))
			left++;
		else
			raise(SIGUSR1);
	}
	CHECK(left == 100);
	CHECK(refknot_getrefcount(shared) == 1);
	node_unref(shared, NULL, NULL);
}

static void node_clear(void *p)
{
	struct node *n = p, *next = n->next;

	n->next = NULL;
	if (next)
		node_unref(next, n, "next");
}

static int called;

static void count_call(enum refknot_phase phase, int generation, long found,
		       long uncollectable, void *data)
{
	(void)data;
	called += phase == REFKNOT_STOP && generation == 2 && found == 2 &&
		  !uncollectable;
}

static void collects(void)
{
	struct refknot_stats stats[3];

	refknot_type("Ring", node_clear);
	CHECK(refknot_add_callback(count_call, NULL) == 0);
	cycle();
	CHECK(refknot_get_objects(-1, NULL, NULL) == 2);
	CHECK(refknot_collect(2) == 2);
	CHECK(refknot_get_objects(-1, NULL, NULL) == 0);
	CHECK(called == 1);
	CHECK(refknot_collect(2) == 0);
	refknot_get_stats(stats);
	CHECK(stats[2].collections == 2 && stats[2].collected == 2);
	CHECK(refknot_remove_callback(count_call, NULL) == 0);
	CHECK(refknot_remove_callback(count_call, NULL) == -1);
	refknot_type("Ring", NULL);
	cycle();
	CHECK(refknot_collect(2) == 2);
	CHECK(refknot_get_garbage(NULL, NULL) == 2);
	/* As in Python, where gc.garbage holds them: once each. */
	CHECK(refknot_collect(2) == 0);
	CHECK(refknot_collect(2) == 0);
	refknot_get_stats(stats);
	CHECK(stats[2].uncollectable == 2);
	refknot_drop_garbage();
	CHECK(refknot_collect(2) == 2);
	refknot_get_stats(stats);
	CHECK(stats[2].uncollectable == 4);
	refknot_drop_garbage();
	refknot_type("Ring", node_clear);
	CHECK(refknot_collect(3) == -1);
	CHECK(refknot_collect(-1) == -1);
	CHECK(refknot_collect(2) == 2);
	CHECK(refknot_get_garbage(NULL, NULL) == 0);
}

static void generations(void)
{
	long count[3], threshold[3];

	refknot_get_threshold(threshold);
	CHECK(threshold[0] == 700 && threshold[1] == 10 && threshold[2] == 10);
	CHECK(refknot_isenabled());
	for (int i = 0; i < 64; i++)
		table[i] = node_new("Old");
	CHECK(refknot_get_objects(0, NULL, NULL) == 64);
	refknot_collect(0);
	CHECK(refknot_get_objects(1, NULL, NULL) == 64);
	refknot_collect(1);
	CHECK(refknot_get_objects(2, NULL, NULL) == 64);
	refknot_get_count(count);
	CHECK(count[0] == 0 && count[1] == 0 && count[2] == 1);
	refknot_freeze();
	CHECK(refknot_get_freeze_count() == 64);
	refknot_unfreeze();
	CHECK(refknot_get_freeze_count() == 0);
	/* A cycle of old objects is no business of the young. */
	cycle();
	CHECK(refknot_collect(0) == 2);
	CHECK(refknot_collect(0) == 0);
	/* Garbage grows older as what is in use does. */
	CHECK(refknot_collect(1) == 0);
	refknot_drop_garbage();
	CHECK(refknot_collect(1) == 0);
	CHECK(refknot_collect(2) == 2);
	refknot_set_threshold(10, 2, 2);
	for (int i = 0; i < 33; i++)
		table[i % 64]->next = node_new("Young");
	refknot_get_count(count);
	CHECK(count[1] + count[2] > 0);
	refknot_disable();
	CHECK(!refknot_isenabled());
}

static void last_release(void)
{
	struct node *n = node_new("Sole"), *holder = node_new("Holder");

	refknot_assert_last_release(n);
	node_ref(n, holder, "slot");
	fflush(stdout);
	refknot_assert_last_release(n);
}

static void forks(void)
{
	struct node *n = node_new("Parents");

	if (!fork()) {
		struct node *own = node_new("Childs");

		refknot_retain(n);
		refknot_release(n);
		CHECK(refknot_getrefcount(n) == -1);
		CHECK(refknot_getrefcount(own) == 1);
		free(own);
		exit(0);
	}
	wait(NULL);
	CHECK(refknot_getrefcount(n) == 1);
	node_unref(n, NULL, NULL);
}

/* What is lost after the check is nobody's concern. */
static void checks(void)
{
	if (!__lsan_do_leak_check)
		return;
	scrub();
	CHECK(__lsan_do_recoverable_leak_check() == 0);
	lose(116);
	scrub();
	CHECK(__lsan_do_recoverable_leak_check() == 1);
	__lsan_do_leak_check();
	lose(117);
	__lsan_do_leak_check();
	refknot_object(lose(118), "Late");
	exit(7);
}

static NOINLINE void use(struct node *n)
{
	node_ref(n, NULL, NULL);
	node_unref(n, NULL, NULL);
}

static NOINLINE void keep(struct node *n)
{
	use(n);
	global = node_ref(n, NULL, NULL);
	use(n);
}

/* keep() is called twice, and gives nothing back. */
static void balance(void)
{
	struct node *n = node_new("Kept"), *o = node_new("Used");

	use(n);
	keep(n);
	keep(n);
	node_unref(n, NULL, NULL);
	table[0] = o;
	keep(o);
	for (int i = 0; i < 100; i++)
		use(o);
}

static NOINLINE struct node *lookup(void)
{
	return node_ref(global, NULL, NULL);
}

static NOINLINE void forget(void)
{
	table[0] = lookup();
	__asm__ volatile("");
}

/* Of four references taken by lookup() three are one line's. */
static void far_callers(void)
{
	global = node_new("Far");
	forget();
#pragma GCC unroll 3
	for (int i = 0; i < 3; i++)
		table[1 + i] = lookup();
}

static NOINLINE void forget_it(struct node *n)
{
	node_ref(n, NULL, NULL);
}

/* A forgotten release, which a stale word hides. */
static void stale_reference(void)
{
	struct node *n = node_new("Hidden");

	table[0] = n;
	forget_it(n);
	node_unref(n, NULL, NULL);
}

/* Two references from long ago, of which one is given back in the end. */
static void long_history(void)
{
	struct node *n = node_new("Old");

	global = node_ref(n, NULL, NULL);
	table[0] = node_ref(n, NULL, NULL);
	for (int i = 0; i < 20; i++)
		use(n);
	refknot_release(n);
	for (int i = 0; i < 3; i++)
		use(n);
}

static const struct corner corners[] = {
	CORNER(clean),
	CORNER(cycle),
	CORNER(stale_cycle),
	CORNER(weak_table),
	CORNER(weak),
	CORNER(borrowed),
	CORNER(leaked_reference),
	CORNER(holder_ended),
	CORNER(edges_of_ended),
	CORNER(holders_alive_and_ended),
	CORNER(over_retained),
	CORNER(under_retained),
	CORNER(wrong_use),
	CORNER(bad_pointers),
	CORNER(names),
	CORNER(moves),
	CORNER(counted),
	CORNER(tamed),
	CORNER(sanitizer),
	CORNER(threads),
	CORNER(signals),
	CORNER(collects),
	CORNER(generations),
	CORNER(last_release),
	CORNER(forks),
	CORNER(balance),
	CORNER(checks),
	CORNER(stale_reference),
	CORNER(long_history),
	CORNER(far_callers),
};

MAIN(corners)
