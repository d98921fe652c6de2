/* SPDX-License-Identifier: MIT */
/* Registers that a call may change are hidden while the thread that sent itself
 * the signal is looked at, and no others, and come back as they were. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cmocka.h>

#include "dead_registers.h"

/* The kernel's layout of a signal frame's registers: see <asm/sigcontext.h>. */
#define MAGIC_AT 464u
#define SIZE_AT  480u
#define VECTORS  160u
#define REST     416u /* what is the kernel's own */
#define HEADER   576u
#define LEAST    576u
#define MOST     (16u << 10)
#define ROOM     (MOST + 4096)
#define FILL     0xa5

static bool in_libc;
int __wrap_modules_is_libc(uint64_t pc);
int __wrap_modules_is_libc(uint64_t pc)
{
	(void)pc;
	return in_libc;
}

static const unsigned char code[] = { 0x0f, 0x05, 0xc3, 0x90 };

/* A signal that this thread sent itself. */
struct arrived {
	int signal;
	siginfo_t info;
	ucontext_t context;
	_Alignas(64) unsigned char fp[ROOM];
};

static void set_size(struct arrived *a, uint32_t magic, uint32_t size)
{
	memcpy(a->fp + MAGIC_AT, &magic, sizeof(magic));
	memcpy(a->fp + SIZE_AT, &size, sizeof(size));
}

static greg_t *reg(struct arrived *a, int number)
{
	return &a->context.uc_mcontext.gregs[number];
}

static void fill(struct arrived *a, uint32_t size)
{
	memset(a, FILL, sizeof(*a));
	a->signal = SIGUSR1;
	a->info.si_code = SI_TKILL;
	a->info.si_pid = getpid();
	*reg(a, REG_RDI) = getpid();
	*reg(a, REG_RSI) = (greg_t)syscall(SYS_gettid);
	*reg(a, REG_RDX) = SIGUSR1;
	*reg(a, REG_RIP) = (greg_t)(uintptr_t)(code + 2);
	a->context.uc_mcontext.fpregs = (fpregset_t)(void *)a->fp;
	set_size(a, 0x46505853, size);
	in_libc = true;
}

static void assert_filled(const unsigned char *p, uint32_t from, uint32_t to,
			  unsigned char with)
{
	for (uint32_t i = from; i < to; i++)
		assert_int_equal(p[i], with);
}

/* Hidden, with the registers' state up to `end`; and back. */
static void assert_hides(struct arrived *a, uint32_t end)
{
	static struct arrived before;
	static const int dead[] = { REG_RDX, REG_R8, REG_R9, REG_R10, REG_R11 };

	before = *a;
	dead_registers_hide(a->signal, &a->info, &a->context);
	for (int i = 0; i < NGREG; i++) {
		bool hidden = false;

		for (unsigned d = 0; d < sizeof(dead) / sizeof(*dead); d++)
			hidden |= dead[d] == i;
		assert_int_equal(*reg(a, i), hidden ? 0 : *reg(&before, i));
	}
	assert_filled(a->fp, 0, VECTORS, FILL);
	assert_filled(a->fp, VECTORS, REST, 0);
	assert_memory_equal(a->fp + REST, before.fp + REST, HEADER - REST);
	assert_filled(a->fp, HEADER, end, 0);
	assert_filled(a->fp, end, ROOM, FILL);
	dead_registers_restore(&a->context);
	assert_memory_equal(a, &before, sizeof(before));
}

static void assert_shows(struct arrived *a)
{
	static struct arrived before;

	before = *a;
	dead_registers_hide(a->signal, &a->info, &a->context);
	assert_memory_equal(a, &before, sizeof(before));
	*reg(a, REG_R8) = 1;
	dead_registers_restore(&a->context);
	assert_int_equal(*reg(a, REG_R8), 1);
	*reg(a, REG_R8) = *reg(&before, REG_R8);
	assert_memory_equal(a, &before, sizeof(before));
}

static struct arrived a;

static void every_size_of_the_state_is_hidden_whole(void **state)
{
	static const uint32_t sizes[] = { LEAST,  LEAST + 1, LEAST + 64, 832,
					  0x34f0, MOST - 1,  MOST };

	(void)state;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		fill(&a, sizes[i]);
		assert_hides(&a, sizes[i]);
	}
}

static void a_size_that_cannot_be_is_not_believed(void **state)
{
	static const uint32_t sizes[] = { 0, LEAST - 1, MOST + 1, UINT32_MAX };

	(void)state;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		fill(&a, sizes[i]);
		assert_hides(&a, LEAST);
	}
	fill(&a, 832);
	set_size(&a, 0x46505854, 832);
	assert_hides(&a, LEAST);
}

static void no_state_is_needed(void **state)
{
	(void)state;
	fill(&a, 832);
	a.context.uc_mcontext.fpregs = NULL;
	dead_registers_hide(a.signal, &a.info, &a.context);
	assert_int_equal(*reg(&a, REG_R11), 0);
	assert_filled(a.fp, HEADER, ROOM, FILL);
	dead_registers_restore(&a.context);
	assert_int_not_equal(*reg(&a, REG_R11), 0);
}

static void kill_of_the_own_process_counts(void **state)
{
	(void)state;
	fill(&a, 832);
	a.info.si_code = SI_USER;
	*reg(&a, REG_RSI) = SIGUSR1;
	*reg(&a, REG_RDX) = 77;
	assert_hides(&a, 832);
}

static void what_another_sent_hides_nothing(void **state)
{
	(void)state;
	fill(&a, 832);
	a.info.si_code = SI_QUEUE;
	assert_shows(&a);
	fill(&a, 832);
	a.info.si_pid = getpid() + 1;
	assert_shows(&a);
	fill(&a, 832);
	*reg(&a, REG_RDI) = getpid() + 1;
	assert_shows(&a);
	fill(&a, 832);
	*reg(&a, REG_RSI) += 1; /* another thread */
	assert_shows(&a);
	fill(&a, 832);
	*reg(&a, REG_RDX) = SIGUSR2;
	assert_shows(&a);
}

static void what_is_not_in_a_call_hides_nothing(void **state)
{
	(void)state;
	fill(&a, 832);
	in_libc = false;
	assert_shows(&a);
	fill(&a, 832);
	*reg(&a, REG_RIP) += 1;
	assert_shows(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_of_the_state_is_hidden_whole),
		cmocka_unit_test(a_size_that_cannot_be_is_not_believed),
		cmocka_unit_test(no_state_is_needed),
		cmocka_unit_test(kill_of_the_own_process_counts),
		cmocka_unit_test(what_another_sent_hides_nothing),
		cmocka_unit_test(what_is_not_in_a_call_hides_nothing),
	};

	return cmocka_run_group_tests_name("dead_registers", tests, NULL, NULL);
}
