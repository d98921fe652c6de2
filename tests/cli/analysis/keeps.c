/* SPDX-License-Identifier: MIT */
/*
 * Blocks of which it is known by construction what keeps them; test_retained.py
 * has the numbers. Prints the addresses of some.
 *
 *     cache ─> 10 entries, a ring ─> a text each; the first two ─> label
 *     other ─> holder ─> label, and the ring's last entry if asked to
 *     mine (thread-local, of another thread) ─> own
 *     pool: a Job ─> its payload, a Task ─> its payload
 *     nothing ─> chain of 3 <─> each other; two heads ─> tail
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <refknot.h>

#define NEW __attribute__((noipa))

struct entry {
	struct entry *next, *last;
	char *text;
	void *label;
};

struct link {
	struct link *next, *before;
};

static struct entry **cache;
static void **other;
static __thread void *volatile mine;
static void **pool;

/* What stores something in its block is no wrapper, without debug information. */
static inline void *made(size_t size)
{
	char *p = calloc(1, size);

	*p = 1;
	__asm__ volatile("" : : "r"(p) : "memory");
	*p = 0;
	return p;
}

static NEW struct entry *entry_new(void)
{
	return made(32);
}

static NEW char *text_new(void)
{
	return made(100);
}

static NEW void *label_new(void)
{
	return made(50);
}

static NEW void *holder_new(void)
{
	return made(24);
}

static NEW void *own_new(void)
{
	return made(70);
}

static NEW void *payload_new(size_t size)
{
	return made(size);
}

static NEW struct link *link_new(void)
{
	return made(40);
}

static NEW void **head_new(void)
{
	return made(48);
}

static NEW void *tail_new(void)
{
	return made(200);
}

static NEW void make_cache(int also)
{
	struct entry *ring[10];
	void *label = label_new();

	cache = calloc(1, 16);
	other = holder_new();
	for (int i = 0; i < 10; i++) {
		ring[i] = entry_new();
		ring[i]->text = text_new();
	}
	for (int i = 0; i < 10; i++) {
		ring[i]->next = ring[(i + 1) % 10];
		ring[i]->last = ring[(i + 9) % 10];
	}
	ring[0]->label = ring[1]->label = label;
	cache[0] = ring[0];
	other[0] = label;
	other[1] = also ? ring[9] : NULL;
	printf("entry %p\nlabel %p\ntext %p\n", (void *)ring[0], label,
	       (void *)ring[3]->text);
	memset(ring, 0, sizeof(ring));
	__asm__ volatile("" : : "r"(ring) : "memory");
}

static NEW void make_pool(void)
{
	pool = calloc(1, 128);
	pool[1] = payload_new(40);
	pool[9] = payload_new(24);
	refknot_object(pool, "Job");
	refknot_object(pool + 8, "Task");
}

static NEW void lose(void)
{
	struct link *chain[3];
	void *tail = tail_new(), **head;

	for (int i = 0; i < 3; i++)
		chain[i] = link_new();
	for (int i = 0; i < 3; i++) {
		chain[i]->next = chain[(i + 1) % 3];
		chain[i]->before = chain[(i + 2) % 3];
	}
	printf("link %p\n", (void *)chain[1]);
	for (volatile int i = 0; i < 2; i++) { /* not unrolled */
		head = head_new();
		head[0] = tail;
		head[i + 1] = text_new();
	}
	head = holder_new();
	head[0] = tail;
	printf("tail %p\n", tail);
	memset(chain, 0, sizeof(chain));
	__asm__ volatile("" : : "r"(chain) : "memory");
}

/* What calls left on the stack leads nowhere. */
static NEW void wipe(void)
{
	char stack[8192];

	memset(stack, 0, sizeof(stack));
	__asm__ volatile("" : : "r"(stack) : "memory");
}

static NEW void make_own(void)
{
	mine = own_new();
}

/* It is there to the end. */
static void *thread(void *ready)
{
	make_own();
	wipe();
	sem_post(ready);
	for (;;)
		pause();
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t id;
	sem_t ready;

	(void)argv;
	setvbuf(stdout, NULL, _IONBF, 0);
	sem_init(&ready, 0, 0);
	if (pthread_create(&id, NULL, thread, &ready))
		return 1;
	sem_wait(&ready);
	make_cache(argc > 1);
	make_pool();
	lose();
	wipe();
	return 0;
}
