/* SPDX-License-Identifier: MIT */
/*
 * events LOG EVENTS THREADS SEED END: allocate and free at random from all
 * functions of the family, blocks going from thread to thread, and keep a log
 * (events.h). END: "exit", or "kill" in the middle of it.
 */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "events.h"

#define NOINLINE  __attribute__((noinline, noclone, noipa))
#define OPAQUE(p) __asm__ volatile("" : "+r"(p) : : "memory")
#define SLOTS     (1u << 16)

/* What a thread has of it while it holds `taken`. */
static struct slot {
	atomic_flag taken;
	void *block;
	size_t size;
	uint16_t place;
} slots[SLOTS];

static struct log *notes;

static void note(enum log_kind kind, const void *p, size_t size, uint16_t place)
{
	static _Thread_local uint32_t self;
	uint64_t at = atomic_fetch_add(&notes->count, 1);
	struct log_event *e = &notes->events[at];

	if (!self)
		self = (uint32_t)gettid();
	if (at >= notes->capacity) {
		fprintf(stderr, "the log is full\n");
		_exit(3);
	}
	e->address = (uint64_t)(uintptr_t)p;
	e->size = size;
	e->thread = self;
	e->place = place;
	atomic_thread_fence(memory_order_release);
	e->kind = (uint16_t)kind;
}

/* Each place is a function, so that a stack tells which one it was. */
#define PLACE(name, call)                                                      \
	static NOINLINE void *name(void *old, size_t size)                     \
	{                                                                      \
		void *p = call;                                                \
		(void)old;                                                     \
		OPAQUE(p);                                                     \
		return p;                                                      \
	}

static void *by_posix(size_t size)
{
	void *p = NULL;

	return posix_memalign(&p, 128, size) ? NULL : p;
}

PLACE(by_malloc, malloc(size))
PLACE(by_calloc, calloc(1, size))
PLACE(by_aligned, aligned_alloc(64, size))
PLACE(by_memalign, memalign(256, size))
PLACE(by_posix_memalign, by_posix(size))
PLACE(by_valloc, valloc(size))
PLACE(by_realloc, realloc(old, size))
PLACE(by_reallocarray, reallocarray(old, size, 1))

static void *(*const places[LOG_PLACES])(void *, size_t) = {
	by_malloc,         by_calloc, by_aligned, by_memalign,
	by_posix_memalign, by_valloc, by_realloc, by_reallocarray,
};
#define FIRST_REALLOC 6

/* The same place from other depths: other stacks, one function. */
static NOINLINE void *dive(uint16_t place, void *old, size_t size,
			   unsigned depth)
{
	void *p = depth ? dive(place, old, size, depth - 1)
			: places[place](old, size);

	OPAQUE(p);
	return p;
}

/* Small sizes mostly, page sizes at times, and those that are mapped. */
static size_t any_size(uint64_t n)
{
	if (n % 4096 == 0)
		return 200000 + n % 100000;
	return n % 64 ? n >> 8 & 255 : n >> 8 & 16383;
}

static void give_back(struct slot *s)
{
	if (!s->block)
		return;
	note(LOG_FREE, s->block, 0, s->place);
	free(s->block);
	s->block = NULL;
}

/* To 0 bytes frees it, to what is impossible leaves it alone. */
static void change(struct slot *s, uint16_t place, size_t size, unsigned depth)
{
	void *old = s->block, *p;

	if (old)
		note(LOG_FREE, old, 0, s->place);
	p = dive(place, old, size, depth);
	if (!p && old && size)
		return note(LOG_KEPT, old, 0, s->place);
	s->block = p;
	s->size = size;
	s->place = place;
	if (p)
		note(LOG_ALLOC, p, size, place);
}

static void step(struct slot *s, uint64_t n)
{
	uint16_t place = n >> 32 & 7;
	size_t size = any_size(n & 0xffffffff);
	unsigned depth = n >> 40 & 15;

	if (place >= FIRST_REALLOC && !(n >> 50 & 63))
		size = PTRDIFF_MAX;
	if (place >= FIRST_REALLOC)
		return change(s, place, size, depth);
	if (place == 5 && n >> 50 & 31) /* whole pages are for few */
		place = 0;
	give_back(s);
	s->block = dive(place, NULL, size, depth);
	s->size = size;
	s->place = place;
	note(LOG_ALLOC, s->block, size, place);
}

static uint64_t wanted, seed;

static void *work(void *number)
{
	uint64_t n =
	    seed * 2862933555777941757ull + (uint64_t)(uintptr_t)number;

	while (atomic_load_explicit(&notes->count, memory_order_relaxed) <
	       wanted) {
		struct slot *s;

		n ^= n << 13;
		n ^= n >> 7;
		n ^= n << 17;
		s = &slots[(n * 0x9e3779b97f4a7c15ull) >> 48];
		if (atomic_flag_test_and_set(&s->taken))
			continue;
		step(s, n);
		atomic_flag_clear(&s->taken);
	}
	return NULL;
}

static void open_log(const char *path, uint32_t threads)
{
	uint64_t capacity = wanted + 4 * threads;
	size_t size = sizeof(*notes) + capacity * sizeof(*notes->events);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

	if (fd < 0 || ftruncate(fd, (off_t)size))
		exit(3);
	notes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (notes == MAP_FAILED)
		exit(3);
	notes->capacity = capacity;
	notes->threads = threads;
	for (int i = 0; i < LOG_PLACES; i++)
		notes->places[i] = (uint64_t)(uintptr_t)places[i];
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	uint32_t count;

	if (argc != 6)
		return 2;
	wanted = strtoull(argv[2], NULL, 10);
	count = (uint32_t)atoi(argv[3]) & 63;
	seed = strtoull(argv[4], NULL, 10) | 1;
	open_log(argv[1], count);
	for (uint32_t i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, work,
			       (void *)(uintptr_t)(i + 1));
	if (!strcmp(argv[5], "kill")) {
		while (atomic_load(&notes->count) < wanted / 2)
			;
		kill(getpid(), SIGKILL);
	}
	for (uint32_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	notes->stopped = 1;
	return 0;
}
