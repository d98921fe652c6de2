/* SPDX-License-Identifier: MIT */
/*
 * Objects in a pool, each where an older block began that was freed. One corner
 * a run, by name; test_pools.py tells what is expected of each.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "node.h"

#define OLD 8
/* Bytes from which on a block is a mapping of its own: larger than what gaps there
 * are between other mappings. Nobody touches them. */
#define MMAP (4ul << 20)
#define POOL (7 * MMAP + MMAP / 2) /* that fit where the old ones were */

static char *old[OLD];
static char *volatile in_use;

static void old_new(size_t size, bool named)
{
	mallopt(M_MMAP_THRESHOLD, MMAP);
	for (int i = 0; i < OLD; i++) {
		old[i] = malloc(size);
		if (named)
			refknot_object(old[i], "Old");
	}
	for (int i = 0; named && i < OLD; i++)
		refknot_release(old[i]);
}

static void *old_free(void *unused)
{
	for (int i = 0; i < OLD; i++)
		free(old[i]);
	return unused;
}

/* All that can be done with one. */
static NOINLINE void use(char *p)
{
	struct node *n = (struct node *)p;

	memset(n, 0, sizeof(*n));
	n->references = 1;
	refknot_object_counted(n, "Pooled", &n->references);
	CHECK(refknot_is_tracked(n) && refknot_getrefcount(n) == 1);
	node_ref(n, NULL, NULL);
	CHECK(refknot_getrefcount(n) == 2);
	refknot_release(n);
	n->references--;
}

static NOINLINE void end(char *p)
{
	refknot_release(p);
	((struct node *)p)->references--;
	refknot_object_end(p);
	CHECK(!refknot_is_tracked(p));
}

/* Objects where all begin that are in the pool; each twice. */
static NOINLINE void use_all(char *pool, size_t size, int others)
{
	int there = 0;

	for (int k = 0; k < 2; k++) {
		for (int i = 0; i < OLD; i++)
			if ((uintptr_t)old[i] - (uintptr_t)pool < size - 4096) {
				use(old[i]);
				there++;
			}
		CHECK((int)refknot_get_objects(-1, NULL, NULL) ==
		      others + there / (k + 1));
		for (int i = 0; i < OLD; i++)
			if ((uintptr_t)old[i] - (uintptr_t)pool < size - 4096)
				end(old[i]);
	}
	CHECK(there >= 4);
}

static NOINLINE void over_mappings(bool named)
{
	char *pool;

	old_new(MMAP + 4096, named);
	old_free(NULL);
	pool = malloc(POOL);
	use_all(pool, POOL, 0);
	free(pool);
}

static NOINLINE void over_freed_mappings(void)
{
	over_mappings(false);
}

static NOINLINE void over_freed_objects(void)
{
	over_mappings(true);
}

static NOINLINE void over_those_of_a_thread(void)
{
	pthread_t thread;
	char *pool;

	old_new(MMAP + 4096, true);
	pthread_create(&thread, NULL, old_free, NULL);
	pthread_join(thread, NULL);
	pool = malloc(POOL);
	use_all(pool, POOL, 0);
	free(pool);
}

/* Blocks of the heap, which became one chunk. */
static NOINLINE void over_chunks(void)
{
	char *pool;

	old_new(4000, true);
	old_free(NULL);
	pool = malloc(OLD * 4000);
	use_all(pool, OLD * 4000, 0);
	free(pool);
}

/* The pool grows over them by realloc, with an object that it has already. */
static NOINLINE void a_pool_grows(void)
{
	char *pool, *before;

	old_new(MMAP + 4096, false);
	pool = before = malloc(MMAP + 8192); /* below them */
	refknot_object(pool + 64, "First");
	old_free(NULL);
	pool = realloc(pool, POOL);
	CHECK(pool == before && refknot_is_tracked(pool + 64));
	use_all(pool, POOL, 1);
	refknot_release(pool + 64);
	free(pool);
}

/* An object moves with its pool to where an older block began. */
static NOINLINE void a_pool_moves(void)
{
	char *pool = calloc(1, MMAP - 4096), *to;
	size_t offset = 0;

	old_new(MMAP + 4096, false);
	old_free(NULL);
	to = malloc(POOL); /* to learn its address */
	for (int i = 0; i < OLD; i++)
		if ((uintptr_t)old[i] - (uintptr_t)to < MMAP - 8192)
			offset = (size_t)(old[i] - to);
	free(to);
	CHECK(offset);
	refknot_object(pool + offset, "Moved");
	pool = realloc(pool, POOL);
	CHECK(pool == to && refknot_is_tracked(pool + offset));
	refknot_release(pool + offset);
	free(pool);
}

/* Two of them hold each other. */
static NOINLINE void a_cycle(void)
{
	struct node *n[OLD];
	int there = 0;
	char *pool;

	old_new(MMAP + 4096, false);
	old_free(NULL);
	pool = malloc(POOL);
	in_use = pool;
	for (int i = 0; i < OLD; i++)
		if ((uintptr_t)old[i] - (uintptr_t)pool < POOL - 4096) {
			n[there++] = (struct node *)old[i];
			refknot_object(old[i], "Ring");
		}
	CHECK(there >= 2);
	if (there < 2)
		return;
	n[0]->next = n[1];
	n[1]->next = n[0];
	refknot_move(n[0], NULL, n[1]);
	refknot_move(n[1], NULL, n[0]);
	CHECK(refknot_collect(2) == 2);
	for (int i = 2; i < there; i++) {
		refknot_release(n[i]);
		refknot_object_end(n[i]);
	}
}

static const struct corner corners[] = {
	CORNER(over_freed_mappings),
	CORNER(over_freed_objects),
	CORNER(over_those_of_a_thread),
	CORNER(over_chunks),
	CORNER(a_pool_grows),
	CORNER(a_pool_moves),
	CORNER(a_cycle),
};

MAIN(corners)
