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
#include "own.h"
#include "process.h"
#include "shadow.h"
#include "sys.h"
#include "thread.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

#define PAGE     4096ull
#define GAP      (1ull << 20) /* that the kernel keeps below a growing stack */
#define CONTROL  2304ull      /* glibc's struct pthread, from its pointer up */
#define RED_ZONE 128ull
#define HANDLER  512ull  /* what stop.c's handler needs .. */
#define MOVING   2560ull /* .. and more of it in the middle of realloc */
#define OLD      4096ull /* a frame, where the kernel does not tell its size */

#define MAPS_MOST   65536u
#define FLOORS_MOST (1u << 16)

/* In a mapping's start: nothing else but one stack may be in it. */
#define ALONE 1ull

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

	start = most > map->end ? 0 : map->end - most;
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
			start = grown_start(&map, below.end);
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
		maps = own_map(MAPS_MOST * sizeof(*maps));
	if (!floors)
		floors = own_map(FLOORS_MOST * sizeof(*floors));
	if (!owners)
		owners = own_map(THREAD_AREAS * sizeof(*owners));
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
		words = own_map(FRAME_MOST);
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

bool footing_is_worn(uint32_t tid)
{
	const struct thread *t = thread_of(tid);
	unsigned char page;
	uint64_t start;

	if (!t || !t->ranges[0].most)
		return false;
	start = mapped_start(t->ranges[0].most - 1);
	return start && sys_resident(start, PAGE, &page) == 0 && page & 1;
}
