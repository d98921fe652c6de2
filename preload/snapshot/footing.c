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
#include "maps.h"
#include "ordered.h"
#include "own_memory.h"
#include "process.h"
#include "shadow.h"
#include "sys.h"
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

/* In a mapping's start: nothing else but one stack may be in it. */
#define ALONE 1ull

extern void *__libc_stack_end;

/* What is mapped, by its end; what ends stacks, by its address; and which areas
 * are whose, by thread. */
static struct ordered *maps, *floors, *owners;
static uint32_t map_count, floor_count, owner_count;
static unsigned looks; /* at all that; it takes a while */
#define LOOKS 4

void footing_forget(void)
{
	looks = 0;
}

/*
 * AT_MINSIGSTKSZ counts the registers of AMX, 8 KiB, which are saved only where
 * the process has asked the kernel to be permitted to use them.
 * (Linux, Documentation/arch/x86/xstate.rst; Intel SDM volume 1, 13.4.)
 */
#define TILES 18u
static uint64_t unused_tiles(void)
{
	uint32_t a, b, c, d, size, offset, most = 0;
	uint64_t permitted = 0;

	if (sys_cpuid_faults() || __get_cpuid_max(0, NULL) < 0xd)
		return 0;
	__cpuid_count(0xd, 0, a, b, c, d);
	if (!(a >> TILES & 1) || sys_permitted_state(&permitted) < 0 ||
	    permitted >> TILES & 1)
		return 0;
	for (unsigned i = 2; i < 32; i++) {
		if (i == TILES || !(a >> i & 1))
			continue;
		__cpuid_count(0xd, i, size, offset, c, d);
		most = size + offset > most ? size + offset : most;
	}
	return b > most ? b - most : 0;
}

uint64_t footing_frame(void)
{
	uint64_t frame = libc()->getauxval(AT_MINSIGSTKSZ),
		 tiles = unused_tiles();

	if (!frame || frame < tiles)
		frame = OLD;
	else
		frame -= tiles;
	return frame + RED_ZONE;
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

/* It is nobody's data, a guard or nothing is below, and it has no name. */
static bool is_alone(const struct map *map, const struct map *below)
{
	return !*map->name && !map->inode &&
	       (below->end != map->start ||
		(!below->readable && !below->writable));
}

static void read_maps(void)
{
	struct map map, below = { 0 };
	struct maps m;

	map_count = 0;
	if (!maps || !maps_open(&m))
		return;
	for (; map_count < MAPS_MOST && maps_next(&m, &map); below = map) {
		uint64_t start = map.start;

		if (!map.readable || !map.writable)
			continue;
		if (strcmp(map.name, "[stack]") == 0)
			start = grown_start(&map, below.end) | ALONE;
		else if (is_alone(&map, &below))
			start |= ALONE;
		maps[map_count++] = (struct ordered){ map.end, start };
	}
	maps_close(&m);
}

static void add_floor(uint64_t address)
{
	if (floor_count < FLOORS_MOST)
		floors[floor_count++].key = address;
}

static void read_floors(void)
{
	uint64_t at;

	floor_count = 0;
	for (uint32_t i = 0; floors && (at = thread_pointers_next(&i));)
		add_floor(at + CONTROL);
	for (uint32_t i = 0; floors && (at = contexts_stacks_next(&i));)
		add_floor(at);
	ordered_sort(floors, floor_count);
}

static void read_owners(void)
{
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
}

static void look(void)
{
	if (!maps)
		maps = own_memory_map(MAPS_MOST * sizeof(*maps));
	if (!floors)
		floors = own_memory_map(FLOORS_MOST * sizeof(*floors));
	if (!owners)
		owners = own_memory_map(THREAD_AREAS * sizeof(*owners));
	read_maps();
	read_floors();
	read_owners();
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

/* A thread may have been made since. */
static uint64_t find_start(uint64_t sp)
{
	uint64_t start;

	if (!looks)
		look();
	start = start_of(sp);
	if (!start && looks < LOOKS) {
		look();
		start = start_of(sp);
	}
	return start;
}

/* Does a block begin between them? Then it is the stack, or before it. */
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
static bool is_frame_of_stack(const ucontext_t *u, uint64_t at, uint64_t sp)
{
	const uint64_t start = (uint64_t)(uintptr_t)u->uc_stack.ss_sp;
	const uint64_t size = u->uc_stack.ss_size;
	const uint64_t fp = (uint64_t)(uintptr_t)u->uc_mcontext.fpregs;

	return u->uc_flags <= UC_FLAGS && !u->uc_link && start &&
	       sp - start < size && at - start < size && fp - at < size &&
	       !(fp & XSAVE_MASK);
}

#define FRAME_MOST (64ull << 10) /* how far above the stack pointer it is */

/* Bytes from there on, as far as looked at; the kernel reads no others, but
 * takes longer. */
static uint64_t readable(uint64_t from)
{
	const uint32_t i = ordered_from(maps, map_count, from + 1);

	if (i == map_count || maps[i].value > from ||
	    maps[i].key - from > FRAME_MOST)
		return FRAME_MOST;
	return maps[i].key - from;
}

uint64_t footing_signal_stack(uint64_t sp)
{
	static char *words;
	const uint64_t from = sp & ~(uint64_t)(UC_ALIGNMENT - 1);
	long size;

	if (!words)
		words = own_memory_map(FRAME_MOST);
	size = words ? sys_peek(process.pid, words, from, readable(from)) : 0;
	for (long at = 0; at + (long)UC_BYTES <= size; at += UC_ALIGNMENT) {
		const ucontext_t *u = (const void *)(words + at);

		if (is_frame_of_stack(u, from + (uint64_t)at, sp))
			return (uint64_t)(uintptr_t)u->uc_stack.ss_sp;
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
	uint64_t need, start = find_start(sp);

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

/* The range goes over the thread's own stack and a coroutine's below it. */
static bool spans(const struct cfi_bounds *range, uint64_t start)
{
	const uint32_t i = ordered_from(floors, floor_count, range->least);

	/* Does another stack begin between them? */
	return i < floor_count && floors[i].key < start;
}

/* Has the stack that begins there ever been in use to its end? The page of a
 * stack that may still grow is none yet. */
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

/* Is the first page with what a signal needs untouched? */
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

/* Where glibc's control blocks have the number of their thread. */
static uint64_t number_offset(void)
{
	const int self = sys_tid();

	for (uint64_t at = CONTROL_WORDS; at < CONTROL_LEAST; at += 4)
		if (*(const int *)((const char *)thread_pointer() + at) == self)
			return at;
	return 0;
}

/* Is the control block of thread `tid` at the end of that stack? It holds its
 * own address twice (tcbhead_t, tcb and self). */
static bool ends_with(uint64_t end, uint32_t tid, uint64_t offset)
{
	static uint64_t words[2 * PAGE / 8];
	const uint64_t start = end - sizeof(words);

	if (sys_peek(process.pid, words, start, sizeof(words)) !=
	    (long)sizeof(words))
		return false;
	for (uint64_t at = 0; at + CONTROL_LEAST <= sizeof(words);
	     at += CONTROL_ALIGNMENT) {
		const uint64_t *w = words + at / 8;
		const uint32_t *number =
		    (const void *)((const char *)w + offset);

		if (w[0] == start + at && w[2] == start + at && *number == tid)
			return true;
	}
	return false;
}

/* The stack of a thread that has never allocated, if it is a mapping. */
static uint64_t find_mapped(uint32_t tid)
{
	const uint64_t offset = number_offset();

	if (tid == (uint32_t)process.pid)
		return mapped_start((uint64_t)(uintptr_t)__libc_stack_end);
	for (uint32_t i = 0; offset && i < map_count; i++)
		if (maps[i].value & ALONE &&
		    ends_with(maps[i].key, tid, offset))
			return maps[i].value & ~ALONE;
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
