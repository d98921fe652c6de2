/* SPDX-License-Identifier: MIT */
/*
 * churn SEED BOOK PLUGIN [OPTION...]: one random program, the same for the same
 * seed, which keeps the truth about its heap in the file BOOK, and its forked
 * children in BOOK.1 and so on.
 *
 *   skip=N[-M],...  leave these steps of the script out
 *   steps=N         have so many, whatever the seed says
 *   plain           end each process by exit(), each thread by return
 *   alone           without threads and children
 *   forks           with children from the beginning, that free much of what
 *                   they inherit; without the situation slack, as a child does
 *                   not know how much of a block its parent asked for
 *   stale           pointers stay in what is freed
 *   paths           let each block's call stack tell its number
 *
 * What is lost is so by construction: no pointer to it is left anywhere in
 * memory that the program can use, nor in a block that is freed, nor in dead
 * parts of a stack that is still run on.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blocks.h"
#include "clean.h"
#include "jobs.h"
#include "roots.h"
#include "sites.h"

enum ending { END_EXIT, END_RETURN, END_LEAVE, END_QUICK, END_SIGNAL, ENDINGS };

static uint64_t seed;
static uint32_t steps;
static bool alone;
static const char *skipped = "";
static char book_path[4096];

static bool is_skipped(uint32_t step)
{
	const char *at = skipped;

	while (*at) {
		char *end;
		unsigned long from = strtoul(at, &end, 10), to = from;

		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		if (step >= from && step <= to)
			return true;
		at = end + (*end == ',');
	}
	return false;
}

static void throw_dice(struct world *w, uint64_t number)
{
	w->dice =
	    (seed + 1) * 0xd1342543de82ef95ull ^ number * 0xaf251af3b0f025b5ull;
	roll(w, 2);
}

/* The child goes on with a shorter script. */
void job_child(struct world *w)
{
	static unsigned children;
	static char path[sizeof(book_path)];
	uint32_t length = between(w, 3, 25);
	uint64_t own = (uint64_t)roll(w, UINT32_MAX) << 16;
	pid_t pid;
	int status;

	if (w->depth == 2)
		return;
	snprintf(path, sizeof(path), "%.4000s.%u", w->book, ++children);
	pid = fork();
	if (pid < 0)
		abort();
	if (pid) {
		if (waitpid(pid, &status, 0) != pid || status)
			abort();
		return;
	}
	strcpy(book_path, path);
	blocks_fork(book_path);
	roots_end_kind(w, ROOT_THREAD_STACK);
	roots_end_kind(w, ROOT_THREAD_TLS);
	roots_end_kind(w, ROOT_REGISTER);
	roots_end_kind(w, ROOT_SHARED_MAP); /* the parent's, too */
	children = 0;
	w->depth++;
	w->dice = own;
	seed ^= own;
	steps = w->step + length;
}

static void fork_more(struct world *w)
{
	if (w->depth && chance(w, 60)) {
		w->by = SITUATION_free;
		job_free(w);
	}
	if (chance(w, 10) || (!w->depth && w->step == steps)) {
		w->by = SITUATION_child;
		job_child(w);
	}
}

static NOINLINE void run(struct world *w)
{
	for (w->step = 1; w->step <= steps; w->step++) {
		if (!w->depth && is_skipped(w->step))
			continue;
		throw_dice(w, w->step);
		if (w->forks)
			fork_more(w);
		jobs_do_some(w, alone);
	}
}

static enum ending some_ending(struct world *w)
{
	enum ending ending = (enum ending)roll(w, ENDINGS);

	if (w->plain_ends || chance(w, 40) ||
	    (w->depth && ending == END_SIGNAL))
		return END_EXIT;
	return ending;
}

static NOINLINE void end(struct world *w, enum ending ending)
{
	if (chance(w, 10)) {
		w->by = SITUATION_unload;
		job_unload(w);
	}
	if (!blocks_are_right())
		abort();
	w->by = SITUATION_end;
	if (ending == END_RETURN)
		job_end(w);
	book->finished = 1 + ending;
	clean();
}

static void parse(struct world *w, int argc, char **argv)
{
	for (int i = 4; i < argc; i++)
		if (!strncmp(argv[i], "skip=", 5))
			skipped = argv[i] + 5;
		else if (!strncmp(argv[i], "steps=", 6))
			steps = (uint32_t)strtoul(argv[i] + 6, NULL, 10);
		else if (!strcmp(argv[i], "plain"))
			w->plain_ends = true;
		else if (!strcmp(argv[i], "alone"))
			alone = true;
		else if (!strcmp(argv[i], "forks"))
			w->forks = true;
		else if (!strcmp(argv[i], "stale"))
			blocks_stale = true;
		else if (!strcmp(argv[i], "paths"))
			sites_paths = 1;
		else
			exit(2);
}

static NOINLINE void prepare(struct world *w, char **argv)
{
	seed = strtoull(argv[1], NULL, 10);
	throw_dice(w, 0);
	steps = between(w, 3, 15);
	if (chance(w, 50))
		steps =
		    chance(w, 70) ? between(w, 15, 60) : between(w, 60, 250);
	for (int i = 0; i < WORLD_SIZES; i++)
		w->sizes[i] = between(w, 8, chance(w, 70) ? 300 : 4000);
	w->book = book_path;
	w->plugin = argv[3];
	snprintf(book_path, sizeof(book_path), "%s", argv[2]);
	blocks_open(book_path, seed);
}

int main(int argc, char **argv)
{
	static struct world w;
	void *volatile stack[8] = { NULL };
	enum ending ending;

	if (argc < 4)
		return 2;
	prepare(&w, argv);
	parse(&w, argc, argv);
	roots_init(stack);
	run(&w);
	throw_dice(&w, UINT32_MAX);
	ending = some_ending(&w);
	end(&w, ending);
	__asm__ volatile("" : : "r"(stack) : "memory");
	switch (ending) {
	case END_RETURN:
		return 0;
	case END_LEAVE:
		_exit(0);
	case END_QUICK:
		quick_exit(0);
	case END_SIGNAL:
		raise(SIGTERM);
		abort();
	case END_EXIT:
	case ENDINGS:
		exit(0);
	}
	return 0;
}
