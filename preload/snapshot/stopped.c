/* SPDX-License-Identifier: MIT */
#include "stopped.h"

#include <cpuid.h>
#include <signal.h>
#include <ucontext.h>

#include "compiler.h"
#include "realloc_window.h"
#include "sys.h"

#define RED_ZONE 128 /* bytes below its stack pointer that a function may use */

void stopped_note_caller(struct stopped *s,
			 const struct stack_base_saved *saved)
{
	const uint64_t low = stack_base_low(ADDRESS(saved));
	bool active;

	s->tid = (uint32_t)sys_tid();
	s->pointer = (uint64_t)(uintptr_t)thread_pointer();
	s->alternate = sys_alternate_stack(low, &active);
	s->low = s->sp = active ? 0 : low;
	s->at = (struct cfi_frame){ saved->pc, ADDRESS(saved + 1), saved->rbp };
	s->registers = 0;
	s->moves = realloc_window_unfinished();
	s->lends = s->left = false;
	s->task = NULL;
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

/* Where the processor puts each class; found out once, as it takes long in
 * virtual machines. */
static struct {
	uint32_t start, end;
} layout[64];
static bool laid_out;

void stopped_know_frames(void)
{
	uint32_t start, size, c, d;
	uint64_t classes;

	if (__atomic_load_n(&laid_out, __ATOMIC_ACQUIRE))
		return;
	/* Then each class may be anywhere. */
	if (sys_cpuid_faults()) {
		for (unsigned i = 0; i < sizeof(layout) / sizeof(*layout); i++)
			WRITE_ONCE(layout[i].end, UINT32_MAX);
		__atomic_store_n(&laid_out, true, __ATOMIC_RELEASE);
		return;
	}
	__cpuid_count(0xd, 0, start, size, c, d);
	classes = (uint64_t)d << 32 | start;
	for (classes &= ~3ull; classes; classes &= classes - 1) {
		const unsigned i = (unsigned)__builtin_ctzll(classes);

		__cpuid_count(0xd, i, size, start, c, d);
		WRITE_ONCE(layout[i].start, start);
		WRITE_ONCE(layout[i].end, start + size);
	}
	__atomic_store_n(&laid_out, true, __ATOMIC_RELEASE);
}

static void fill_holes(ucontext_t *u, const void *info)
{
	uint64_t fp = (uint64_t)(uintptr_t)u->uc_mcontext.fpregs;
	uint64_t sp = (uint64_t)u->uc_mcontext.gregs[REG_RSP] - RED_ZONE, end;
	uint64_t used;
	uint32_t size;

	zero((uint64_t)(uintptr_t)u->uc_mcontext.__reserved1,
	     (uint64_t)(uintptr_t)(u->uc_mcontext.__reserved1 + 8));
	if (!fp)
		return;
	if (fp - ((uint64_t)(uintptr_t)info + SIGINFO_SIZE) < 4096)
		zero((uint64_t)(uintptr_t)info + SIGINFO_SIZE, fp);
	if (*(uint32_t *)(uintptr_t)(fp + 464) != XSTATE_MAGIC)
		return;
	/* The state of register classes that are not in use. */
	stopped_know_frames();
	size = *(uint32_t *)(uintptr_t)(fp + 480);
	used = *(uint64_t *)(uintptr_t)(fp + 512) & ~(1ull << 63 | 3ull);
	for (uint32_t at = XSTATE_LEGACY; at + 8 <= size; at += 8) {
		bool is_used = false;

		for (uint64_t rest = used; rest; rest &= rest - 1) {
			const unsigned i = (unsigned)__builtin_ctzll(rest);

			is_used |= at + 8 > READ_ONCE(layout[i].start) &&
				   at < READ_ONCE(layout[i].end);
		}
		if (!is_used)
			*(volatile uint64_t *)(uintptr_t)(fp + at) = 0;
	}
	/* A second magic number follows the state, and must stay. */
	end = fp + *(uint32_t *)(uintptr_t)(fp + 468);
	if (sp - end < 4096)
		zero(end, sp);
}

/* The kernel's signal frame says all about the interrupted code. */
void stopped_note_interrupted(struct stopped *s, void *info, void *context,
			      uint64_t low)
{
	ucontext_t *u = context;
	const stack_t *other = &u->uc_stack;

	s->moves = realloc_window_in(context);
	fill_holes(u, info);
	s->pointer = (uint64_t)(uintptr_t)thread_pointer();
	s->sp = (uint64_t)u->uc_mcontext.gregs[REG_RSP];
	s->low = low;
	s->at = (struct cfi_frame){
		.pc = (uint64_t)u->uc_mcontext.gregs[REG_RIP] + 1,
		.sp = s->sp,
		.rbp = (uint64_t)u->uc_mcontext.gregs[REG_RBP],
	};
	s->registers = ADDRESS(u->uc_mcontext.gregs);
	s->alternate = 0;
	if (!(other->ss_flags & SS_DISABLE))
		s->alternate = (uint64_t)(uintptr_t)other->ss_sp;
	/* The registers are there then, in memory that is searched anyway. */
	if (s->alternate && low - s->alternate < other->ss_size)
		s->low = s->sp - RED_ZONE;
	/* The flags are those that the program set, and do not say so. */
	if (s->alternate && s->sp - s->alternate < other->ss_size)
		s->low = s->sp = 0;
	s->lends = s->left = false;
	s->task = NULL;
	/* Last: a thread that sees it may read the rest. */
	__atomic_store_n(&s->tid, (uint32_t)sys_tid(), __ATOMIC_RELEASE);
}
