/* SPDX-License-Identifier: MIT */
#include "thread.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "aside.h"
#include "cfi.h"
#include "failure.h"
#include "leftovers.h"
#include "maps.h"
#include "own_memory.h"
#include "realloc_window.h"
#include "sys.h"
#include "timeline.h"

/* Numbers that a thread takes at a time: at first, and at most. */
#define BATCH      16u
#define BATCH_MOST 256u
#define BATCH_NS   50000000ull
#define PUBLISHES  8 /* of them one looks at the clock */
#define PROBES     8 /* areas that a new thread looks at for a dead owner */

#define PAGE 4096ull
/* A thread's stack reaches at most that far below its thread pointer. */
#define STACK_MOST (64ull << 20)

/* Equal to no epoch, not even that of a process that is not recorded, so that
 * nobody takes it for more than a gate. */
static struct thread_gate nobody = { .open = THREAD_NOBODY,
				     .epoch = THREAD_NOBODY };
_Thread_local struct thread_gate *thread_self = &nobody;
_Thread_local uint32_t thread_tame_depth;
void (*thread_verify)(struct thread *t, const void *frame);
void (*thread_attaches)(void);

/* In an area's `tid`: of another process that shares this memory; and somebody
 * takes it over just now. */
#define OUTSIDE (1u << 31)
#define TAKING  OUTSIDE

static APART struct thread *threads[THREAD_AREAS];
static uint32_t probe;
#define POINTERS (1u << 16)
static APART uint64_t pointers[POINTERS];

/* Which pages of them have any: to look at others would take memory. */
#define PAGE_POINTERS 512
static uint8_t pointer_pages[POINTERS / PAGE_POINTERS];
extern void *__libc_stack_end;

static struct store_area *area(uint32_t i)
{
	return store_record(STORE_AREAS, i);
}

static uint32_t areas(void)
{
	return (uint32_t)LOAD_ACQUIRE(store.header->tables[STORE_AREAS].count);
}

/* What the former owner did is noted under its own serial. */
static void close_account(struct store_area *a)
{
	struct rkn_thread *r = store_record(STORE_THREADS, a->serial);

	if (r && a->serial) {
		r->allocations = a->allocations - a->base_allocations;
		r->frees = a->frees - a->base_frees;
	}
	a->base_allocations = a->allocations;
	a->base_frees = a->frees;
}

/* Does that thread-local memory, if it is still there, have this area? */
static bool is_held(uint32_t at)
{
	const struct thread *t = thread_at(at);
	uint64_t self;
	long size;

	if (!t)
		return true;
	size = sys_peek(sys_pid(), &self,
			READ_ONCE(t->pointer) + ADDRESS(&thread_self) -
			    ADDRESS(thread_pointer()),
			sizeof(self));
	return size == -EFAULT ? false
			       : size != sizeof(self) || self == ADDRESS(t);
}

/*
 * Is there no thread any more that may use area `at`?  Threads of other
 * processes
 * that share this memory are asked for by their thread-local memory: it is a
 * thread's of ours where a vfork child was the first to allocate, and the
 * kernel does not know them under this process's number.
 */
static bool is_free(uint32_t at, uint32_t owner, bool outside)
{
	if (!owner || owner == TAKING)
		return false;
	if (owner & OUTSIDE)
		return !is_held(at);
	return !outside && !sys_thread_alive(process.pid, (int)owner);
}

/* An area whose owner has ended, now in the state TAKING; 0: none seen. */
static uint32_t take_over(uint32_t tid)
{
	uint32_t count = areas();

	for (unsigned i = 0; i < PROBES && count > 1; i++) {
		uint32_t at = __atomic_fetch_add(&probe, 1, __ATOMIC_RELAXED) %
				  (count - 1) +
			      1;
		struct store_area *a = area(at);
		uint32_t owner = a ? LOAD_ACQUIRE(a->tid) : 0;

		if (owner != tid && is_free(at, owner, tid & OUTSIDE) &&
		    CHANGE(a->tid, owner, TAKING))
			return at;
	}
	return 0;
}

/* A full table forgets: then a dead stack counts as a root. */
static void note_pointer(uint64_t pointer)
{
	uint32_t at = (uint32_t)(pointer >> 6) * 0x9e3779b1u >> 16;

	for (unsigned i = 0; i < 64; i++, at = (at + 1) % POINTERS) {
		uint64_t seen = 0;

		WRITE_ONCE(pointer_pages[at / PAGE_POINTERS], 1);
		if (READ_ONCE(pointers[at]) == pointer ||
		    CHANGE(pointers[at], seen, pointer) || seen == pointer)
			return;
	}
}

/* Code or counters may have changed: forgets what the thread remembers of
 * stacks. */
static void thread_forget(struct thread *t)
{
	const size_t kept = offsetof(struct thread, leaves);

	/* No memory for what was never used. */
	own_memory_empty((char *)t + kept, sizeof(*t) - kept);
	unwind_begin(&t->walk, (uint32_t)process.settings.depth);
}

struct thread *thread_attached(void)
{
	struct thread_gate *gate = thread_self;

	return gate == &nobody ||
		       gate->epoch / PROCESS_RECORDING !=
			   READ_ONCE(process_page.epoch) / PROCESS_RECORDING
		   ? NULL
		   : thread_behind(gate);
}

/* What a thread that knows of `epoch` has in its gate: it does not fit where
 * every call shall come by here. */
static uint64_t gate_of(uint64_t epoch)
{
	return epoch ^ (thread_verify ? PROCESS_RECORDING / 2 : 0);
}

/* What it has of a store. Its area's former thread left what still holds: the
 * nodes, the counters, and what it knew of stacks is compared before it is
 * believed; in a new recording that is in another store. */
static void begin(struct thread *t, uint64_t epoch)
{
	t->extra = t->extra_end = 0;
	t->batch = 0;
	t->frees_left = 1;
	t->put_off = 0;
	t->sample = 1;
	memset(t->ranges, 0, sizeof(t->ranges));
	if (t->gate.epoch / PROCESS_RECORDING != epoch / PROCESS_RECORDING) {
		memset(t->free, 0, sizeof(t->free));
		memset(t->retired, 0, sizeof(t->retired));
		memset(t->seen, 0, sizeof(t->seen));
		t->around = 0;
		/* Others add these up. */
		WRITE_ONCE(t->live, 0);
		WRITE_ONCE(t->live_base, 0);
		t->live_most = 0;
		t->live_top = 0;
	}
	WRITE_ONCE(t->changes, 0);
	t->regions_open = 0;
	t->regions = NULL;
	thread_set_tame(t);
	t->moving = (struct thread_moving){ 0 };
	t->wanted = 0;
	t->stray.frame = NULL;
	if (t->gate.epoch != gate_of(epoch))
		thread_forget(t);
}

static struct thread *attach(uint64_t epoch)
{
	uint32_t tid = (uint32_t)sys_tid(), i;
	int pid = sys_pid();
	struct thread *t;
	struct store_area *a;
	uint64_t serial;
	struct rkn_thread *r;

	/* Looked at before it is known what is there. */
	if (!store_record(STORE_FRAMES, 0) || !store_record(STORE_STACKS, 0))
		return NULL;
	if (pid > 0 && pid != process.pid)
		tid |= OUTSIDE;
	i = take_over(tid);
	if (!i)
		i = (uint32_t)store_append(STORE_AREAS);
	if (!i || i >= THREAD_AREAS)
		return NULL;
	t = threads[i] ? threads[i] : own_memory_map(sizeof(*t));
	STORE_RELEASE(threads[i], t);
	if (!t) {
		WRITE_ONCE(area(i)->tid, tid);
		return NULL;
	}
	a = area(i);
	serial = store_append(STORE_THREADS);
	r = store_record(STORE_THREADS, serial);
	close_account(a);
	a->serial = (uint32_t)serial;
	note_pointer(ADDRESS(thread_pointer()));
	if (r && serial)
		r->tid = tid & ~OUTSIDE;
	STORE_RELEASE(t->area, a);
	t->serial = (uint32_t)serial;
	t->number = i;
	t->pointer = ADDRESS(thread_pointer());
	begin(t, epoch);
	t->gate.epoch = gate_of(epoch);
	WRITE_ONCE(t->gate.open, t->gate.epoch);
	thread_self = &t->gate;
	/* Only now may others ask whether it is still there. */
	STORE_RELEASE(t->area->tid, tid);
	leftovers_thread();
	return t;
}

struct attaching {
	uint64_t epoch;
	struct thread *t;
};

/* More than one piece of the store is made ready: signals are held once. */
static COLD void attach_aside(void *data)
{
	struct attaching *a = data;

	a->t = attach(a->epoch);
}

/* Is every page from `low` to `high` mapped? */
static bool is_mapped(uint64_t low, uint64_t high)
{
	unsigned char pages[512];

	low &= ~(PAGE - 1);
	high = (high + PAGE - 1) & ~(PAGE - 1);
	while (low < high) {
		uint64_t n = (high - low) / PAGE;

		if (n > sizeof(pages))
			n = sizeof(pages);
		if (sys_resident(low, n * PAGE, pages) < 0)
			return false;
		low += n * PAGE;
	}
	return true;
}

/* Of the stack around `sp`; 0: not known. */
struct stack_end {
	uint64_t sp, end;
};

/* At a thread's control block, at the program's first frame, or where its
 * mapping ends. */
static void look_for_end(void *data)
{
	struct stack_end *stack = data;
	uint64_t ends[] = { ADDRESS(thread_pointer()),
			    ADDRESS(__libc_stack_end) };
	struct map map;

	for (unsigned i = 0; i < 2; i++) {
		stack->end = ends[i];
		if (stack->sp < ends[i] && ends[i] - stack->sp < STACK_MOST &&
		    is_mapped(stack->sp, ends[i]))
			return;
	}
	stack->end = maps_find(stack->sp, &map) ? map.end : 0;
}

/* An address of the stack, and no epoch. */
static bool is_inside(uint64_t open)
{
	return open && open < PROCESS_EPOCHS;
}

/* Of the stacks that the thread knows; 0: it does not know that one. */
static uint64_t known_end(const struct thread *t, uint64_t sp)
{
	for (unsigned i = 0; i < THREAD_RANGES; i++)
		if (sp >= t->ranges[i].least && sp < t->ranges[i].most)
			return t->ranges[i].most;
	return 0;
}

/* A call that goes inside, in the frame at `here`, and a former one, at `open`. */
struct two_calls {
	const struct thread *t;
	uint64_t here, open;
	bool left; /* the former one has been left for good */
};

#define FRAMES 256 /* that are walked above the former call */

/*
 * The walk out of a handler that interrupted the former call comes by the frame that
 * the kernel made, and from there to that call or below it; the loader that refknot
 * called comes by refknot's frames. Whoever called since a handler left by longjmp is
 * above, or was called by somebody who is, without such a frame. What cannot be walked
 * below is within; above it would be a handler on a stack of its own that the kernel
 * does not show.
 */
static void look_for_way_out(void *data)
{
	struct two_calls *calls = data;
	const uint64_t here = calls->here, open = calls->open;
	const uint64_t *const words = (const uint64_t *)here;
	struct stack_end stack = { here < open ? here : open, 0 };
	struct cfi_frame f = { words[1], here + 16, words[0] };
	struct cfi_bounds bounds = { here, 0 };
	const bool is_above = here > open;
	bool own = true, was_own = true; /* frames: all up to now, the last */
	struct cfi_work work;

	stack.end = known_end(calls->t, stack.sp);
	if (!stack.end)
		look_for_end(&stack);
	if (here >= stack.end || open >= stack.end)
		return;
	bounds.most = stack.end;
	calls->left = is_above;
	for (unsigned n = 0; is_above ? n < FRAMES : f.sp <= open; n++) {
		const bool signal = cfi_is_signal_frame(f.pc, &work);
		const uint64_t sp = f.sp;

		was_own = own_memory_in_library(f.pc);
		if ((was_own && !own && !is_above) ||
		    cfi_step(&f, &bounds, &work) != CFI_PLAIN ||
		    (!signal && f.sp <= sp))
			return;
		if (signal && f.sp <= open) {
			calls->left = false;
			return;
		}
		own = was_own;
	}
	calls->left = is_above || !was_own;
}

/* To find out takes 10 us: it is asked ever more seldom in a handler that calls often.
 * Calls behind the handler may count as its own, a quarter as many, 64 at most. */
static void note_nested(struct thread_nested *n, uint64_t open)
{
	if (n->open != open)
		*n = (struct thread_nested){ .open = open };
	n->seen++;
	n->skip = n->seen / 4 < 64 ? n->seen / 4 : 64;
}

/*
 * Whether the call in the frame at `here` is a handler's that interrupted refknot,
 * inside since `open`, and not somebody's after it has left by longjmp; if that is
 * not certain, too. Of two hooks one is never called by the other in the same frame.
 * Handlers may have the signals' own stack, wherever that is.
 */
static bool is_within(struct thread *t, uint64_t open, uint64_t here,
		      bool is_hook)
{
	struct two_calls calls = { t, here, open, false };
	bool now, then;

	if (!is_inside(open))
		return false;
	if (open == here)
		return !is_hook;
	if (here < open && t->nested.open == open && t->nested.skip) {
		t->nested.skip--;
		return true;
	}
	sys_alternate_stack(here, &now);
	sys_alternate_stack(open, &then);
	if (now != then)
		calls.left = then;
	else
		aside(look_for_way_out, &calls);
	if (!calls.left)
		note_nested(&t->nested, open);
	return !calls.left;
}

COLD bool thread_is_interrupted(void)
{
	struct thread_gate *gate = thread_self;

	return gate != &nobody &&
	       is_within(thread_behind(gate), READ_ONCE(gate->open),
			 ADDRESS(__builtin_frame_address(0)), false);
}

COLD struct thread *thread_enter_slowly(uint64_t here, const void *frame)
{
	uint64_t epoch, open;
	struct thread *t;

	if (!process_ready())
		return NULL;
	/* Read once: it may end at any time, and 0 is not to be believed. Who
	 * sees it sees the recording that began with it. */
	epoch = LOAD_ACQUIRE(process_page.epoch);
	if (!epoch)
		return NULL;
	t = thread_attached();
	if (!t) {
		struct attaching a = { epoch, NULL };

		aside(attach_aside, &a);
		t = a.t;
		if (t && thread_attaches)
			thread_attaches();
		/* Not one thread has any room. */
		if (!t && areas() <= 1)
			failure_end_store(store_shortage());
	}
	if (!t)
		return NULL;
	open = READ_ONCE(t->gate.open);
	if (is_within(t, open, here, frame))
		return NULL;
	/* What was left in the middle of a change is not to be believed. */
	if (is_inside(open)) {
		memset(t->ranges, 0, sizeof(t->ranges));
		t->extra = t->extra_end = 0;
	}
	if (is_inside(open) || t->gate.epoch != gate_of(epoch)) {
		t->gate.epoch = gate_of(epoch);
		thread_forget(t);
	}
	if (unlikely(thread_verify && frame)) {
		WRITE_ONCE(t->gate.open, here);
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		thread_verify(t, frame);
		thread_leave(t);
	}
	return t;
}

COLD void thread_missed_call(void)
{
	struct thread *t = thread_attached();

	if (t && READ_ONCE(process_page.epoch))
		t->area->limits[RKN_LIMIT_CALL_MISSED]++;
}

bool thread_is_inside(uint32_t number)
{
	const struct thread *t = thread_at(number);

	return t && is_inside(LOAD_ACQUIRE(t->gate.open));
}

bool thread_has_left(const struct thread *t, uint32_t number)
{
	return number == t->number || !thread_is_inside(number);
}

const void *thread_interrupted(void)
{
	const struct thread_gate *gate = thread_self;

	return gate != &nobody && is_inside(READ_ONCE(gate->open)) ? gate
								   : NULL;
}

const void *thread_forked(void)
{
	/* The page with the epoch is wiped. */
	const void *gate = thread_interrupted();

	if (!gate)
		return NULL;
	/* What they have for a moment is nobody's. */
	for (uint32_t i = 1; i < thread_numbers(); i++) {
		struct thread *t = thread_at(i);

		if (t && t != gate)
			WRITE_ONCE(t->gate.open, t->gate.epoch);
	}
	return gate;
}

struct thread *thread_at(uint32_t number)
{
	return number < THREAD_AREAS ? LOAD_ACQUIRE(threads[number]) : NULL;
}

uint32_t thread_numbers(void)
{
	uint32_t n = areas();

	return n < THREAD_AREAS ? n : THREAD_AREAS;
}

static uint32_t owner_of(uint32_t i)
{
	const struct store_area *a = area(i);

	return a ? LOAD_ACQUIRE(a->tid) : 0;
}

static bool is_outside(uint32_t i, uint32_t owner)
{
	return owner & OUTSIDE && owner != TAKING && is_held(i) &&
	       sys_task_alive((int)(owner & ~OUTSIDE));
}

bool thread_is_there(uint32_t number)
{
	const uint32_t owner = owner_of(number);

	if (!owner || owner & OUTSIDE)
		return is_outside(number, owner);
	return sys_thread_alive(process.pid, (int)owner);
}

uint32_t thread_outside(void)
{
	uint32_t n = 0;

	for (uint32_t i = 1; i < thread_numbers(); i++)
		n += is_outside(i, owner_of(i));
	return n;
}

/* As many as it used in some 50 ms: who allocates seldom looks at the clock each
 * time. */
static uint32_t batch(const struct thread *t, uint64_t took_ns)
{
	if (!t->batch)
		return BATCH;
	if (took_ns < BATCH_NS / 2)
		return t->batch < BATCH_MOST ? 2 * t->batch : BATCH_MOST;
	if (took_ns > 2 * BATCH_NS)
		return (uint32_t)(t->batch * BATCH_NS / took_ns) ?: 1;
	return t->batch;
}

/* The numbers that it has not used, if they are the newest of all. */
static void give_back(struct thread *t)
{
	uint64_t end = (t->extra_end >> STORE_BIRTH_SHIFT) - 1;
	const uint64_t used = (t->extra >> STORE_BIRTH_SHIFT) - 1;

	if (t->extra == t->extra_end)
		return;
	t->extra_end = t->extra;
	CHANGE(store.header->births, end, used);
}

COLD void thread_births(struct thread *t)
{
	const bool all = t->extra == t->extra_end;
	uint64_t now, first;

	thread_look(t);
	give_back(t);
	now = timeline_now();
	if (all)
		t->batch = batch(t, now - t->batch_ns);
	t->batch_ns = now;
	first = __atomic_fetch_add(&store.header->births, t->batch,
				   __ATOMIC_RELAXED) +
		1;
	t->extra = shadow_extra(first, t->serial);
	t->extra_end = t->extra + ((uint64_t)t->batch << STORE_BIRTH_SHIFT);
}

/* More of its mapping, behind the end that is known. */
static void look_for_more(void *data)
{
	struct stack_end *stack = data;
	struct map map;

	if (!is_mapped(stack->end, stack->end + 1) ||
	    !maps_find(stack->sp, &map))
		return;
	stack->end = map.end;
}

/* A range is trusted a little below what was proved: stacks grow down. */
COLD uint64_t thread_stack_end_slowly(struct thread *t, uint64_t sp)
{
	struct cfi_bounds found = { sp & ~(4 * PAGE - 1), 0 };
	unsigned i = 0;

	while (i < THREAD_RANGES - 1 &&
	       !(sp >= t->ranges[i].least && sp < t->ranges[i].most))
		i++;
	if (sp >= t->ranges[i].least && sp < t->ranges[i].most) {
		found = t->ranges[i];
	} else {
		struct stack_end stack = { sp, 0 };

		aside(look_for_end, &stack);
		found.most = stack.end;
	}
	if (!found.most)
		return 0;
	/* The same stack, deeper: it keeps its place. */
	for (unsigned n = 0; n < i; n++)
		if (t->ranges[n].most == found.most)
			i = n;
	memmove(t->ranges + 1, t->ranges, i * sizeof(*t->ranges));
	t->ranges[0] = found;
	return found.most;
}

COLD bool thread_stack_grew(struct thread *t, uint64_t sp, uint64_t *most)
{
	struct cfi_bounds *range = &t->ranges[0];
	struct stack_end stack = { sp, *most };

	if (*most == ADDRESS(thread_pointer()) ||
	    *most == ADDRESS(__libc_stack_end) || range->most != *most)
		return false;
	aside(look_for_more, &stack);
	if (stack.end <= *most)
		return false;
	*most = range->most = stack.end;
	return true;
}

COLD struct store_counter *thread_counter_slowly(struct store_area *a,
						 uint32_t stack)
{
	const uint64_t size =
	    STORE_COUNTERS_PER_PAGE * sizeof(struct store_counter);
	uint64_t offset = store_take(size);
	uint32_t none = 0;

	if (!offset || !store_ready(offset, size))
		return NULL;
	/* A handler may have made it meanwhile, and counted there. */
	CHANGE(a->counters[stack / STORE_COUNTERS_PER_PAGE], none,
	       (uint32_t)(offset / 4096));
	return thread_counter(a, stack);
}

/* Numbers that were used; of several threads, given out. */
static uint64_t births(const struct thread *t)
{
	const uint64_t left = (t->extra_end - t->extra) >> STORE_BIRTH_SHIFT;

	return READ_ONCE(store.header->births) - (areas() > 2 ? 0 : left);
}

/* What a thread holds that changes it meanwhile: that, or less. */
static int64_t holds_at_least(const struct thread *t)
{
	const int64_t base = LOAD_ACQUIRE(t->live_base);
	const int64_t live = LOAD_ACQUIRE(t->live);
	const int64_t again = READ_ONCE(t->live_base);

	return live - (base > again ? base : again);
}

#define SUMS 4 /* tries */

/* What is alive in all threads; if they publish all the time, that or less. */
static int64_t live_of_all(void)
{
	int64_t before, after, live;

	for (unsigned i = 0; i < SUMS; i++) {
		before = (int64_t)LOAD_ACQUIRE(store.header->live_bytes);
		live = 0;
		for (uint32_t k = 1; k < thread_numbers(); k++) {
			const struct thread *t = thread_at(k);

			live += t ? holds_at_least(t) : 0;
		}
		after = (int64_t)READ_ONCE(store.header->live_bytes);
		if (after == before)
			break;
	}
	return live + (before < after ? before : after);
}

/* The same in short; all are asked only if that is more, or less, than it was since
 * the last point. */
static int64_t live_about(const struct thread *t)
{
	const int64_t live =
	    (int64_t)READ_ONCE(store.header->live_bytes) + thread_holds(t);

	return areas() > 2 && timeline_is_extreme(live) ? live_of_all() : live;
}

/* With several threads each peak makes all of them look at its number: it counts
 * only if it is so much higher, which is no more than each may hold back. */
static uint64_t least_rise(uint64_t peak)
{
	if (areas() <= 2)
		return 0;
	return peak / 16 < THREAD_PUBLISH ? peak / 16 : THREAD_PUBLISH;
}

/* Of little each thread holds back less, so that the sum is near. */
static int64_t most_held(int64_t live)
{
	int64_t share = live / (4 * (int64_t)areas());

	if (share > THREAD_PUBLISH)
		return THREAD_PUBLISH;
	return share > THREAD_PUBLISH / 64 ? share : THREAD_PUBLISH / 64;
}

/* What others may hold back when so many bytes are alive; of very many threads, which
 * to add up takes a while, it is left out. */
static int64_t others_hold(int64_t live)
{
	return areas() <= TIMELINE_MANY
		   ? (int64_t)(areas() - 2) * most_held(live)
		   : 0;
}

/* What counters have now is what they have at the peak, until they change. No
 * counter knows of a number that the header has not. */
static void begin_peak(struct store_header *h)
{
	uint32_t number = __atomic_add_fetch(&h->peak, 1, __ATOMIC_RELAXED);
	uint32_t seen = READ_ONCE(process_page.peak);

	while ((int32_t)(number - seen) > 0 &&
	       !CHANGE(process_page.peak, seen, number))
		;
}

void thread_set_top(struct thread *t)
{
	int64_t top = 2 * t->live_base;

	/* Or else the next free asks by itself. */
	if (t->frees_left > 0 && t->live_most < top)
		top = t->live_most;
	t->live_top = top < 0 ? 0 : (uint64_t)top + 1;
	/* Last: a handler may have opened a region in between. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (READ_ONCE(t->detour))
		WRITE_ONCE(t->live_top, 0);
}

/* About now: less than 64 KiB and few blocks were allocated since that time. */
static uint64_t peak_time(struct thread *t)
{
	const uint64_t allocated = READ_ONCE(t->area->allocated_bytes);

	if (allocated - t->dated < THREAD_PUBLISH)
		return timeline_at(births(t));
	t->dated = allocated;
	timeline_tick_exactly(births(t));
	return timeline_now();
}

/* `published`: the live bytes that were, at some moment. Others may hold back frees:
 * what is called a peak was alive. */
static void look_for_peak(struct thread *t, int64_t published)
{
	struct store_header *h = store.header;
	int64_t high = published + thread_holds(t);
	uint64_t peak = READ_ONCE(h->meta.peak_bytes);

	if (areas() > 2 &&
	    high + others_hold(high) > (int64_t)(peak + least_rise(peak))) {
		high = live_of_all();
		published = high - thread_holds(t);
	}
	while (high > (int64_t)(peak + least_rise(peak))) {
		if (!CHANGE(h->meta.peak_bytes, peak, (uint64_t)high))
			continue;
		peak = (uint64_t)high;
		WRITE_ONCE(h->peak_ns, peak_time(t));
		WRITE_ONCE(h->peak_births, births(t));
		begin_peak(h);
	}
	t->live_most =
	    (int64_t)(peak + least_rise(peak)) - published + t->live_base;
	thread_set_top(t);
}

COLD void thread_peak(struct thread *t)
{
	look_for_peak(
	    t, __atomic_load_n(&store.header->live_bytes, __ATOMIC_RELAXED));
}

COLD void thread_look(struct thread *t)
{
	int64_t live;

	/* The block that realloc() moves is nowhere; a handler may have left it
	 * to a stack that is shorter now. */
	if (t->moving.sp > ADDRESS(__builtin_frame_address(0))) {
		timeline_tick(births(t));
		t->wanted = (uint8_t)(t->wanted | REALLOC_WINDOW_LOOK);
		return;
	}
	live = live_about(t);
	/* More than each thread by itself knows of. */
	if (areas() > 2)
		look_for_peak(t, live - thread_holds(t));
	if (timeline_look(births(t), live))
		timeline_take(births(t), live_of_all());
}

/* One instruction, as thread_add(). */
static void add_to(int64_t *word, int64_t more)
{
	__asm__("addq %1, %0" : "+m"(*word) : "er"(more) : "cc");
}

static void set_base(struct thread *t, int64_t base)
{
	const int64_t more = base - t->live_base;

	if (more > 0)
		add_to(&t->live_base, more);
	add_to(&t->live, more);
	if (more < 0)
		add_to(&t->live_base, more);
}

/* A handler in between counts too little, which is not taken for a peak. Each sum
 * is looked at, whatever others add at the same time. */
COLD void thread_publish(struct thread *t)
{
	int64_t live = thread_holds(t), all;

	/* Who adds up finds too little in between. */
	if (live > 0)
		add_to(&t->live, -live);
	all = __atomic_add_fetch(&store.header->live_bytes, live,
				 __ATOMIC_RELAXED);
	if (live < 0)
		add_to(&t->live, -live);
	set_base(t, most_held(all));
	look_for_peak(t, all);
	if (t->publishes++ % PUBLISHES == 0 || timeline_moved(all))
		thread_look(t);
}

COLD void thread_rises(struct thread *t)
{
	if (t->live > 2 * t->live_base) {
		thread_publish(t);
		return;
	}
	/* How high it is, is known when the first block is freed. */
	if (thread_is_at_peak(t))
		thread_await_free(t);
	thread_set_top(t);
}

void thread_publish_all(void)
{
	for (uint32_t i = 1; i < areas() && i < THREAD_AREAS; i++) {
		struct store_area *a = area(i);

		if (threads[i])
			thread_publish(threads[i]);
		if (a)
			close_account(a);
	}
}

uint64_t thread_pointers_next(uint32_t *at)
{
	while (*at < POINTERS) {
		uint64_t pointer;

		if (!READ_ONCE(pointer_pages[*at / PAGE_POINTERS])) {
			*at += PAGE_POINTERS - *at % PAGE_POINTERS;
			continue;
		}
		pointer = READ_ONCE(pointers[(*at)++]);
		if (pointer)
			return pointer;
	}
	return 0;
}
