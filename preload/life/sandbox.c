/* SPDX-License-Identifier: MIT */
#include "sandbox.h"

#include <assert.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/kcmp.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "environment.h"
#include "fatal.h"
#include "filter.h"
#include "process.h"
#include "shadow.h"
#include "spare.h"
#include "sys.h"

/* What is made ready for: so much more heap, and memory near the last that
 * was mapped; in the store so much for whatever. */
#define HEAP_TOP   (1ull << 20) /* of the heap, perhaps not used yet */
#define HEAP_ROOM  (32ull << 20)
#define MAP_ROOM   (16ull << 20)
#define ROOM       (4ull << 20)
#define TABLE_ROOM (256ull << 10)

#define PATIENCE 100000 /* looks, for others that undo */

/* What a call is for; without it that is left out. */
enum need {
	SPARE, /* and hardly missed */
	OPTIONAL,
	SNAPSHOT,
	SIGNALS,
};

/* See calls.def. */
#define HERE          (uint32_t) AT_FDCWD
#define FUTEX_WAITING FUTEX_WAIT_PRIVATE
#define FUTEX_WAKING  FUTEX_WAKE_PRIVATE
static const struct {
	int number;
	enum need need;
	int forbids; /* not all of `number`; 0: that */
} calls[] = {
#define CALL(number, need, forbids, ...) { number, need, forbids },
#define ALSO(number, ...)
#include "calls.def"
#undef ALSO
#undef CALL
};
#define CALLS (sizeof(calls) / sizeof(*calls))
static_assert(CALLS <= 64, "no bit for each in struct sandbox_change");

/* How they are made, in the same order. */
static const struct way {
	int number;
	bool also; /* another one of the call before */
	uint64_t arguments[6];
} ways[] = {
#define CALL(number, need, forbids, ...) { number, false, { __VA_ARGS__ } },
#define ALSO(number, ...)                { number, true, { __VA_ARGS__ } },
#include "calls.def"
#undef ALSO
#undef CALL
};
#define WAYS (sizeof(ways) / sizeof(*ways))

/* Mode 1 leaves these. */
static bool is_allowed_by_strict(int number)
{
	return number == SYS_read || number == SYS_write ||
	       number == SYS_rt_sigreturn;
}

static bool is_call_allowed(const struct filter *f, int number,
			    const uint64_t *arguments)
{
	uint32_t answer;

	if (!f)
		return is_allowed_by_strict(number);
	answer = filter_answer(f, number, arguments) & SECCOMP_RET_ACTION_FULL;
	return answer == SECCOMP_RET_ALLOW || answer == SECCOMP_RET_LOG;
}

/* What the loader does with a library's file, and refknot never. */
static bool is_loading_allowed(const struct filter *f)
{
	const uint64_t opened[6] = { 3, 1, 1, AT_EMPTY_PATH };

	return is_call_allowed(f, SYS_newfstatat, opened);
}

/*
 * Which of the calls a filter that stands denies, and how many that are about
 * to be installed would: several may be at the same time, and the kernel take
 * some, so what one denies is counted.
 */
static uint64_t lasting;
static uint16_t pending[CALLS];
static uint32_t undoing;   /* threads whose filter was not taken */
static bool handlers_out;  /* of fatal signals, for a filter; for good: they
			     come back where no filter denies them any more */
static bool inherited_all; /* what stood at the start is in `lasting` */
static bool loads_nothing; /* what is executed: the loader may not */

/* What the filters of this thread's vfork child deny, while there is one. */
static _Thread_local uint64_t child_denies;

static bool is_forbidden(int number)
{
	return READ_ONCE(sys_forbidden[number / 64]) >> number % 64 & 1;
}

static int number_of(size_t i)
{
	return calls[i].forbids ? calls[i].forbids : calls[i].number;
}

/* Is it, or a part of it, of use for more than what is hardly missed? */
static bool is_missed(int number)
{
	for (size_t i = 0; i < CALLS; i++)
		if (number_of(i) == number && calls[i].need != SPARE)
			return true;
	return false;
}

static uint32_t count_forbidden(void)
{
	uint32_t n = 0;

	for (int number = 0; number < SYS_FORBIDDEN_WORDS * 64; number++)
		n += is_forbidden(number) && is_missed(number);
	return n;
}

static bool is_denied(size_t i)
{
	return __atomic_load_n(&lasting, __ATOMIC_SEQ_CST) >> i & 1 ||
	       __atomic_load_n(&pending[i], __ATOMIC_SEQ_CST);
}

static bool is_number_denied(int number)
{
	for (size_t i = 0; i < CALLS; i++)
		if (number_of(i) == number && is_denied(i))
			return true;
	return false;
}

static bool is_need_denied(enum need need)
{
	for (size_t i = 0; i < CALLS; i++)
		if (calls[i].need == need && is_denied(i))
			return true;
	return false;
}

static void forbid(int number)
{
	__atomic_fetch_or(&sys_forbidden[number / 64], 1ull << number % 64,
			  __ATOMIC_SEQ_CST);
}

static void allow(int number)
{
	__atomic_fetch_and(&sys_forbidden[number / 64], ~(1ull << number % 64),
			   __ATOMIC_SEQ_CST);
}

bool sandbox_denies_snapshot(void)
{
	return is_need_denied(SNAPSHOT);
}

bool sandbox_denies_growth(void)
{
	return is_forbidden(SYS_madvise);
}

static bool is_needed_to_start(int number)
{
	static const int needed[] = { SYS_madvise, SYS_OPEN_TO_WRITE,
				      SYS_openat,  SYS_ftruncate,
				      SYS_mmap,    SYS_mprotect };

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (needed[i] == number)
			return true;
	return false;
}

bool sandbox_denies_start(void)
{
	for (size_t i = 0; i < CALLS; i++)
		if (is_needed_to_start(number_of(i)) &&
		    is_forbidden(number_of(i)))
			return true;
	return false;
}

/* The loader reads a library, refknot begins without that. */
static bool is_needed_to_load(int number)
{
	return number == SYS_read || is_needed_to_start(number);
}

void sandbox_note(void)
{
	struct store_area *common = store_record(STORE_AREAS, 0);

	if (common)
		WRITE_ONCE(common->limits[RKN_LIMIT_SANDBOX],
			   count_forbidden());
	if (sandbox_denies_snapshot())
		store_flag(RKN_META_SANDBOX);
	else
		__atomic_fetch_and(&store.header->meta.flags,
				   ~(uint32_t)RKN_META_SANDBOX,
				   __ATOMIC_RELAXED);
}

static void make_room(void)
{
	struct store_header *h = store.header;
	uint64_t end = sys_break();
	void *next = spare_map(MAP_ROOM); /* where the kernel puts them */
	uint64_t mapped = (uint64_t)(uintptr_t)next;

	if (next)
		spare_unmap(next, MAP_ROOM);
	if (end >> STORE_ADDRESS_BITS == 0)
		shadow_prepare(end - HEAP_TOP, end + HEAP_ROOM);
	if (next)
		shadow_prepare(mapped, mapped + MAP_ROOM);
	store_prepare(READ_ONCE(h->used_bytes), ROOM);
	for (int i = 0; i < STORE_TABLES; i++) {
		const struct store_table *t = &h->tables[i];
		uint64_t used = READ_ONCE(t->count) * t->record_size;
		uint64_t left = t->capacity * t->record_size - used;

		if (left)
			store_prepare(t->offset + used,
				      left < TABLE_ROOM ? left : TABLE_ROOM);
	}
}

/* Of those that undo, each has looked at what was counted before. */
static void wait_for_undoing(void)
{
	for (unsigned i = 0; i < PATIENCE; i++) {
		if (!__atomic_load_n(&undoing, __ATOMIC_SEQ_CST))
			return;
		sys_pause();
	}
}

/* From here on nobody who undoes a filter takes for allowed what this one may
 * forbid: no handler is put back that is taken away next. */
static void count_in(const struct sandbox_change *c)
{
	__atomic_fetch_add(&sys_unsettled, 1, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < CALLS; i++)
		if (!(c->allows >> i & 1))
			__atomic_fetch_add(&pending[i], 1, __ATOMIC_SEQ_CST);
	wait_for_undoing();
}

static void deny(const struct sandbox_change *c)
{
	for (size_t i = 0; i < CALLS; i++)
		if (!(c->allows >> i & 1))
			forbid(number_of(i));
}

static uint64_t every_call(void)
{
	return CALLS == 64 ? UINT64_MAX : (1ull << CALLS % 64) - 1;
}

void sandbox_ask(struct sandbox_change *c, const struct filter *filter)
{
	uint64_t bit = 1;

	*c = (struct sandbox_change){ .allows = every_call(),
				      .counts = process_owns_memory(),
				      .loads = is_loading_allowed(filter) };
	for (size_t i = 0; i < WAYS; i++) {
		if (i && !ways[i].also)
			bit <<= 1;
		if (!is_call_allowed(filter, ways[i].number, ways[i].arguments))
			c->allows &= ~bit;
	}
}

static void deny_for_good(const struct sandbox_change *c)
{
	__atomic_fetch_or(&lasting, ~c->allows & every_call(),
			  __ATOMIC_SEQ_CST);
}

static void settle(void)
{
	__atomic_fetch_sub(&sys_unsettled, 1, __ATOMIC_SEQ_CST);
}

static void count_out(const struct sandbox_change *c)
{
	for (size_t i = 0; i < CALLS; i++)
		if (!(c->allows >> i & 1))
			__atomic_fetch_sub(&pending[i], 1, __ATOMIC_SEQ_CST);
}

/* What no other denies is allowed again; a handler's filter may come between. */
static void undo(void)
{
	__atomic_fetch_add(&undoing, 1, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < CALLS; i++) {
		if (is_number_denied(number_of(i)))
			continue;
		allow(number_of(i));
		if (is_number_denied(number_of(i)))
			forbid(number_of(i));
	}
	settle();
	if (!is_need_denied(SNAPSHOT) && !is_need_denied(SIGNALS) &&
	    __atomic_load_n(&handlers_out, __ATOMIC_SEQ_CST))
		fatal_begin();
	if (READ_ONCE(process_page.epoch))
		sandbox_note();
	__atomic_fetch_sub(&undoing, 1, __ATOMIC_SEQ_CST);
}

/* What a vfork child does in its parent's recording from here on, it does
 * without what is forbidden. */
static void enter_child(const struct sandbox_change *c, bool without_handlers)
{
	if (READ_ONCE(process_page.epoch) && c->narrow)
		make_room();
	if (without_handlers)
		fatal_end_here();
	if (!sys_child.pid)
		child_denies = 0; /* a former one's */
	if (!sys_begin_child())
		return;
	for (size_t i = 0; i < CALLS; i++)
		if (!(c->allows >> i & 1))
			sys_child.forbidden[number_of(i) / 64] |=
			    1ull << number_of(i) % 64;
	child_denies |= ~c->allows & every_call();
}

/* Recorded or not, handlers stand and ends are seen: that is decided anew in
 * each case. A forked child begins now or never. */
void sandbox_enter(struct sandbox_change *c)
{
	bool forbids[SIGNALS + 1] = { false }, recording;

	for (size_t i = 0; i < CALLS; i++)
		forbids[calls[i].need] |= !(c->allows >> i & 1);
	c->narrow = forbids[OPTIONAL] || forbids[SNAPSHOT];
	if (!c->counts) {
		enter_child(c, forbids[SNAPSHOT] || forbids[SIGNALS]);
		return;
	}
	recording = process_ready();
	if (recording && c->narrow)
		make_room();
	count_in(c);
	if (forbids[SNAPSHOT] || forbids[SIGNALS]) {
		if (fatal_stands_in(SIGSEGV))
			__atomic_store_n(&handlers_out, true, __ATOMIC_SEQ_CST);
		fatal_end();
	}
	deny(c);
	if (recording)
		sandbox_note();
}

/* A handler that comes between does the same once more. */
static COLD void inherit(void)
{
	uint64_t inherited = environment_filters(environment_variables());

	for (size_t i = 0; i < CALLS; i++)
		if (inherited >> i & 1)
			forbid(number_of(i));
	__atomic_fetch_or(&lasting, inherited & every_call(), __ATOMIC_SEQ_CST);
	__atomic_store_n(&inherited_all, true, __ATOMIC_RELEASE);
}

void sandbox_inherit(void)
{
	if (unlikely(!__atomic_load_n(&inherited_all, __ATOMIC_ACQUIRE)))
		inherit();
}

/* A vfork child's filter is in the environment only. */
uint64_t sandbox_bequest(void)
{
	return __atomic_load_n(&lasting, __ATOMIC_SEQ_CST) |
	       environment_filters(__environ);
}

bool sandbox_bequest_denies_start(uint64_t bequest)
{
	for (size_t i = 0; i < CALLS; i++)
		if (bequest >> i & 1 && is_needed_to_load(number_of(i)))
			return true;
	return READ_ONCE(loads_nothing);
}

void sandbox_forked(void)
{
	uint64_t last = sys_child.pid ? child_denies : 0;

	for (size_t i = 0; i < CALLS; i++)
		if (__atomic_exchange_n(&pending[i], 0, __ATOMIC_SEQ_CST))
			last |= 1ull << i;
	sys_child.pid = 0;
	last |= __atomic_fetch_or(&lasting, last, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < CALLS; i++)
		if (last >> i & 1)
			forbid(number_of(i));
	__atomic_store_n(&undoing, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&sys_unsettled, 0, __ATOMIC_SEQ_CST);
}

void sandbox_done(const struct sandbox_change *c, bool installed)
{
	uint64_t forbidden = ~c->allows & every_call();

	/* What it executes does without, too, or is not recorded: then the
	 * loader need not even try. The environment is the parent's in a vfork
	 * child: so do its others. */
	if (installed &&
	    (!c->loads || sandbox_bequest_denies_start(forbidden) ||
	     (forbidden && !environment_set_filters(forbidden))))
		environment_drop_preload();
	if (!c->counts)
		return;
	if (installed && !c->loads)
		WRITE_ONCE(loads_nothing, true);
	if (installed)
		deny_for_good(c);
	count_out(c);
	if (installed)
		settle();
	else
		undo();
}
