/* SPDX-License-Identifier: MIT */
/*
 * Regions of every kind, one a run: passes NAME [PASSES]. Those that truly grow
 * forever, and those that only look so. See test_steady.py.
 */
#include <pthread.h>
#include <refknot.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))
#define MOST     20000

static void *kept[MOST];
static int count;
static int passes = 6;

/* Two ways to one leak. */
NOINLINE static void keep(size_t size)
{
	kept[count++ % MOST] = malloc(size);
}

NOINLINE static void keep_other(size_t size)
{
	kept[count++ % MOST] = malloc(size);
}

NOINLINE static void drop(void)
{
	free(kept[--count]);
	kept[count] = NULL;
}

NOINLINE static void session(void)
{
	void *s = malloc(48);

	refknot_object(s, "Session");
	kept[count++ % MOST] = s;
}

static void begin(void)
{
	refknot_region_begin("request");
	free(malloc(100));
}

static void end(void)
{
	refknot_region_end("request");
}

#define EACH_PASS(i)                                                           \
	for (int i = 0; i < passes; i++, end())                                \
		if (begin(), 1)

/* --- What grows ----------------------------------------------------------- */

static void grows(void)
{
	EACH_PASS(i)
	{
		session();
		session();
		keep(24);
	}
}

/* More at first, as caches fill up. */
static void grows_after_warmup(void)
{
	EACH_PASS(i)
	for (int k = 0; k < (i < 3 ? 10 : 1); k++)
		keep(24);
}

static void grows_every_third(void)
{
	EACH_PASS(i)
	if (i % 3 == 0)
		keep(24);
}

static void grows_every_hundredth(void)
{
	EACH_PASS(i)
	if (i % 100 == 50)
		keep(24);
}

/* Five in one pass, and three given back in the next. */
static void grows_unevenly(void)
{
	EACH_PASS(i)
	for (int k = 0; k < (i % 2 ? 3 : 5); k++)
		(i % 2 ? drop : (void (*)(void))session)();
}

/* In each pass by another function. */
static void grows_by_turns(void)
{
	static void (*const ways[])(size_t) = { keep, keep_other };

	EACH_PASS(i)
	ways[i % 2](24);
}

/* What fills up stands before what grows, in one function. */
NOINLINE static void keep_either(int grow)
{
	if (grow)
		kept[count++ % MOST] = malloc(24); /* grows */
	else
		kept[count++ % MOST] = malloc(24);
}

static void grows_at_one_line(void)
{
	EACH_PASS(i)
	keep_either(i >= 2);
}

static void *one_pass(void *data)
{
	begin();
	keep(24);
	end();
	return data;
}

static void run_thread(void *(*f)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, f, NULL))
		abort();
	pthread_join(thread, NULL);
}

/* A thread for each request. */
static void grows_in_threads(void)
{
	for (int i = 0; i < passes; i++)
		run_thread(one_pass);
}

static void grows_in_child(void)
{
	int status = 1;
	pid_t child = fork();

	if (!child) {
		grows();
		exit(0);
	}
	waitpid(child, &status, 0);
	if (status)
		abort();
}

/* 1 to 23 more in each pass; each 75th gives 150 back. */
static void grows_with_returns(void)
{
	unsigned random = 1;

	EACH_PASS(i)
	{
		random = random * 1103515245 + 12345;
		for (unsigned k = 0; k <= (random >> 16) % 23; k++)
			keep(24);
		for (int k = 0; i % 75 == 74 && k < 150; k++)
			drop();
	}
}

/* Threads that make ten passes each, so many at a time. */
struct crew {
	void (*work)(int pass);
	pthread_mutex_t mutex;
	int begun;
};
static struct crew crew = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static void *ten_passes(void *data)
{
	for (int i = 0; i < 10; i++) {
		pthread_mutex_lock(&crew.mutex);
		begin();
		crew.work(crew.begun++);
		end();
		pthread_mutex_unlock(&crew.mutex);
	}
	return data;
}

static void crew_run(void (*work)(int), int threads, int at_a_time)
{
	pthread_t list[64];

	crew.work = work;
	for (int n = 0; n < threads; n += at_a_time) {
		for (int i = 0; i < at_a_time; i++)
			if (pthread_create(&list[i], NULL, ten_passes, NULL))
				abort();
		for (int i = 0; i < at_a_time; i++)
			pthread_join(list[i], NULL);
	}
}

static void one_in_seven(int pass)
{
	if (pass % 7 == 3)
		keep(24);
}

static void grows_over_threads(void)
{
	crew_run(one_in_seven, passes / 10, 1);
}

static void grows_over_threads_at_once(void)
{
	crew_run(one_in_seven, passes / 10, 8);
}

static pthread_barrier_t turn;

static void *worker(void *leaks)
{
	for (int i = 0; i < passes; i++) {
		pthread_barrier_wait(&turn);
		begin();
		if (leaks)
			keep(24);
		end();
	}
	return NULL;
}

/* One of four, which work side by side. */
static void grows_in_one_of_threads(void)
{
	pthread_t list[4];

	pthread_barrier_init(&turn, NULL, 4);
	for (int i = 0; i < 4; i++)
		if (pthread_create(&list[i], NULL, worker,
				   i == 2 ? &turn : NULL))
			abort();
	for (int i = 0; i < 4; i++)
		pthread_join(list[i], NULL);
}

/* --- What does not ------------------------------------------------------------- */

static void steady(void)
{
	EACH_PASS(i)
	{
		keep(24);
		drop();
	}
}

static void caches_at_first(void)
{
	EACH_PASS(i)
	if (i < 3)
		keep(24);
}

static void initialises_late(void)
{
	EACH_PASS(i)
	if (i == passes - 2)
		for (int k = 0; k < 50; k++)
			keep(24);
}

/* A block more whenever twice as much is needed. */
static void doubles(void)
{
	EACH_PASS(i)
	if (!(i & (i - 1)))
		keep((size_t)i * 16 + 16);
}

/* A cache of 64 keys that come by chance. */
static void fills_a_cache(void)
{
	static char is_there[64];
	unsigned random = 1;

	EACH_PASS(i)
	{
		random = random * 1103515245 + 12345;
		if (!is_there[random >> 16 & 63]++)
			keep(24);
	}
}

/* Ten at a time are made, and one is used by each pass. */
static void plateaus(void)
{
	EACH_PASS(i)
	if (i % 10 == 0 && i < passes / 2)
		for (int k = 0; k < 10; k++)
			keep(24);
}

static void oscillates(void)
{
	EACH_PASS(i)
	(i % 2 ? drop : (void (*)(void))session)();
}

/* A queue that is emptied when it has eight. */
static void saws(void)
{
	EACH_PASS(i)
	{
		keep(24);
		while (i % 8 == 7 && count)
			drop();
	}
}

/* What passes leave is freed between them. */
static void freed_outside(void)
{
	for (int i = 0; i < passes; i++) {
		begin();
		keep(24);
		end();
		drop();
	}
}

static sem_t asked, done;
static void *volatile handed;

static void *consumer(void *data)
{
	for (int i = 0; i < passes; i++) {
		sem_wait(&asked);
		free(handed);
		sem_post(&done);
	}
	return data;
}

/* Handed to another thread, which frees it. */
static void handed_over(void)
{
	pthread_t thread;

	sem_init(&asked, 0, 0);
	sem_init(&done, 0, 0);
	if (pthread_create(&thread, NULL, consumer, NULL))
		abort();
	for (int i = 0; i < passes; i++) {
		begin();
		handed = malloc(24);
		sem_post(&asked);
		end();
		sem_wait(&done);
	}
	pthread_join(thread, NULL);
}

static __thread void *own;
static pthread_barrier_t all;

static void *set_up(void *data)
{
	begin();
	own = malloc(24);
	end();
	pthread_barrier_wait(&all);
	free(own);
	return data;
}

/* What each of several threads needs for itself. */
static void threads_set_up(void)
{
	pthread_t threads[64];

	pthread_barrier_init(&all, NULL, (unsigned)passes);
	for (int i = 0; i < passes; i++)
		if (pthread_create(&threads[i], NULL, set_up, NULL))
			abort();
	for (int i = 0; i < passes; i++)
		pthread_join(threads[i], NULL);
}

static void cache_up_to_60(int pass)
{
	static int cached;

	(void)pass;
	if (cached++ < 60)
		keep(24);
}

/* Twenty in the main thread, the others in threads: all of main's grow. */
static void warms_up_in_main(void)
{
	for (int i = 0; i < 20; i++) {
		begin();
		cache_up_to_60(i);
		end();
	}
	crew_run(cache_up_to_60, passes / 10, 4);
}

static void fills_a_cache_in_threads(void)
{
	crew_run(cache_up_to_60, passes / 10, 4);
}

static void *set_up_in_ten(void *data)
{
	for (int i = 0; i < 10; i++) {
		begin();
		if (!i)
			own = malloc(24);
		end();
	}
	pthread_barrier_wait(&all);
	free(own);
	return data;
}

/* The same, in more passes and one thread after another; some stay. */
static void threads_set_up_slowly(void)
{
	pthread_t threads[64];

	pthread_barrier_init(&all, NULL, 1);
	for (int i = 0; i < passes / 10 && i < 64; i++) {
		if (pthread_create(&threads[i], NULL, set_up_in_ten, NULL))
			abort();
		pthread_join(threads[i], NULL);
	}
}

static sem_t ready, never;

static void *stay(void *data)
{
	for (int i = 0; i < 10; i++) {
		begin();
		if (!i)
			own = malloc(24);
		end();
	}
	sem_post(&ready);
	sem_wait(&never);
	return data;
}

static void threads_stay(void)
{
	sem_init(&ready, 0, 0);
	sem_init(&never, 0, 0);
	for (int i = 0; i < passes / 10 && i < 64; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, stay, NULL))
			abort();
		sem_wait(&ready);
	}
}

/* --- Other corners ------------------------------------------------------------- */

static void two_regions(void)
{
	steady();
	for (int i = 0; i < 9; i++) {
		refknot_region_begin("poll");
		keep(24);
		refknot_region_end("poll");
	}
}

static void no_region(void)
{
	keep(24);
}

static void fails(void)
{
	grows();
	exit(7);
}

/* More places than are kept of one pass. */
static void overflows(void)
{
	char type[16];

	EACH_PASS(i)
	for (int k = 0; k < 1500; k++) {
		snprintf(type, sizeof(type), "T%d", k);
		session();
		refknot_rename(kept[count - 1], type);
		drop();
	}
}

/* A whole command: what is alive at the end grows with PASSES. */
static void leaves(void)
{
	for (int i = 0; i < passes; i++)
		session();
}

static void leaves_a_little(void)
{
	for (int i = 0; i < (passes < 4 ? passes : 4); i++)
		keep(24);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
#define CASE(corner)                                                           \
	{                                                                      \
		.name = #corner, .run = corner                                 \
	}
	CASE(grows),
	CASE(grows_after_warmup),
	CASE(grows_every_third),
	CASE(grows_every_hundredth),
	CASE(grows_unevenly),
	CASE(grows_by_turns),
	CASE(grows_at_one_line),
	CASE(grows_in_threads),
	CASE(grows_in_child),
	CASE(grows_with_returns),
	CASE(grows_over_threads),
	CASE(grows_over_threads_at_once),
	CASE(grows_in_one_of_threads),
	CASE(steady),
	CASE(caches_at_first),
	CASE(initialises_late),
	CASE(doubles),
	CASE(fills_a_cache),
	CASE(plateaus),
	CASE(oscillates),
	CASE(saws),
	CASE(freed_outside),
	CASE(handed_over),
	CASE(threads_set_up),
	CASE(warms_up_in_main),
	CASE(fills_a_cache_in_threads),
	CASE(threads_set_up_slowly),
	CASE(threads_stay),
	CASE(two_regions),
	CASE(no_region),
	CASE(fails),
	CASE(overflows),
	CASE(leaves),
	CASE(leaves_a_little),
};

int main(int argc, char **argv)
{
	if (argc > 2)
		passes = atoi(argv[2]);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (argc > 1 && !strcmp(cases[i].name, argv[1])) {
			cases[i].run();
			return 0;
		}
	return 99;
}
