/* SPDX-License-Identifier: MIT */
/*
 * What a signal's handler finds at each instruction, if it can come there: it may leave
 * refknot by longjmp, and then all stays as it is. The environment has this record
 * itself, without hooks: see meson.build.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include <cmocka.h>

#include "shadow.h"
#include "stacks.h"
#include "thread.h"

#define TRAP_FLAG 0x100
#define FAR       0x100000000000ull /* nothing is mapped there */

static uint64_t address;
static unsigned found, listed; /* instructions with which it is */

static bool is_listed(uint64_t region)
{
	const struct store_table *t = &store.header->tables[STORE_CHUNKS];

	for (uint64_t i = 1; i < t->count; i++) {
		const struct store_chunk *c = store_record(STORE_CHUNKS, i);

		if (c->offset && c->region == region)
			return true;
	}
	return false;
}

static void look(int number, siginfo_t *info, void *context)
{
	const ucontext_t *c = context;

	(void)number;
	(void)info;
	if (sigismember(&c->uc_sigmask, SIGALRM) || !shadow_slot(address))
		return;
	found++;
	listed += is_listed(address >> STORE_REGION_SHIFT);
}

static void set_trap(bool on)
{
	uint64_t flags = __builtin_ia32_readeflags_u64();

	__builtin_ia32_writeeflags_u64(on ? flags | TRAP_FLAG
					  : flags & ~(uint64_t)TRAP_FLAG);
}

static void a_region_that_is_found_is_listed(void **state)
{
	const struct shadow_block b = { .size = 100 };
	struct sigaction action = { .sa_sigaction = look,
				    .sa_flags = SA_SIGINFO };
	enum rkn_limit_number result;

	(void)state;
	sigaction(SIGTRAP, &action, NULL);
	for (unsigned i = 0; i < 8; i++) {
		address = FAR + i * STORE_REGION;
		assert_null(shadow_slot(address));
		found = listed = 0;
		set_trap(true);
		result = shadow_set(address, &b);
		set_trap(false);
		assert_int_equal(result, RKN_LIMITS);
		assert_int_not_equal(found, 0);
		assert_int_equal(listed, found);
	}
}

static unsigned maps, held;
static bool is_growing;

void *__real_own_memory_map(size_t size);
void *__wrap_own_memory_map(size_t size);
void *__wrap_own_memory_map(size_t size)
{
	sigset_t now;

	if (is_growing && !sigprocmask(SIG_BLOCK, NULL, &now)) {
		maps++;
		held += (unsigned)sigismember(&now, SIGALRM);
	}
	return __real_own_memory_map(size);
}

/* Who leaves there would leave an index that never grows. */
static void the_index_grows_while_no_signal_comes(void **state)
{
	struct thread *t = thread_enter(NULL);

	(void)state;
	assert_non_null(t);
	is_growing = true;
	for (uint64_t pc = 1; pc < 5000; pc++)
		if (!stacks_child(&t->memo, 0, FAR + 16 * pc))
			break;
	is_growing = false;
	thread_leave(t);
	assert_int_not_equal(maps, 0);
	assert_int_equal(held, maps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_index_grows_while_no_signal_comes),
		cmocka_unit_test(a_region_that_is_found_is_listed),
	};

	return cmocka_run_group_tests_name("steps", tests, NULL, NULL);
}
