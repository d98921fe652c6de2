/* SPDX-License-Identifier: MIT */
#include "seals.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "references.h"
#include "sys.h"
#include "thread.h"

#define PAGE_SHIFT    12
#define UNLIKELY_WORD 0x9d2f71c3

struct seals seals;

void seals_use_keys(void)
{
	WRITE_ONCE(seals.keys, true);
	seals_change();
}

bool seals_concern(long number, const long *arguments)
{
	switch (number) {
	case SYS_mprotect:
		return !(arguments[2] & PROT_READ);
	case SYS_madvise:
		return arguments[2] == SEALS_GUARD;
	case SYS_mmap:
		return arguments[3] & MAP_FIXED;
	default:
		return number == SYS_munmap || number == SYS_mremap;
	}
}

bool seals_can_read(uint64_t address)
{
	struct thread *t = thread_behind(thread_self);
	uint64_t count = __atomic_load_n(&seals.count, __ATOMIC_SEQ_CST);
	uint64_t page = address >> PAGE_SHIFT;
	uint64_t *known = &t->readable[page % THREAD_READABLE];
	uint32_t *word;

	if (unlikely(t->seals != count)) {
		memset(t->readable, 0, sizeof(t->readable));
		t->seals = count;
	}
	if (likely(*known == page && !references_lost))
		return true;
	/* The kernel reads the word before it would wait, which it does not. */
	word = (uint32_t *)(uintptr_t)(address & ~3ull);
	if (sys_wait(word, UNLIKELY_WORD, 0) == -EFAULT)
		return false;
	if (!READ_ONCE(seals.keys))
		*known = page;
	return true;
}

/* Of each read: where it is and where it ends, from the word itself on. */
struct site {
	int32_t at, end;
};
extern const struct site __start_seals_sites[] HIDDEN;
extern const struct site __stop_seals_sites[] HIDDEN;

#define CARRY 1 /* of the flags: it failed */

#define READ(instruction)                                                      \
	__asm__ volatile("clc\n"                                               \
			 "1:	" instruction "\n"                             \
			 "2:\n"                                                \
			 ".pushsection seals_sites, \"a\", @progbits\n"        \
			 ".balign 4\n"                                         \
			 ".long 1b - ., 2b - .\n"                              \
			 ".popsection\n"                                       \
			 : "=r"(word), "=@ccc"(failed)                         \
			 : "r"(address)                                        \
			 : "memory")

bool seals_read(uint64_t address, unsigned width, uint64_t *value)
{
	uint64_t word;
	bool failed;

	switch (width) {
	case 1:
		READ("movzbl (%2), %k0");
		break;
	case 2:
		READ("movzwl (%2), %k0");
		break;
	case 4:
		READ("movl (%2), %k0");
		break;
	default:
		READ("movq (%2), %0");
	}
	if (unlikely(failed))
		seals_change();
	*value = word;
	return !failed;
}

static uint64_t at(const int32_t *distance)
{
	return (uint64_t)(uintptr_t)distance + (uint64_t)(int64_t)*distance;
}

bool seals_skip(void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	for (const struct site *s = __start_seals_sites; s < __stop_seals_sites;
	     s++)
		if ((uint64_t)registers[REG_RIP] == at(&s->at)) {
			registers[REG_RIP] = (greg_t)at(&s->end);
			registers[REG_EFL] |= CARRY;
			return true;
		}
	return false;
}
