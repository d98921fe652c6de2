/* SPDX-License-Identifier: MIT */
/*
 * One thread's part of the recording, and the answer to "am I inside refknot
 * already?": only this file knows.  There is no pthread key and no destructor:
 * a later thread finds the area of one that has ended, and takes it over.
 *
 * Only its own thread writes a struct thread, but for thread_publish_all(), while
 * no other runs; other threads read some of it.  What a signal handler may find
 * half done is one word, or is changed by one instruction.
 */
#ifndef THREAD_H
#define THREAD_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"
#include "process.h"
#include "shadow.h"
#include "stacks.h"
#include "store.h"
#include "unwind.h"

#define THREAD_RANGES 16
#define THREAD_AREAS  32768

#define THREAD_LEAVES     256
#define THREAD_LEAVES_FEW 32

/* What every call asks; an unknown thread has nothing else. */
struct thread_gate {
	uint64_t open;  /* `epoch`; or, inside refknot, the stack address
			   where it went inside: one word, since a signal
			   handler may come after any instruction and asks
			   for both */
	uint64_t epoch; /* the process_page.epoch that it knows of */
};
#define THREAD_NOBODY UINT64_MAX /* both, if no thread has the gate */

#define THREAD_SEEN     256
#define THREAD_OUTSIDE  16
#define THREAD_READABLE 256
#define THREAD_RETIRED  256 /* ended objects whose records are kept */

/* Free records of the ledger that it may use, a list of each kind: see
 * recycle.h. */
enum thread_free_kind {
	THREAD_FREE_OBJECTS,
	THREAD_FREE_REFERENCES,
	THREAD_FREE_EVENTS,
	THREAD_FREE_KINDS
};
struct thread_free {
	uint32_t first; /* 0: none */
	uint32_t count;
};

/* A call of realloc, by the state of its return to the caller; see
 * realloc_window.h. */
struct thread_moving {
	uint64_t sp; /* 0: there is none */
	uint64_t pc;
};

/* Its last free of what was not a live block; see strays.h. */
struct thread_stray {
	uint64_t address;
	const uint64_t *frame; /* of the hook; NULL: there was none */
	uint64_t words[2];     /* that were there */
	uint32_t kept;         /* in STORE_FREES; 0: it is not there */
	bool moves;
};

/* Calls in a handler that interrupted it, see is_within(). */
struct thread_nested {
	uint64_t open; /* the gate's, for which all else is */
	uint32_t seen; /* so often that was found out */
	uint32_t skip; /* calls for which it is not */
};

/* Whether to note stacks pays, see walk.c. */
struct thread_noting {
	uint64_t walks; /* by walk_from() */
	uint64_t since; /* walks and allocations when the slow ones began .. */
	uint32_t slow;  /* .. of which there were so many */
	uint32_t rests; /* so many slow ones are not noted */
};

struct thread {
	/* What every malloc and free looks at, in one line. */
	struct thread_gate gate;
	struct store_area *area;
	uint64_t extra, extra_end; /* birth numbers to give out, as words of
				      the shadow */
	int64_t live;              /* bytes since they were last published, and
				      live_base; below 0 they are published */
	uint64_t live_top;         /* the least value of `live` with which
				      malloc takes the long way: some limit */
	int32_t frees_left;        /* so many on, free takes the long way */

	int32_t put_off;   /* 0: that free is sampled; else it is an earlier
			      one, and so many on, one is sampled */
	int64_t live_base; /* so much more or less is published */
	int64_t live_most; /* above that value of `live` more is alive in the
			      process than ever */
	bool detour;       /* calls take the long way: regions are open, or
			      leaks not wanted */
	uint32_t sample;   /* a sampled free stands for about so many */
	uint32_t samples;
	uint32_t random; /* how many are between */
	uint32_t publishes;
	uint32_t batch;    /* of birth numbers that it takes .. */
	uint64_t batch_ns; /* .. and when it did */
	uint64_t dated;    /* bytes it had allocated when it last looked at the
			      clock for a peak for their sake */

	uint32_t number; /* of its area */
	uint32_t serial;
	uint64_t pointer; /* its thread pointer */
	bool verifying;   /* libunwind works: its blocks are not recorded */
	struct thread_moving moving;
	uint8_t
	    wanted; /* what it was asked for meanwhile: enum realloc_window_want */
	struct thread_stray stray;
	struct thread_nested nested;
	struct thread_noting noting;
	uint64_t unverified; /* stacks since the last that verify.c looked at */
	struct cfi_bounds ranges[THREAD_RANGES]; /* stacks known to be mapped */
	uint32_t regions_open;
	struct regions *regions; /* see regions.c; NULL: it never had one .. */
	struct regions *regions_memory; /* .. of its own in this, its area's */
	uint64_t tame;    /* STORE_TAMED while leaks are not wanted, else 0 */
	uint32_t changes; /* 1: it changes the ledger, see ledger_gate.h */
	struct thread_free free[THREAD_FREE_KINDS];
	uint32_t seen[THREAD_SEEN]; /* objects, by address: see references.c */
	uint64_t around; /* start of a block, see block_at.c; 0: none */
	uint64_t outside[THREAD_OUTSIDE]; /* holders in modules' data */
	uint64_t seals;                   /* the seals.count of `readable` */
	uint64_t order;  /* of the last thing that it did to an object */
	uint32_t retire; /* objects retired so far */
	uint32_t retired[THREAD_RETIRED];
	/* Pages of their own, which thread_forget() gives back. */
	__attribute__((aligned(4096))) struct walk_leaf leaves[THREAD_LEAVES];
	struct shadow_way ways[SHADOW_WAYS];
	uint64_t readable[THREAD_READABLE]; /* numbers of pages, see seals.h */
	/* What is used of these by a thread that knows few stacks is in few
	 * pages: the ends of one, all of the next, the start of the last. */
	struct stacks_memo memo;
	struct walk_leaf leaves_few[THREAD_LEAVES_FEW];
	struct walk walk;
};
static_assert(offsetof(struct thread, put_off) < 64, "more than one line");

/* Never NULL: a thread that is not attached has only a closed gate; else it is
 * the start of its struct thread. */
extern HIDDEN _Thread_local struct thread_gate *thread_self;

static inline struct thread *thread_behind(struct thread_gate *gate)
{
	return (struct thread *)gate;
}

/* What rooms above do with threads, set when the library is loaded; NULL:
 * nothing. With the first every hook takes the slow way inside, which checks
 * its stack there; the other is called by a thread that has just been attached.
 */
extern HIDDEN void (*thread_verify)(struct thread *t, const void *frame);
extern HIDDEN void (*thread_attaches)(void);

/* The calling thread; NULL if it is not attached to this recording. */
struct thread *thread_attached(void);

/* `frame` is the hook's frame, or NULL if the hook does not allocate. */
struct thread *thread_enter_slowly(uint64_t here, const void *frame);

/* Goes inside until thread_leave(). Returns the calling thread; NULL if nothing
 * is recorded, or it is inside already. */
static inline struct thread *thread_enter(const void *frame)
{
	uint64_t here = ADDRESS(frame ? frame : __builtin_frame_address(0));
	struct thread_gate *gate = thread_self;
	struct thread *t = thread_behind(gate);

	if (unlikely(gate->open != READ_ONCE(process_page.epoch))) {
		if (READ_ONCE(process_over))
			return NULL;
		t = thread_enter_slowly(here, frame);
		if (!t)
			return NULL;
	}
	WRITE_ONCE(t->gate.open, here);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return t;
}

/* The same for a thread whose gate is open. */
static inline void thread_close(struct thread *t, const void *frame)
{
	WRITE_ONCE(t->gate.open, ADDRESS(frame));
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Counts a call of refknot.h for which thread_enter() returned NULL. */
void thread_missed_call(void);
/* The same as thread_enter(), for such a call. */
static inline struct thread *thread_enter_call(void)
{
	struct thread *t = thread_enter(NULL);

	if (unlikely(!t))
		thread_missed_call();
	return t;
}

static inline void thread_leave(struct thread *t)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	/* Who sees it outside sees what it did inside, too. */
	STORE_RELEASE(t->gate.open, t->gate.epoch);
}

/* Whether the thread of that area is inside refknot. */
bool thread_is_inside(uint32_t number);
/* Whether a lock that names thread `number` is nobody's, as that thread left its
 * call by a longjmp out of a handler. `t` is inside, waits for the lock, and takes
 * no such lock twice. */
bool thread_has_left(const struct thread *t, uint32_t number);

/* Whether the calling thread runs a handler that interrupted refknot and has not left
 * it by longjmp. */
bool thread_is_interrupted(void);
/* Who the calling thread is, if it is inside: then such a handler runs, or did when it
 * left by longjmp. Else NULL. */
const void *thread_interrupted(void);
/* The same in a forked child, which only the calling thread is in. */
const void *thread_forked(void);

/* The thread that has area `number`; NULL if there is none. Numbers ascend from
 * 1 without gaps to thread_numbers()-1. */
struct thread *thread_at(uint32_t number);
uint32_t thread_numbers(void);

/* Whether the owner of area `number` still exists, as a thread of this process
 * or of another that shares this memory. */
bool thread_is_there(uint32_t number);

/* How many threads of other processes share this memory, as far as they have
 * allocated and still exist: they cannot be stopped. */
uint32_t thread_outside(void);

/* Where the mapped words above `sp` end; 0 if that is not known. */
uint64_t thread_stack_end_slowly(struct thread *t, uint64_t sp);
static inline uint64_t thread_stack_end(struct thread *t, uint64_t sp)
{
	if (likely(sp >= t->ranges[0].least && sp < t->ranges[0].most))
		return t->ranges[0].most;
	return thread_stack_end_slowly(t, sp);
}

/*
 * Whether the memory of a stack has grown behind `*most` since its end was
 * found, as the heap does under a stack that a program allocated. Then `*most`
 * is its new end.
 */
bool thread_stack_grew(struct thread *t, uint64_t sp, uint64_t *most);

/* The word of the shadow for the next block: its birth number and the thread.
 * thread_births() gets more numbers. */
void thread_births(struct thread *t);
static inline uint64_t thread_extra_next(struct thread *t)
{
	uint64_t extra = t->extra;

	t->extra = extra + (1ull << STORE_BIRTH_SHIFT);
	return extra;
}
static inline uint64_t thread_extra(struct thread *t)
{
	if (unlikely(t->extra == t->extra_end))
		thread_births(t);
	return thread_extra_next(t);
}

/* The next free takes the long way, and no sample is lost. */
static inline void thread_await_free(struct thread *t)
{
	if (t->frees_left <= 0)
		return;
	t->put_off = t->frees_left;
	WRITE_ONCE(t->frees_left, 0);
}

/* From now on all calls take the long way. */
static inline void thread_take_detour(struct thread *t)
{
	t->detour = true;
	WRITE_ONCE(t->live_top, 0);
	thread_await_free(t);
}

/* Call it after a change of what makes them do so. If nothing does any more, the
 * next calls find that out. */
static inline void thread_set_detour(struct thread *t)
{
	if (t->regions_open || t->tame)
		thread_take_detour(t);
	else
		t->detour = false;
}

/* How often this thread has said that leaks are not wanted. It belongs to the
 * thread, whichever recording there is: a fork does not change it. */
extern HIDDEN _Thread_local uint32_t thread_tame_depth;
static inline void thread_set_tame(struct thread *t)
{
	t->tame = thread_tame_depth ? STORE_TAMED : 0;
	thread_set_detour(t);
}

/* Counters of `stack` for this thread; NULL if there is no room. The first looks
 * no further than to what is there. */
struct store_counter *thread_counter_slowly(struct store_area *area,
					    uint32_t stack);
static inline struct store_counter *
thread_counter_there(struct store_area *area, uint32_t stack)
{
	uint64_t i = stack / STORE_COUNTERS_PER_PAGE;
	uint64_t page = READ_ONCE(area->counters[i]);

	if (unlikely(!page))
		return NULL;
	return (struct store_counter *)store_at(page * 4096) +
	       stack % STORE_COUNTERS_PER_PAGE;
}
static inline struct store_counter *thread_counter(struct store_area *area,
						   uint32_t stack)
{
	struct store_counter *c = thread_counter_there(area, stack);

	return likely(c) ? c : thread_counter_slowly(area, stack);
}

/* On a slow way: if it is time for a point of the timeline, that is taken. */
void thread_look(struct thread *t);

/* Adds what the thread holds to the process's live bytes and peak. */
void thread_publish(struct thread *t);
/* Bytes of change that make it publish, at most: of little that is alive fewer
 * do. */
#define THREAD_PUBLISH (RKN_PEAK_THREAD / 2)

/* What it holds. Of another thread: as far as it does not publish just now. */
static inline int64_t thread_holds(const struct thread *t)
{
	return READ_ONCE(t->live) - READ_ONCE(t->live_base);
}

/* Whether so many bytes more, fewer than 4 GiB then, are no reason for the long
 * way. Without it thread_add() is all that they need, else thread_more(). */
static inline bool thread_has_room(const struct thread *t, uint64_t bytes)
{
	return (uint64_t)t->live + bytes < t->live_top;
}
static inline void thread_add(struct thread *t, uint64_t bytes)
{
	/* One instruction: a handler's frees are not lost. */
	__asm__("addq %1, %0" : "+m"(t->live) : "er"(bytes) : "cc");
}
/* Finds which limit was reached, and does what is to be done then. */
void thread_rises(struct thread *t);
/* Sets live_top, after a change of what it follows from. */
void thread_set_top(struct thread *t);
static inline void thread_more(struct thread *t, uint64_t bytes)
{
	thread_add(t, bytes);
	if (unlikely(!thread_has_room(t, 0)))
		thread_rises(t);
}

/* Whether this free takes the long way. One instruction, and its flags: a
 * handler's frees count, too. */
static inline bool thread_frees(struct thread *t)
{
	bool is_due;

	__asm__("subl $1, %0" : "+m"(t->frees_left), "=@ccle"(is_due));
	return is_due;
}

/*
 * Asked before a block is taken out: if there was never as much alive, that is
 * the peak, and thread_peak() notes it.  free() need not ask: the malloc that made
 * it so has called thread_await_free().  It is exact as long as one thread
 * allocates.  Of n threads each may have published THREAD_PUBLISH bytes too few,
 * and a peak that is as much higher may not count: at another moment up to
 * 2 n THREAD_PUBLISH more were alive (RKN_PEAK_THREAD).
 */
void thread_peak(struct thread *t);
static inline bool thread_is_at_peak(const struct thread *t)
{
	return t->live > t->live_most;
}

/* Likewise, for what is freed. */
static inline bool thread_shrinks(struct thread *t, uint64_t bytes)
{
	bool is_below;

	__asm__("subq %2, %0" : "+m"(t->live), "=@ccs"(is_below) : "er"(bytes));
	return is_below;
}
static inline void thread_less(struct thread *t, uint64_t bytes)
{
	if (unlikely(thread_shrinks(t, bytes)))
		thread_publish(t);
}

/* The same for every thread: only while none runs. */
void thread_publish_all(void);

/*
 * Thread pointers of all threads that ever were, each once, for the snapshot.
 * Returns the next one from slot `*at` on; 0 at the end.
 */
uint64_t thread_pointers_next(uint32_t *at);

#endif
