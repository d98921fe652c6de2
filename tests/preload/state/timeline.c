/* SPDX-License-Identifier: MIT */
/* Series of allocations that are known: see test_timeline.py. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <refknot.h>

#define KIB    1024ul
#define MIB    (1024 * KIB)
#define BLOCKS 4096

static void *blocks[BLOCKS];

static void rest(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

__attribute__((noinline)) static void grow(unsigned from, unsigned to,
					   size_t size)
{
	for (unsigned i = from; i < to; i++) {
		blocks[i] = malloc(size);
		if (i % 64 == 63)
			rest(1);
	}
}

__attribute__((noinline)) static void shrink(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		free(blocks[i]);
		if (i % 64 == 63)
			rest(1);
	}
}

/* To 8 MiB, down to 1, to 4. */
static void hill(void)
{
	grow(0, 2048, 4 * KIB);
	refknot_mark("top");
	shrink(256, 2048);
	rest(30);
	refknot_mark("bottom");
	grow(256, 1024, 4 * KIB);
}

static void *climb(void *size)
{
	void *mine[512];

	for (unsigned i = 0; i < 512; i++) {
		mine[i] = malloc(*(size_t *)size);
		if (i % 16 == 15)
			rest(1);
	}
	for (unsigned i = 0; i < 512; i++)
		free(mine[i]);
	return NULL;
}

/* 8 MiB and 16 at the same time. */
static void threads(void)
{
	size_t sizes[] = { 16 * KIB, 32 * KIB };
	pthread_t t[2];

	for (unsigned i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, climb, &sizes[i]);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
}

static void forks(void)
{
	grow(0, 2048, 4 * KIB);
	if (!fork()) {
		grow(2048, 2304, 4 * KIB);
		shrink(2048, 2304);
		exit(0);
	}
	wait(NULL);
}

static void dies(void)
{
	hill();
	kill(getpid(), SIGKILL);
}

static void many(void)
{
	/* Nothing that a compiler could see. */
	void *(*volatile make)(size_t) = malloc;

	for (unsigned i = 0; i < 10000000; i++) {
		void **at = &blocks[i % BLOCKS];

		free(*at);
		*at = make(i % 128 + 1);
	}
}

/* Some 300 blocks a second, after a burst of a million. */
static void slow(void)
{
	for (unsigned i = 0; i < 1000000; i++) {
		free(blocks[0]);
		blocks[0] = malloc(i % 128 + 1);
	}
	for (unsigned i = 1; i < 800; i++) {
		blocks[i] = malloc(1000);
		rest(3);
	}
}

/* Stacks of 14 calls each of which may come from two places. */
__attribute__((noinline)) static void deep(unsigned bits, unsigned left,
					   size_t size)
{
	if (!left)
		blocks[bits % BLOCKS] = malloc(size);
	else if (bits & 1 << (left - 1))
		deep(bits, left - 1, size);
	else
		deep(bits, left - 1, size);
	__asm__ volatile("" ::: "memory");
}

/* 16,384 of them, of which 10 have a lot. */
static void wide(void)
{
	for (unsigned i = 0; i < 1u << 14; i++)
		deep(i, 14, i % 1638 ? 16 + i % 16 : MIB);
	rest(200);
	grow(0, 64, 64 * KIB);
	rest(200);
	grow(64, 128, 64 * KIB);
}

__attribute__((noinline)) static void briefly(size_t size)
{
	void *(*volatile make)(size_t) = malloc;

	free(make(size));
}

__attribute__((noinline)) static void *longer(size_t size)
{
	return malloc(size); /* its caller is the site */
}

__attribute__((noinline)) static void copies(void)
{
	char *p = NULL;

	for (size_t n = 16; n <= 32 * KIB; n *= 2) {
		p = realloc(p, n);
		briefly(n); /* in the way */
		blocks[0] = longer(n);
	}
	free(p);
}

/* Two of three blocks go at once, the third after 299 others. */
__attribute__((noinline)) static void churn(void)
{
	void *ring[100] = { 0 };

	for (unsigned i = 0; i < 300000; i++) {
		briefly(100);
		briefly(100);
		free(ring[i % 100]);
		ring[i % 100] = longer(200);
	}
	copies();
}

/* Of 1,275,000 blocks 1,200,000 live for 9,999 others, 75,000 for none; the last. */
static void phases(void)
{
	void *(*volatile make)(size_t) = malloc;
	static void *ring[10000];

	for (unsigned i = 0; i < 1275000; i++) {
		void *p = make(64);

		if (i < 1200000) {
			free(ring[i % 10000]);
			ring[i % 10000] = p;
		} else {
			free(p);
		}
	}
}

/* The same while each call takes the long way. */
static void inside(void)
{
	refknot_region_begin("all");
	churn();
	refknot_region_end("all");
}

__attribute__((noinline)) static void pile(void)
{
	static void **top;
	void **p = malloc(32);

	*p = top;
	top = p;
}

/* Of one stack blocks go after 99 others; then at once, while more and more is
 * alive. */
__attribute__((noinline)) static void rises(void)
{
	void *ring[100] = { 0 };
	unsigned late;

	for (unsigned i = 0; i < 60000; i++) {
		void **place = &ring[i % 100];

		late = i >= 30000;
		if (late)
			pile();
		/* No call is there twice. */
		__asm__ volatile("" : "+r"(late));
		free(*place);
		*place = longer(200);
		__asm__ volatile("" : "+r"(late));
		if (late) {
			free(*place);
			*place = NULL;
		}
	}
}

__attribute__((noinline)) static void *resized(void *p, size_t size)
{
	void *(*volatile change)(void *, size_t) = realloc;

	return change(p, size);
}

/* Blocks that are resized just before they go; the first 64 frees are samples. */
static void resizes(void)
{
	for (unsigned k = 0; k < 10; k++) {
		void *p = malloc(8);

		for (unsigned i = 0; i < 4; i++)
			briefly(40);
		for (unsigned i = 0; i < 100; i++)
			p = resized(p, 5000 + i);
		free(p);
	}
}

/* One block that is always there, and is large. */
static void moves(void)
{
	for (unsigned i = 0; i < 300; i++) {
		blocks[0] = resized(blocks[0], MIB + i * 100);
		rest(1);
	}
}

static void waits(void)
{
	grow(0, 640, 16 * KIB);
	rest(1000);
	kill(getpid(), SIGKILL);
}

/* 40 KiB only after it waited. */
static void late(void)
{
	for (unsigned i = 0; i < 10000; i++)
		briefly(24);
	rest(400);
	for (unsigned i = 0; i < 40; i++)
		blocks[i] = malloc(KIB);
	shrink(0, 40);
	rest(100);
}

/* One large block after it waited; just before that the clock was read. */
static void once(void)
{
	for (unsigned i = 0; i < 10000; i++)
		briefly(24);
	blocks[1] = malloc(MIB);
	rest(400);
	blocks[0] = malloc(50 * MIB);
	rest(100);
	free(blocks[0]);
}

/* 416 bytes. */
static void brief(void)
{
	for (unsigned i = 0; i < 13; i++)
		blocks[i] = malloc(32);
}

static void small(void)
{
	brief();
	rest(50);
}

/* One of 8 stays, and the most was alive at once. */
static void few(void)
{
	for (unsigned i = 0; i < 8; i++)
		blocks[i] = malloc(1000);
	for (unsigned i = 1; i < 8; i++)
		free(blocks[i]);
	rest(100);
}

static void ticks(void)
{
	for (unsigned i = 0; i < 500; i++) {
		void *p = malloc(100);

		refknot_mark("tick");
		free(p);
	}
}

static const struct {
	const char *name;
	void (*f)(void);
} series[] = {
	{ "hill", hill },     { "threads", threads }, { "forks", forks },
	{ "dies", dies },     { "many", many },       { "slow", slow },
	{ "wide", wide },     { "churn", churn },     { "phases", phases },
	{ "few", few },       { "resizes", resizes }, { "moves", moves },
	{ "late", late },     { "waits", waits },     { "ticks", ticks },
	{ "inside", inside }, { "rises", rises },     { "once", once },
	{ "small", small },   { "brief", brief },
};

int main(int argc, char **argv)
{
	for (unsigned i = 0; i < sizeof(series) / sizeof(*series); i++)
		if (argc > 1 && !strcmp(argv[1], series[i].name))
			series[i].f();
	return 0;
}
