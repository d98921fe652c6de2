/* SPDX-License-Identifier: MIT */
/*
 * compare LOG RECORDING: replay a program's own log (events.h) and tell each
 * difference between what must be alive and what was recorded. 0: none.
 *
 * Of a program that was killed, one event of each thread may stand in one of
 * the two alone; those are counted, and told apart.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uthash.h>

#include "die.h"
#include "events.h"
#include "model.h"

#define PLACE_BYTES 256 /* no place is longer */
#define TOLD_MOST   20

/* The last that was noted of an address. */
struct last {
	uint64_t address;
	const struct log_event *event, *before; /* and the one before it */
	bool seen; /* among the blocks of the recording */
	UT_hash_handle hh;
};

struct comparison {
	const struct log *log;
	const struct model *m;
	struct last *last;
	uint64_t events, live, differences, cut;
	uint64_t made[LOG_PLACES], ended[LOG_PLACES];
	uint64_t made_bytes[LOG_PLACES], ended_bytes[LOG_PLACES];
};

static const struct log *read_log(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) || (size_t)st.st_size < sizeof(struct log))
		die(2, "%s is no log", path);
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		die(2, "%s cannot be mapped", path);
	close(fd);
	return p;
}

static void differ(struct comparison *c, const char *what, uint64_t address,
		   uint64_t want, uint64_t got)
{
	if (c->differences++ < TOLD_MOST)
		printf("0x%" PRIx64 ": %s: noted %" PRIu64 ", recorded %" PRIu64
		       "\n",
		       address, what, want, got);
}

static struct last *last_of(struct comparison *c, uint64_t address)
{
	struct last *l;

	HASH_FIND(hh, c->last, &address, sizeof(address), l);
	if (l)
		return l;
	l = xcalloc(1, sizeof(*l));
	l->address = address;
	HASH_ADD(hh, c->last, address, sizeof(l->address), l);
	return l;
}

static bool is_alive(const struct last *l)
{
	return l->event && l->event->kind == LOG_ALLOC;
}

static void replay_one(struct comparison *c, const struct log_event *e)
{
	struct last *l = last_of(c, e->address);
	bool alive = is_alive(l);

	c->events++;
	if (alive == (e->kind != LOG_FREE) ||
	    (!alive && e->kind == LOG_KEPT && !l->before))
		die(2, "the log contradicts itself at 0x%" PRIx64, e->address);
	if (e->kind == LOG_KEPT) { /* as if it had not been freed */
		e = l->before;
		c->ended[e->place]--;
		c->ended_bytes[e->place] -= e->size;
		c->live++;
	} else if (alive) {
		c->ended[l->event->place]++;
		c->ended_bytes[l->event->place] += l->event->size;
		c->live--;
	} else {
		c->made[e->place]++;
		c->made_bytes[e->place] += e->size;
		c->live++;
	}
	l->before = l->event;
	l->event = e;
}

static void replay(struct comparison *c)
{
	uint64_t count = c->log->count;

	if (count > c->log->capacity)
		count = c->log->capacity;
	for (uint64_t i = 0; i < count; i++)
		if (c->log->events[i].kind)
			replay_one(c, &c->log->events[i]);
}

/* The place whose function `address` is in; -1: none. */
static int place_at(const struct log *log, uint64_t address)
{
	int nearest = -1;

	for (int i = 0; i < LOG_PLACES; i++)
		if (log->places[i] < address &&
		    (nearest < 0 || log->places[i] > log->places[nearest]))
			nearest = i;
	if (nearest < 0 || address - log->places[nearest] > PLACE_BYTES)
		return -1;
	return nearest;
}

/* One place has a function of its own between it and the allocator. */
static int place_of(const struct comparison *c, uint32_t stack)
{
	uint32_t frame = c->m->stacks[stack].frame;
	int place = -1;

	for (int i = 0; i < 2 && frame && place < 0; i++) {
		place = place_at(c->log, c->m->frames[frame].address);
		frame = c->m->frames[frame].parent;
	}
	return place;
}

static void compare_block(struct comparison *c, const struct rkn_block *b)
{
	int place = place_of(c, b->stack);
	const struct log_event *e;
	struct last *l;

	HASH_FIND(hh, c->last, &b->address, sizeof(b->address), l);
	if (place < 0 && !(l && is_alive(l)))
		return; /* not one that the program allocated itself */
	if (!l || !is_alive(l))
		return differ(c, "alive", b->address, 0, 1);
	e = l->event;
	l->seen = true;
	if (e->size != b->size)
		differ(c, "size", b->address, e->size, b->size);
	if (e->place != place)
		differ(c, "place", b->address, e->place, (uint64_t)place);
	if (e->thread != c->m->threads[b->thread].tid)
		differ(c, "thread", b->address, e->thread,
		       c->m->threads[b->thread].tid);
}

static void compare_blocks(struct comparison *c)
{
	struct last *l, *next;

	for (size_t i = 0; i < c->m->block_count; i++)
		compare_block(c, &c->m->blocks[i]);
	HASH_ITER (hh, c->last, l, next)
		if (is_alive(l) && !l->seen)
			differ(c, "alive", l->address, 1, 0);
}

static void compare_counters(struct comparison *c)
{
	struct rkn_stack sums[LOG_PLACES] = { 0 };

	for (size_t i = 1; i < c->m->stack_count; i++) {
		const struct rkn_stack *s = &c->m->stacks[i];
		int place = place_of(c, (uint32_t)i);

		if (place < 0)
			continue;
		sums[place].allocations += s->allocations;
		sums[place].allocated_bytes += s->allocated_bytes;
		sums[place].frees += s->frees;
		sums[place].freed_bytes += s->freed_bytes;
	}
	for (int i = 0; i < LOG_PLACES; i++) {
		uint64_t at = c->log->places[i];

		if (sums[i].allocations != c->made[i])
			differ(c, "allocations", at, c->made[i],
			       sums[i].allocations);
		if (sums[i].frees != c->ended[i])
			differ(c, "frees", at, c->ended[i], sums[i].frees);
		if (sums[i].allocated_bytes != c->made_bytes[i])
			differ(c, "allocated bytes", at, c->made_bytes[i],
			       sums[i].allocated_bytes);
		if (sums[i].freed_bytes != c->ended_bytes[i])
			differ(c, "freed bytes", at, c->ended_bytes[i],
			       sums[i].freed_bytes);
	}
}

static void forget(struct comparison *c)
{
	struct last *l, *next;

	HASH_ITER (hh, c->last, l, next) {
		HASH_DEL(c->last, l);
		free(l);
	}
}

int main(int argc, char **argv)
{
	struct comparison c = { 0 };
	uint64_t allowed;
	struct model m;
	int error;

	if (argc != 3)
		die(2, "usage: compare LOG RECORDING");
	error = model_load(&m, argv[2]);
	if (error)
		die(2, "%s", m.error);
	c.m = &m;
	c.log = read_log(argv[1]);
	replay(&c);
	compare_blocks(&c);
	if (c.log->stopped)
		compare_counters(&c);
	allowed = c.log->stopped ? 0 : 2 * c.log->threads;
	printf("%" PRIu64 " events, %" PRIu64 " alive, %" PRIu64
	       " differences\n",
	       c.events, c.live, c.differences);
	forget(&c);
	model_release(&m);
	return c.differences > allowed;
}
