/* SPDX-License-Identifier: MIT */
/*
 * The incremental unwinder against libunwind: the same return addresses in
 * every kind of frame, whatever changed since the last walk.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include "unwind.h"

#define FRAMES 4096

static struct walk walk;
static uint64_t checked, different, recalled, kept;
extern void *__libc_stack_end;

/* Outermost first, from this function's caller on. */
static __attribute__((noinline)) void oracle(void **pcs, int *count)
{
	void *inner[FRAMES];
	int n = unw_backtrace(inner, FRAMES);

	*count = 0;
	while (n > 0)
		pcs[(*count)++] = inner[--n];
}

/* [0] is the outermost. */
static uint64_t pc_of(uint32_t i)
{
	return walk.frames[i + 1].pc;
}

/* What stands for the stack of frame `pc` and its callers, as a node does. */
static uint32_t name(uint32_t callers, uint64_t pc)
{
	uint64_t h = (callers + pc) * 0x9e3779b97f4a7c15u;

	return (uint32_t)(h >> 32) | 1;
}

static uint32_t name_frames(void)
{
	struct walk_frame *f = walk.frames;

	for (uint32_t i = 0; i < walk.count; i++, f++)
		if (!f[1].node)
			f[1].node = name(f->node, f[1].pc);
		else
			kept++;
	return f->node;
}

static bool equals(void *const *pcs, int n)
{
	if (walk.truncated || walk.cut || (uint32_t)n != walk.count)
		return false;
	for (int i = 0; i < n; i++)
		if (pc_of((uint32_t)i) != (uint64_t)pcs[i] &&
		    pc_of((uint32_t)i) != (uint64_t)pcs[i] + 1)
			return false;
	return true;
}

/*
 * libunwind sees this function and the oracle too, and gives the address in a
 * frame that a signal interrupted as it is, where ours is one more.
 */
static __attribute__((noinline)) void check(void)
{
	const uint64_t *frame = __builtin_frame_address(0);
	uint64_t sp = (uint64_t)(frame + 2), most = (uint64_t)__libc_stack_end;
	void *pcs[FRAMES];
	const struct walk_memo *recall;
	struct walk_leaf leaf = { 0 };
	uint32_t node;
	int n;

	oracle(pcs, &n);
	checked++;
	/* The oracle's two innermost frames are this file's own. */
	while (n && (uint64_t)pcs[n - 1] != frame[1])
		n--;
	recall = unwind_recall(&walk, frame);
	if (recall && !unwind_joins(&walk, recall))
		recall = NULL;
	if (recall)
		leaf = recall->leaf;
	unwind_walk(&walk, frame[1], sp, frame[0], most);
	different += !equals(pcs, n);
	node = name_frames();
	recalled += recall != NULL;
	different += recall && leaf.node != node;
	leaf.node = node;
	unwind_note(&walk, &leaf);
}

static int setup(void **state)
{
	(void)state;
	unwind_flush();
	memset(&walk, 0, sizeof(walk));
	unwind_begin(&walk, WALK_DEPTH);
	checked = different = recalled = kept = 0;
	return 0;
}

static volatile int sink;

static __attribute__((noinline)) void leaf(void)
{
	check();
	sink++;
}

static __attribute__((noinline)) void recurse(int depth)
{
	if (depth)
		recurse(depth - 1);
	else
		leaf();
	sink++;
}

static void same_site_again_and_again(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		leaf();
	assert_int_equal(different, 0);
	assert_int_equal(checked, 100);
	assert_int_equal(recalled, 98);
}

static void depths_up_and_down(void **state)
{
	(void)state;
	for (int i = 0; i < 60; i++) {
		recurse(i);
		recurse(60 - i);
		leaf();
	}
	assert_int_equal(different, 0);
}

/* Functions of one shape, so that all stacks begin in the same frame. */
#define BETWEEN(name, next)                                                    \
	static __attribute__((noinline)) void name(int which)                  \
	{                                                                      \
		next;                                                          \
		sink += which;                                                 \
	}
BETWEEN(near_0, leaf())
BETWEEN(near_1, leaf())
BETWEEN(near_2, leaf())
BETWEEN(near_3, leaf())
static void (*const near[])(int) = { near_0, near_1, near_2, near_3 };
BETWEEN(middle_0, near[which % 4](which))
BETWEEN(middle_1, near[which % 4](which))
BETWEEN(middle_2, near[which % 4](which))
BETWEEN(middle_3, near[which % 4](which))
static void (*const middle[])(int) = { middle_0, middle_1, middle_2, middle_3 };
BETWEEN(far_0, middle[which / 4 % 4](which))
BETWEEN(far_1, middle[which / 4 % 4](which))
BETWEEN(far_2, middle[which / 4 % 4](which))
BETWEEN(far_3, middle[which / 4 % 4](which))

static void stacks_through_one_function_are_recalled(void **state)
{
	static void (*const far[])(int) = { far_0, far_1, far_2, far_3 };

	(void)state;
	for (int i = 0; i < 64 * 20; i++) {
		const int which = i * 37 % 64;

		far[which / 16](which);
	}
	assert_int_equal(different, 0);
	/* But for names that share a place in walk.seen: by where the program was
	 * loaded, in one run of 60 fewer than a third. */
	assert_in_range(recalled, 64 * 2, 64 * 18);
}

/* More words than a memo holds: the outer frames are the last walk's. */
static __attribute__((noinline)) void deep(int depth, int what)
{
	if (depth)
		deep(depth - 1, what);
	else
		recurse(what);
	sink++;
}

/* Two callers with frames of one shape: only far out do the stacks differ. */
static __attribute__((noinline)) void one_caller(int depth, int what)
{
	deep(depth, what);
	sink++;
}

static __attribute__((noinline)) void other_caller(int depth, int what)
{
	deep(depth, what);
	sink--;
}

static void deep_stacks_differ_far_out(void **state)
{
	(void)state;
	for (int i = 0; i < 400; i++)
		if (i / 3 % 2)
			one_caller(70, i % 2);
		else
			other_caller(70, i % 2);
	assert_int_equal(different, 0);
	assert_true(recalled > 50);
}

static void deep_stacks_are_recalled(void **state)
{
	(void)state;
	for (int i = 0; i < 300; i++)
		deep(70 + i / 50 % 2, i % 3 + i % 2);
	assert_int_equal(different, 0);
	assert_in_range(recalled, 200, 290);
}

static __attribute__((noinline)) void with_alloca(int n)
{
	volatile char *room = __builtin_alloca((size_t)n + 16);

	room[n] = 1;
	leaf();
	sink += room[n];
}

/*
 * An aligned local and arguments on the stack make the compiler realign the
 * frame and find its arguments by another register (DRAP): its CFA is stored
 * in memory.
 */
static __attribute__((noinline)) void realigned(int n, long a, long b, long c,
						long d, long e, long f, long g)
{
	_Alignas(64) volatile char local[64];
	volatile char *room = __builtin_alloca((size_t)n + 1);

	local[0] = room[n] = (char)n;
	for (volatile int i = 0; i < 3; i++)
		leaf();
	sink += local[0] + room[n] + (int)(a + b + c + d + e + f + g);
}

static __attribute__((noinline)) int variadic(int n, ...)
{
	va_list list;
	int sum = 0;

	va_start(list, n);
	while (n--)
		sum += va_arg(list, int);
	va_end(list);
	leaf();
	return sum;
}

static unsigned seed = 1;

static unsigned chance(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

/*
 * The same return addresses in the same places, but frames in between that
 * begin elsewhere, over what earlier calls left on the stack: only rbp, or
 * what it points at, tells who called.
 */
#define SHIFTS 8
#define SHIFT  16

static __attribute__((noinline)) void shifted(int n)
{
	volatile char *room = __builtin_alloca((size_t)n * SHIFT);

	__asm__ volatile("" : : "r"(room) : "memory");
	leaf();
	sink++;
}

static __attribute__((noinline)) void shifted_far(int n)
{
	volatile char *room = __builtin_alloca((size_t)n * SHIFT);

	__asm__ volatile("" : : "r"(room) : "memory");
	recurse(2);
	sink++;
}

static __attribute__((noinline)) void
shifted_realigned(int n, long a, long b, long c, long d, long e, long f, long g)
{
	_Alignas(64) volatile char local[64];
	volatile char *room = __builtin_alloca((size_t)n * SHIFT);

	local[0] = 1;
	__asm__ volatile("" : : "r"(room) : "memory");
	leaf();
	sink += local[0] + (int)(a + b + c + d + e + f + g);
}

static void call_shifted(int kind, int n)
{
	if (kind == 0)
		shifted(n);
	else if (kind == 1)
		shifted_far(n);
	else
		shifted_realigned(n, 1, 2, 3, 4, 5, 6, 7);
}

#define SHIFTING(name)                                                         \
	static __attribute__((noinline)) void name(int kind, int n)            \
	{                                                                      \
		volatile char *room = __builtin_alloca((size_t)n * SHIFT);     \
                                                                               \
		__asm__ volatile("" : : "r"(room) : "memory");                 \
		call_shifted(kind, SHIFTS - n);                                \
		sink++;                                                        \
	}
SHIFTING(one_shifts)
SHIFTING(other_shifts)
SHIFTING(third_shifts)

static void frames_that_begin_elsewhere(void **state)
{
	static void (*const callers[])(int, int) = { one_shifts, other_shifts,
						     third_shifts };

	(void)state;
	for (int i = 0; i < 20000; i++)
		callers[chance(3)]((int)chance(3), (int)chance(3) + 1);
	assert_int_equal(different, 0);
	assert_true(recalled > 1000);
}

static void odd_frames(void **state)
{
	(void)state;
	for (int i = 0; i < 200; i += 7) {
		with_alloca(i);
		realigned(i, 1, 2, 3, 4, 5, 6, 7);
		sink += variadic(3, i, i, i);
		recurse(i % 5);
	}
	assert_int_equal(different, 0);
}

/* A random walk through a call tree: any part may change between walks. */
static void tree(int depth);
static __attribute__((noinline)) void branch0(int d)
{
	tree(d);
	sink++;
}
static __attribute__((noinline)) void branch1(int d)
{
	volatile long local[5] = { d };

	tree(d);
	sink += (int)local[0];
}
static __attribute__((noinline)) void branch2(int d)
{
	with_alloca(d);
	tree(d);
	sink--;
}
static __attribute__((noinline, optimize("no-omit-frame-pointer"))) void
branch3(int d)
{
	tree(d);
	sink ^= d;
}

static __attribute__((noinline)) void tree(int depth)
{
	static void (*const branches[])(int) = { branch0, branch1, branch2,
						 branch3 };

	if (chance(3) == 0)
		check();
	if (!depth)
		return;
	for (unsigned n = chance(3); n; n--)
		branches[chance(4)](depth - 1);
	check();
}

static void random_trees(void **state)
{
	(void)state;
	for (int i = 0; i < 400; i++)
		tree(12);
	assert_int_equal(different, 0);
	assert_true(checked > 1000);
	assert_true(recalled > 50 && kept > checked);
}

static jmp_buf back;

static __attribute__((noinline)) void jump(int depth)
{
	leaf();
	if (depth)
		jump(depth - 1);
	else
		longjmp(back, 1);
	sink++;
}

static void longjmp_leaves_no_trace(void **state)
{
	(void)state;
	for (volatile int i = 0; i < 50; i++) {
		if (!setjmp(back))
			jump(i);
		recurse(i / 2);
	}
	assert_int_equal(different, 0);
}

static void handler(int number)
{
	(void)number;
	leaf();
}

static __attribute__((noinline)) void raise_here(int depth)
{
	if (depth)
		raise_here(depth - 1);
	else
		raise(SIGUSR1);
	sink++;
}

static void signal_frames(void **state)
{
	(void)state;
	signal(SIGUSR1, handler);
	for (int i = 0; i < 20; i++) {
		raise_here(i);
		leaf();
	}
	assert_int_equal(different, 0);
}

static int compare(const void *a, const void *b)
{
	check();
	return *(const int *)a - *(const int *)b;
}

/* Frames of libc between ours. */
static void through_the_library(void **state)
{
	int numbers[200];

	(void)state;
	for (int i = 0; i < 200; i++)
		numbers[i] = (int)chance(1000);
	qsort(numbers, 200, sizeof(*numbers), compare);
	assert_int_equal(different, 0);
	assert_true(checked > 500);
}

static __attribute__((noinline)) void no_tail(int depth)
{
	if (depth)
		no_tail(depth - 1);
	else
		check();
	sink++;
}

/* Deeper than is kept: cut at the outer end, right in what there is. */
static void too_deep_is_cut(void **state)
{
	uint64_t inner;

	(void)state;
	no_tail(3 * WALK_MOST);
	assert_true(walk.cut);
	assert_in_range(walk.count, WALK_DEPTH, WALK_MOST);
	inner = pc_of(walk.count - 2);
	for (uint32_t i = 1; i < walk.count - 2; i++)
		assert_int_equal(pc_of(i), inner);
	different = 0;
	no_tail(5);
	assert_int_equal(different, 0);
}

static void no_words_beyond_the_bounds(void **state)
{
	const uint64_t *frame = __builtin_frame_address(0);
	uint64_t sp = (uint64_t)(frame + 2);

	(void)state;
	unwind_walk(&walk, frame[1], sp, frame[0], sp);
	assert_int_equal(walk.count, 1);
	assert_true(walk.truncated);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(same_site_again_and_again, setup),
		cmocka_unit_test_setup(depths_up_and_down, setup),
		cmocka_unit_test_setup(stacks_through_one_function_are_recalled,
				       setup),
		cmocka_unit_test_setup(deep_stacks_are_recalled, setup),
		cmocka_unit_test_setup(deep_stacks_differ_far_out, setup),
		cmocka_unit_test_setup(frames_that_begin_elsewhere, setup),
		cmocka_unit_test_setup(odd_frames, setup),
		cmocka_unit_test_setup(random_trees, setup),
		cmocka_unit_test_setup(longjmp_leaves_no_trace, setup),
		cmocka_unit_test_setup(signal_frames, setup),
		cmocka_unit_test_setup(through_the_library, setup),
		cmocka_unit_test_setup(too_deep_is_cut, setup),
		cmocka_unit_test_setup(no_words_beyond_the_bounds, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
