/* SPDX-License-Identifier: MIT */
#include "footing.h"

#include <cpuid.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <ucontext.h>

#include "contexts.h"
#include "libc.h"
#include "memory.h"
#include "ordered.h"
#include "own_memory.h"
#include "shadow.h"
#include "thread.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

#define PAGE              4096ull
#define GAP               (1ull << 20) /* that the kernel keeps below a growing stack */
#define CONTROL           2304ull /* glibc's struct pthread, from its pointer up */
#define CONTROL_ALIGNMENT 64ull
#define CONTROL_WORDS     0x200u /* of other things, at its beginning */
#define CONTROL_LEAST     0x600u /* bytes of it that every version has */
#define RED_ZONE          128ull
#define HANDLER           512ull /* what stop.c's handler needs .. */
#define MOVING            2560ull /* .. and more of it in the middle of realloc */
#define OLD               4096ull /* a frame, where the kernel does not tell its size */

#define MAPS_MOST   65536u
#define FLOORS_MOST (1u << 16)

/* In a mapping's start: nothing but one stack may be in it. */
#define ALONE 1ull

extern void *__libc_stack_end;

/* What is mapped, by its end; what ends stacks, by its address; and areas, by
 * their thread. */
static struct ordered *maps, *floors, *owners;
static uint32_t map_count, floor_count, owner_count;
static unsigned looks; /* how often all that was looked at: it takes a while */
#define LOOKS 4

void footing_forget(void)
{
	looks = 0;
}

/*
 * AT_MINSIGSTKSZ counts the registers of AMX, 8 KiB, but the kernel saves them
 * only where the process may use them, which it has to ask for.
 * (Linux, Documentation/arch/x86/xstate.rst; Intel SDM volume 1, 13.4.)
 */
#define TILES 18u
uint64_t footing_frame(void)
{
	uint64_t frame = libc()->getauxval(AT_MINSIGSTKSZ), permitted = 0;
	uint32_t a = 0, b = 0, c, d, size, offset, most = 0;

	if (!sys_cpuid_faults() && __get_cpuid_max(0, NULL) >= 0xd)
		__cpuid_count(0xd, 0, a, b, c, d);
	if (!(a >> TILES & 1) || sys_permitted_state(&permitted) < 0 ||
	    permitted >> TILES & 1)
		b = 0;
	for (unsigned i = 2; b && i < 32; i++) {
		if (i == TILES || !(a >> i & 1))
			continue;
		__cpuid_count(0xd, i, size, offset, c, d);
		most = size + offset > most ? size + offset : most;
	}
	/* Without the tiles, which are the last. */
	if (b > most)
		frame = frame < b - most ? 0 : frame - (b - most);
	return (frame ? frame : OLD) + RED_ZONE;
}

/* The main stack grows down, as far as its limit and what is below it allow. */
static uint64_t grown_start(const struct map *map, uint64_t below)
{
	uint64_t most = sys_limit(RLIMIT_STACK), start;

	start =
	    most > map->end ? 0 : (map->end - most + PAGE - 1) & ~(PAGE - 1);
	if (start < below + GAP)
		start = below + GAP;
	return start < map->start ? start : map->start;
}

static void read_maps(void)
{
	struct map map, below = { 0 };
	struct maps m;

	map_count = 0;
	if (!maps || !maps_open(&m))
		return;
	for (; map_count < MAPS_MOST && maps_next(&m, &map); below = map) {
		/* It has no name and no file, and a guard or nothing is below
		 * it. */
		bool alone = !*map.name && !map.inode &&
			     (below.end != map.start ||
			      (!below.readable && !below.writable));
		uint64_t start = map.start | (alone ? ALONE : 0);

		if (!map.readable || !map.writable)
			continue;
		if (strcmp(map.name, "[stack]") == 0)
			start = grown_start(&map, below.end) | ALONE;
		maps[map_count++] = (struct ordered){ map.end, start };
	}
	maps_close(&m);
}

static void look(void)
{
	uint64_t at;

	if (!maps)
		maps = own_memory_map(MAPS_MOST * sizeof(*maps));
	if (!floors)
		floors = own_memory_map(FLOORS_MOST * sizeof(*floors));
	if (!owners)
		owners = own_memory_map(THREAD_AREAS * sizeof(*owners));
	read_maps();
	floor_count = 0;
	for (uint32_t i = 0; floors && floor_count < FLOORS_MOST &&
			     (at = thread_pointers_next(&i));)
		floors[floor_count++].key = at + CONTROL;
	for (uint32_t i = 0; floors && floor_count < FLOORS_MOST &&
			     (at = contexts_stacks_next(&i));)
		floors[floor_count++].key = at;
	ordered_sort(floors, floor_count);
	owner_count = 0;
	for (uint32_t i = 1; owners && i < thread_numbers(); i++) {
		const struct thread *t = thread_at(i);
		const struct store_area *a =
		    t ? __atomic_load_n(&t->area, __ATOMIC_ACQUIRE) : NULL;

		if (a)
			owners[owner_count++] =
			    (struct ordered){ READ_ONCE(a->tid), i };
	}
	ordered_sort(owners, owner_count);
	looks++;
}

/* Where the stack around `sp` begins; 0: not known. */
static uint64_t start_of(uint64_t sp)
{
	uint32_t i = ordered_from(maps, map_count, sp + 1), n;
	uint64_t start;

	if (i == map_count || maps[i].value > sp)
		return 0;
	start = maps[i].value & ~ALONE;
	n = ordered_from(floors, floor_count, sp + 1);
	if (n && floors[n - 1].key > start)
		start = floors[n - 1].key;
	return start;
}

/* Whether a block begins between them: then it is the stack, or before it. */
static bool is_block_between(uint64_t from, uint64_t to)
{
	for (uint64_t at = from & ~15ull; at < to; at += 16) {
		const uint64_t *head = shadow_head_at(at);

		if (head && shadow_is_live(READ_ONCE(*head)))
			return true;
	}
	return false;
}

/*
 * The kernel's frame of the signal that began to use a signal stack: it stands
 * at the top, and says where the stack is.  A stack that is disarmed meanwhile
 * (SS_AUTODISARM) is known by nothing else.
 * (Linux, arch/x86/include/asm/sigframe.h, struct rt_sigframe.)
 */
#define UC_FLAGS     7u
#define UC_ALIGNMENT 16u
#define UC_BYTES     offsetof(ucontext_t, uc_sigmask)
#define XSAVE_MASK   63u
#define FRAME_MOST   (64ull << 10) /* how far above the stack pointer it is */

uint64_t footing_signal_stack(uint64_t sp)
{
	static char *words;
	const uint64_t from = sp & ~(uint64_t)(UC_ALIGNMENT - 1);
	const uint32_t i = ordered_from(maps, map_count, from + 1);
	uint64_t most = FRAME_MOST;
	long size = 0;

	if (!words)
		words = own_memory_map(FRAME_MOST);
	/* Beyond the mapping's end, as far as known, the kernel reads nothing
	 * but takes longer. */
	if (i < map_count && maps[i].value <= from &&
	    maps[i].key - from < FRAME_MOST)
		most = maps[i].key - from;
	if (words)
		size = sys_peek(process.pid, words, from, most);
	for (long at = 0; at + (long)UC_BYTES <= size; at += UC_ALIGNMENT) {
		const ucontext_t *u = (const void *)(words + at);
		const uint64_t start = (uint64_t)(uintptr_t)u->uc_stack.ss_sp;
		const uint64_t bytes = u->uc_stack.ss_size;
		const uint64_t fp = (uint64_t)(uintptr_t)u->uc_mcontext.fpregs;

		if (u->uc_flags <= UC_FLAGS && !u->uc_link && start &&
		    sp - start < bytes && from + (uint64_t)at - start < bytes &&
		    fp - (from + (uint64_t)at) < bytes && !(fp & XSAVE_MASK))
			return start;
	}
	return 0;
}

/* NULL: it has never allocated. */
static const struct thread *thread_of(uint32_t tid)
{
	uint32_t i;

	if (!looks)
		look();
	i = ordered_from(owners, owner_count, tid);
	if (i == owner_count || owners[i].key != tid)
		return NULL;
	return thread_at((uint32_t)owners[i].value);
}

bool footing_moves(uint32_t tid)
{
	const struct thread *t = thread_of(tid);

	return t && READ_ONCE(t->moving.sp);
}

bool footing_holds(uint32_t tid, uint64_t sp, uint64_t signals)
{
	static uint64_t least;
	uint64_t need, start;

	if (!looks)
		look();
	start = start_of(sp);
	if (!start && looks < LOOKS) {
		look(); /* a thread may have been made since */
		start = start_of(sp);
	}
	if (!least)
		least = footing_frame() + HANDLER;
	if (signals > start)
		start = signals;
	need = least + (footing_moves(tid) ? MOVING : 0);
	return !start ||
	       (sp - start >= need && !is_block_between(sp - need, sp));
}

/* The end of the stack whose last word is at `last`, if it is a mapping; 0: it
 * is in memory that others use, too. */
static uint64_t mapped_start(uint64_t last)
{
	const uint32_t i = ordered_from(maps, map_count, last + 1);
	const uint64_t start = start_of(last);

	return start && maps[i].value == (start | ALONE) &&
		       !is_block_between(start, start + 2 * PAGE)
		   ? start
		   : 0;
}

bool footing_is_known(uint32_t tid)
{
	return thread_of(tid) != NULL;
}

/* Whether another stack begins in it: the range goes over the thread's own stack
 * and a coroutine's below it. */
static bool spans(const struct cfi_bounds *range, uint64_t start)
{
	const uint32_t i = ordered_from(floors, floor_count, range->least);

	return i < floor_count && floors[i].key < start;
}

/* Whether the stack that begins there was ever in use to its end. A page that a
 * stack may still grow into does not exist yet. */
static bool is_worn(uint64_t start)
{
	unsigned char page;

	return sys_resident(start, PAGE, &page) == 0 && page & 1;
}

bool footing_is_worn(uint32_t tid)
{
	const struct thread *t = thread_of(tid);
	uint64_t start;

	if (!t || !t->ranges[0].most)
		return false;
	start = mapped_start(t->ranges[0].most - 1);
	return spans(&t->ranges[0], start) || (start && is_worn(start));
}

/* Whether the pages that a signal needs are untouched. */
static bool is_roomy(uint64_t start)
{
	const uint64_t need = footing_frame() + HANDLER + MOVING;

	if (!start)
		return false;
	for (uint64_t at = 0; at < need; at += PAGE)
		if (is_worn(start + at))
			return false;
	return true;
}

/* The stack of a thread that has never allocated, if it is a mapping: at its end
 * is the control block of thread `tid`, which holds its own address twice
 * (tcbhead_t, tcb and self). */
static uint64_t find_mapped(uint32_t tid)
{
	static APART uint64_t words[2 * PAGE / 8];
	const char *own = (const char *)thread_pointer();
	const int self = sys_tid();
	uint64_t offset = CONTROL_WORDS;

	if (tid == (uint32_t)process.pid)
		return mapped_start((uint64_t)(uintptr_t)__libc_stack_end);
	/* Where these blocks have the number of their thread. */
	while (offset < CONTROL_LEAST && *(const int *)(own + offset) != self)
		offset += 4;
	for (uint32_t i = 0; offset < CONTROL_LEAST && i < map_count; i++) {
		const uint64_t start = maps[i].key - sizeof(words);

		if (!(maps[i].value & ALONE) ||
		    !memory_peek(words, start, sizeof(words)))
			continue;
		for (uint64_t at = 0; at + CONTROL_LEAST <= sizeof(words);
		     at += CONTROL_ALIGNMENT) {
			const uint64_t *w = words + at / 8;
			const uint32_t *number =
			    (const void *)((const char *)w + offset);

			if (w[0] == start + at && w[2] == start + at &&
			    *number == tid)
				return maps[i].value & ~ALONE;
		}
	}
	return 0;
}

bool footing_holds_anywhere(uint32_t tid)
{
	const struct thread *t = thread_of(tid);

	if (!t || !t->ranges[0].most)
		return is_roomy(find_mapped(tid));
	for (unsigned i = 0; i < THREAD_RANGES && t->ranges[i].most; i++) {
		uint64_t start = mapped_start(t->ranges[i].most - 1);

		if (spans(&t->ranges[i], start) || !is_roomy(start))
			return false;
	}
	return true;
}
