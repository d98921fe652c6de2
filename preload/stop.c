/* SPDX-License-Identifier: MIT */
#include "stop.h"

#include <cpuid.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <ucontext.h>

#include "moves.h"
#include "own.h"
#include "proc.h"
#include "process.h"
#include "sys.h"
#include "text.h"
#include "thread.h"

/*
 * The second of the two signals that glibc keeps for itself: programs cannot
 * block it or take it. glibc uses it only while a thread changes the ids of
 * all others.
 */
#define SIGNAL 33

#define ROUNDS   30
#define PATIENCE 1000000000ull /* ns without a new arrival */
#define SLEEP    10000000ull
#define GRACE    300000000ull

static struct stopped *list;
static uint32_t arrived, ready, released, left;
static uint64_t deadline; /* monotonic ns */
static bool listed;       /* /proc/self/task could be read, and is in numbers
			     of the same pid namespace */
static struct sys_action former;

#define RED_ZONE 128 /* bytes below its stack pointer that a function may use */

void stop_note_caller(struct stopped *s, uint64_t low)
{
	bool active;

	s->tid = (uint32_t)sys_tid();
	s->pointer = (uint64_t)(uintptr_t)__builtin_thread_pointer();
	s->alternate = sys_alternate_stack(&active);
	s->low = s->sp = active ? 0 : low;
	s->moves = moves_unfinished();
}

/* The kernel's signal frame says all about the interrupted code. */
static void note(struct stopped *s, const ucontext_t *u, uint64_t low)
{
	const stack_t *other = &u->uc_stack;

	s->tid = (uint32_t)sys_tid();
	s->pointer = (uint64_t)(uintptr_t)__builtin_thread_pointer();
	s->sp = (uint64_t)u->uc_mcontext.gregs[REG_RSP];
	s->low = low;
	s->alternate = 0;
	if (!(other->ss_flags & SS_DISABLE))
		s->alternate = (uint64_t)(uintptr_t)other->ss_sp;
	/* The registers are there then, in memory that is searched anyway. */
	if (s->alternate && low - s->alternate < other->ss_size)
		s->low = s->sp - RED_ZONE;
	if (other->ss_flags & SS_ONSTACK)
		s->low = s->sp = 0;
}

static void zero(uint64_t from, uint64_t to)
{
	for (; from < to; from++)
		*(volatile char *)(uintptr_t)from = 0;
}

/*
 * The signal frame has holes that the kernel does not fill, and the state of
 * registers that are not in use is not written at all: what functions left on
 * the stack before would look like a register's value.
 * (Linux, arch/x86/include/uapi/asm/sigcontext.h; Intel SDM volume 1, 13.4.)
 */
#define XSTATE_MAGIC  0x46505853u
#define XSTATE_LEGACY 576u /* and its header */
#define SIGINFO_SIZE  128u

/* Zero the state of register classes that are not in use. */
static void fill_state(uint64_t fp, uint32_t size)
{
	uint64_t used = *(uint64_t *)(uintptr_t)(fp + 512);
	uint32_t start[64], end[64], n = 0, c, d;

	for (unsigned i = 2; i < 63; i++)
		if (used >> i & 1) {
			__cpuid_count(0xd, i, end[n], start[n], c, d);
			end[n] += start[n];
			n++;
		}
	for (uint32_t at = XSTATE_LEGACY; at + 8 <= size; at += 8) {
		uint32_t k = 0;

		while (k < n && !(at + 8 > start[k] && at < end[k]))
			k++;
		if (k == n)
			*(volatile uint64_t *)(uintptr_t)(fp + at) = 0;
	}
}

static void fill_holes(ucontext_t *u, const void *info)
{
	uint64_t fp = (uint64_t)(uintptr_t)u->uc_mcontext.fpregs;
	uint64_t sp = (uint64_t)u->uc_mcontext.gregs[REG_RSP] - RED_ZONE, end;

	zero((uint64_t)(uintptr_t)u->uc_mcontext.__reserved1,
	     (uint64_t)(uintptr_t)(u->uc_mcontext.__reserved1 + 8));
	if (!fp)
		return;
	if (fp - ((uint64_t)(uintptr_t)info + SIGINFO_SIZE) < 4096)
		zero((uint64_t)(uintptr_t)info + SIGINFO_SIZE, fp);
	if (*(uint32_t *)(uintptr_t)(fp + 464) != XSTATE_MAGIC)
		return;
	fill_state(fp, *(uint32_t *)(uintptr_t)(fp + 480));
	/* A second magic number stands behind the state, and must stay. */
	end = fp + *(uint32_t *)(uintptr_t)(fp + 468);
	if (sp - end < 4096)
		zero(end, sp);
}

void stop_note_interrupted(struct stopped *s, void *info, void *context,
			   uint64_t low)
{
	s->moves = moves_in(context);
	fill_holes(context, info);
	note(s, context, low);
}

static void handler(int signal, void *info, void *context)
{
	struct stopped none;
	uint32_t i;

	(void)signal;
	if (__atomic_load_n(&released, __ATOMIC_ACQUIRE))
		return;
	if (moves_in(context)) {
		moves_ask(MOVES_STOP);
		return;
	}
	i = __atomic_fetch_add(&arrived, 1, __ATOMIC_RELAXED);
	stop_note_interrupted(i < STOP_MOST ? &list[i] : &none, info, context,
			      (uint64_t)(uintptr_t)__builtin_frame_address(0));
	__atomic_fetch_add(&ready, 1, __ATOMIC_RELEASE);
	sys_wake(&ready);
	while (!__atomic_load_n(&released, __ATOMIC_ACQUIRE))
		sys_wait(&released, 0, SLEEP);
	while (sys_clock(CLOCK_MONOTONIC) < deadline)
		sys_wait(&released, 1, SLEEP);
	__atomic_fetch_add(&left, 1, __ATOMIC_RELEASE);
	sys_wake(&left);
}

/* The kernel's struct linux_dirent64. */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

static int number(const char *s)
{
	int n = 0;

	for (; *s >= '0' && *s <= '9'; s++)
		n = n * 10 + (*s - '0');
	return n;
}

static bool is_signalled(const int *tids, uint32_t count, int tid)
{
	for (uint32_t i = 0; i < count; i++)
		if (tids[i] == tid)
			return true;
	return false;
}

/* Signal every thread that has not been yet. New `count`. */
static uint32_t signal_all(int *tids, uint32_t count)
{
	__attribute__((aligned(8))) char buffer[4096];
	int fd = (int)proc_open("self/task", O_RDONLY | O_DIRECTORY);
	int self = sys_tid();
	bool known = false; /* by the number that it has here */
	unsigned seen = 0;
	long size = -1;

	while (fd >= 0 &&
	       (size = sys_directory(fd, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < size;) {
			const struct entry *e = (const void *)(buffer + at);
			int tid = number(e->name);

			at += e->size;
			known |= tid == self;
			seen += tid != 0;
			if (!tid || tid == self || count == STOP_MOST ||
			    is_signalled(tids, count, tid))
				continue;
			if (sys_signal_thread(process.pid, tid, SIGNAL) == 0)
				tids[count++] = tid;
		}
	}
	listed = size == 0 && (known || seen == 1);
	if (fd >= 0)
		sys_close(fd);
	return count;
}

/* Has it ended, though it is listed? So is a first thread before the last. */
static bool is_zombie(int tid)
{
	char path[64], line[512];
	struct text t = { path, sizeof(path), 0 };
	long size = 0;
	int fd;

	text_add(&t, "self/task/");
	text_number(&t, (uint64_t)tid);
	text_add(&t, "/stat");
	fd = (int)proc_open(path, O_RDONLY);
	if (fd >= 0) {
		size = sys_read(fd, line, sizeof(line));
		sys_close(fd);
	}
	for (size -= 2; size > 0 && line[size - 1] != ')'; size--)
		;
	/* 7 (name) Z 1 ... */
	return size > 0 && (line[size + 1] == 'Z' || line[size + 1] == 'X');
}

/* Threads that ended since they were signalled do not arrive. */
static uint32_t still_alive(const int *tids, uint32_t count)
{
	uint32_t alive = 0;

	for (uint32_t i = 0; i < count; i++)
		alive += sys_thread_alive(process.pid, tids[i]) &&
			 !is_zombie(tids[i]);
	return alive;
}

static void wait_for(const int *tids, uint32_t count)
{
	uint64_t since = sys_clock(CLOCK_MONOTONIC);
	uint32_t seen = __atomic_load_n(&ready, __ATOMIC_ACQUIRE);

	while (seen < count) {
		uint32_t now;

		sys_wait(&ready, seen, SLEEP);
		now = __atomic_load_n(&ready, __ATOMIC_ACQUIRE);
		if (now != seen)
			since = sys_clock(CLOCK_MONOTONIC);
		else if (sys_clock(CLOCK_MONOTONIC) - since > PATIENCE ||
			 still_alive(tids, count) <= now)
			return;
		seen = now;
	}
}

void stop_self(void)
{
	sys_signal_thread(process.pid, sys_tid(), SIGNAL);
}

void stop_begin(struct stop *s)
{
	static int *tids;
	uint32_t count = 0, before = UINT32_MAX;
	struct sys_action action;

	if (!tids)
		tids = own_map(STOP_MOST * sizeof(*tids));
	if (!list)
		list = own_map(STOP_MOST * sizeof(*list));
	s->threads = list;
	s->count = s->running = 0;
	if (!tids || !list)
		return;
	arrived = ready = released = left = 0;
	sys_action_init(&action, handler);
	sys_action(SIGNAL, &action, &former);
	for (int i = 0; i < ROUNDS && count != before; i++) {
		before = count;
		count = signal_all(tids, count);
		if (count != before)
			wait_for(tids, count);
	}
	s->count = __atomic_load_n(&ready, __ATOMIC_ACQUIRE);
	count = still_alive(tids, count);
	s->running = count > s->count ? count - s->count : 0;
	s->running += !listed;
	s->running += thread_outside();
}

/* Whoever stops them again must not find one that still waits here. */
static void wait_until_left(void)
{
	uint32_t all = __atomic_load_n(&ready, __ATOMIC_ACQUIRE), now;
	uint64_t since = sys_clock(CLOCK_MONOTONIC);

	while ((now = __atomic_load_n(&left, __ATOMIC_ACQUIRE)) < all &&
	       sys_clock(CLOCK_MONOTONIC) - since < PATIENCE)
		sys_wait(&left, now, SLEEP);
}

/* Ignoring a signal for a moment discards what is still pending. */
void stop_end(bool last)
{
	struct sys_action ignore = { .handler = (void *)SIG_IGN };

	sys_action(SIGNAL, &ignore, NULL);
	sys_action(SIGNAL, &former, NULL);
	deadline = last ? sys_clock(CLOCK_MONOTONIC) + GRACE : 0;
	__atomic_store_n(&released, 1, __ATOMIC_RELEASE);
	sys_wake(&released);
	if (!last)
		wait_until_left();
}
