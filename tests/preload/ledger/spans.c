/* SPDX-License-Identifier: MIT */
/* Regions and marks, one case a run: spans NAME. See test_spans.py. */
#include <pthread.h>
#include <refknot.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

struct node {
	struct node *next;
	char rest[24];
};

static struct node *list;
static char *volatile kept;

static NOINLINE void push(const char *type)
{
	struct node *n = malloc(sizeof(*n));

	n->next = list;
	list = n;
	if (type)
		refknot_object(n, type);
}

static NOINLINE void pop(void)
{
	struct node *n = list;

	list = n->next;
	free(n);
}

/* Pass i makes i + 1 nodes; the last one frees one more. */
static void passes(void)
{
	push("Node");
	for (int i = 0; i < 5; i++) {
		refknot_region_begin("load");
		for (int k = 0; k <= i; k++)
			push("Node");
		if (i == 4)
			pop();
		refknot_region_end("load");
		push("Node"); /* is in no pass */
	}
}

/* Of stacks that are known well, and of blocks that are freed as always. */
static void loops(void)
{
	for (int round = 0; round < 6; round++) {
		if (round == 3)
			refknot_region_begin("loop");
		for (int i = 0; i < 1000; i++)
			push(NULL);
		for (int i = 0; i < 700; i++)
			pop();
		if (round == 4)
			refknot_region_end("loop");
	}
}

static void nested(void)
{
	refknot_region_begin("outer");
	refknot_region_begin("inner");
	push(NULL);
	refknot_region_begin("inner"); /* again, in itself */
	push(NULL);
	refknot_region_end("inner");
	refknot_region_end("inner");
	refknot_region_begin("outer");
	refknot_region_end("outer");
	push(NULL);
	refknot_region_end("outer");
}

static jmp_buf out;

static NOINLINE void leave(void)
{
	refknot_region_begin("deeper");
	push(NULL);
	longjmp(out, 1);
}

static void left(void)
{
	refknot_region_begin("jump");
	if (!setjmp(out))
		leave();
	refknot_region_end("jump");
	refknot_region_end("jump");
	refknot_region_end(NULL);
	refknot_region_begin("last");
	refknot_region_end(NULL); /* another's, whose name is not known */
	refknot_region_end("");
	refknot_region_begin(NULL);
	refknot_region_end(NULL);
}

static void *in_thread(void *data)
{
	for (int i = 0; i < 10; i++) {
		refknot_region_begin("work");
		push("Node");
		refknot_region_end("work");
	}
	refknot_region_begin("work");
	return data;
}

static void threads(void)
{
	for (int i = 0; i < 3; i++) {
		pthread_t thread;

		pthread_create(&thread, NULL, in_thread, NULL);
		pthread_join(thread, NULL);
	}
}

/* Objects whose blocks move, whose kind changes, or that end before them. */
static void lives(void)
{
	void *p, *q, *r;

	refknot_region_begin("lives");
	p = malloc(10);
	refknot_object(p, "Buffer");
	p = realloc(p, 1000);
	p = realloc(p, 100000);
	free(p);
	q = malloc(16);
	refknot_object(q, "Thing");
	refknot_rename(q, "Other");
	r = malloc(16);
	refknot_object(r, "Pooled");
	refknot_object_end(r);
	refknot_region_end("lives");
	kept = q;
	list = r;
}

/* More distinct values than are kept, and more places than fit. */
static void many(void)
{
	for (int i = 0; i < 20; i++) {
		refknot_region_begin("values");
		for (int k = 0; k < i; k++)
			push("Node");
		refknot_region_end("values");
	}
	refknot_region_begin("types");
	for (int i = 0; i < 2000; i++) {
		char type[16];

		snprintf(type, sizeof(type), "T%d", i);
		push(type);
	}
	refknot_region_end("types");
	for (int i = 0; i < 40; i++)
		refknot_region_begin("deep");
	for (int i = 0; i < 40; i++)
		refknot_region_end("deep");
}

static void often(void)
{
	for (int i = 0; i < 1000000; i++) {
		char name[] = "pass";

		refknot_region_begin(name);
		name[0] = 'X';
		if (i % 1000 == 0)
			push("Node");
		refknot_region_end("pass");
	}
}

static void handler(int number)
{
	(void)number;
	refknot_region_begin("signal");
	push(NULL);
	refknot_region_end("signal");
	refknot_mark("signal");
}

static void signals(void)
{
	signal(SIGALRM, handler);
	for (int i = 0; i < 50; i++) {
		refknot_region_begin("loop");
		raise(SIGALRM);
		free(malloc(24));
		refknot_region_end("loop");
	}
}

/* The child's recording has its own passes alone. */
static void forks(void)
{
	int status = 1;
	pid_t child;

	refknot_region_begin("both");
	push(NULL);
	child = fork();
	if (!child) {
		refknot_region_begin("child");
		push("Childs");
		refknot_region_end("child");
		refknot_region_end("both"); /* began in the parent */
		exit(0);
	}
	waitpid(child, &status, 0);
	refknot_region_end("both");
}

static void marks(void)
{
	push("Node");
	push(NULL);
	refknot_mark("start");
	push("Node");
	push("Node");
	kept = malloc(100);
	refknot_mark("step");
	pop();
	refknot_mark("step");
	refknot_assert_no_growth("start or never"[0] == 's' ? "step" : "");
	kept = NULL;
}

static void growth(void)
{
	refknot_mark("start");
	push("Node");
	push("Node");
	push(NULL);
	refknot_assert_no_growth("start");
}

static void no_mark(void)
{
	refknot_assert_no_growth("of no such name");
}

static void many_marks(void)
{
	for (int i = 0; i < 100; i++) {
		push("Node");
		refknot_mark("again");
	}
}

static void *free_it(void *p)
{
	free(p);
	return NULL;
}

static void freed_elsewhere(void)
{
	pthread_t t;

	refknot_region_begin("work");
	kept = malloc(100);
	pthread_create(&t, NULL, free_it, kept);
	pthread_join(t, NULL);
	refknot_region_end("work");
}

/* By as many ways as there are numbers of that many bits. */
static NOINLINE void by_ways(unsigned bits, unsigned way)
{
	if (!bits)
		push(NULL);
	else if (way & 1)
		by_ways(bits - 1, way >> 1);
	else
		by_ways(bits - 1, way >> 1);
	__asm__ volatile("" : : : "memory");
}

#define WAYS 600 /* more than one page of the store's has counters for */

static void *half_of_them(void *first)
{
	for (unsigned way = *(unsigned *)first; way < WAYS; way += 2)
		by_ways(10, way);
	return first;
}

/* Each thread counts by itself, and the mark has the sum. */
static void many_stacks(void)
{
	unsigned numbers[] = { 0, 1 };
	pthread_t thread;

	pthread_create(&thread, NULL, half_of_them, &numbers[1]);
	pthread_join(thread, NULL);
	half_of_them(&numbers[0]);
	half_of_them(&numbers[0]);
	refknot_mark("start");
	refknot_assert_no_growth("start");
	for (int i = 0; i < 200; i++)
		pop();
	by_ways(10, 0);
	refknot_assert_no_growth("start");
	refknot_mark("end");
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
#define CASE(corner)                                                           \
	{                                                                      \
		.name = #corner, .run = corner                                 \
	}
	CASE(passes),     CASE(nested),          CASE(left),
	CASE(threads),    CASE(lives),           CASE(many),
	CASE(often),      CASE(signals),         CASE(forks),
	CASE(marks),      CASE(growth),          CASE(no_mark),
	CASE(many_marks), CASE(freed_elsewhere), CASE(many_stacks),
	CASE(loops),
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (argc > 1 && !strcmp(cases[i].name, argv[1]))
			cases[i].run();
	return 0;
}
