/* SPDX-License-Identifier: MIT */
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "aside.h"
#include "footing.h"
#include "own_memory.h"
#include "process.h"
#include "realloc_window.h"
#include "second_signal.h"
#include "sys.h"
#include "tasks.h"
#include "thread.h"

/*
 * The second of the two signals that glibc keeps for itself: programs cannot
 * block it or take it. glibc uses it only while a thread changes the ids of
 * all others, and waits until each has answered. Ours are queued, with a value;
 * glibc's handler does nothing for such, and ours passes glibc's on.
 */
#define SIGNAL SYS_STOP_SIGNAL
#define OURS   0x7265666bull /* the upper half of the value */

#define ROUNDS   30
#define LOOKS    5             /* at a thread that runs */
#define PATIENCE 1000000000ull /* ns without a new arrival */
#define SLEEP    10000000ull
#define REST     1000000ull
#define GRACE    300000000ull
#define FOREVER  UINT64_MAX

#define RED_ZONE 128

enum state {
	NEW,
	RUNNING, /* not asked to stop: it has perhaps no room for that */
	ASKED,
	STANDS, /* with what `task` says, and was so at the last look, too */
	STOPPED,
	OUT, /* it has ended, or is none of the program's */
};

/* One that is listed. */
struct target {
	int tid;
	enum state state;
	uint8_t looks;
	bool hidden; /* its stack pointer cannot be seen */
	struct task task;
	uint64_t sp, signals; /* it was on that signal stack at that pointer */
};

/* There is room for `most`, a power of two; by a hash of their tids: one more
 * than their index in `targets`. */
#define LEAST 1024u
static uint32_t most;
static uint32_t *places;
static struct target *targets;
static uint32_t target_count, asked;
static bool listed;

/* Those that stopped, in the order in which they came; and all that stand
 * still, for whoever asked. */
static struct stopped *arrivals, *threads;

/*
 * Each stop has a number. Who arrived waits until `done` is that number; the
 * first of them looks after the time for all, where the process ends.
 */
static uint32_t turn, over, done;
static uint32_t arrived, ready, expected, left;
static uint64_t deadline; /* monotonic ns; 0: the process goes on */
static struct sys_action former;
/* No filter forbids to send ours with a value. Handlers read it meanwhile. */
static bool queues;

bool stop_runs;

/* --- In the threads ------------------------------------------------------------ */

static void handler(int signal, void *info, void *context);

static uint64_t value_of(uint32_t number)
{
	return OURS << 32 | number;
}

static bool is_ours(const siginfo_t *info)
{
	return info->si_code == SI_QUEUE && info->si_pid == process.pid &&
	       (uint64_t)(uintptr_t)info->si_value.sival_ptr >> 32 == OURS;
}

/* Is there anybody else's handler? */
static bool is_taken(void)
{
	return former.handler != (void *)SIG_DFL &&
	       former.handler != (void *)SIG_IGN &&
	       former.handler != (void *)handler;
}

static bool has_come(uint32_t now, uint32_t number)
{
	return (int32_t)(now - number) >= 0;
}

static void let_all_go(uint32_t number)
{
	__atomic_store_n(&done, number, __ATOMIC_RELEASE);
	sys_wake(&done);
}

/* The process ends: a moment later, if it has not ended by then. */
static void keep_time(uint32_t number)
{
	uint64_t now, end;
	uint32_t is;

	while (!has_come(is = __atomic_load_n(&over, __ATOMIC_ACQUIRE), number))
		sys_wait(&over, is, FOREVER);
	end = __atomic_load_n(&deadline, __ATOMIC_RELAXED);
	if (!end)
		return;
	while ((now = sys_clock(CLOCK_MONOTONIC)) < end)
		sys_wait(&over, number, end - now);
	let_all_go(number);
}

static void wait_here(uint32_t number, bool first)
{
	uint32_t now;

	if (first)
		keep_time(number);
	while (
	    !has_come(now = __atomic_load_n(&done, __ATOMIC_ACQUIRE), number))
		sys_wait(&done, now, FOREVER);
	if (__atomic_add_fetch(&left, 1, __ATOMIC_SEQ_CST) >=
	    __atomic_load_n(&ready, __ATOMIC_SEQ_CST))
		sys_wake(&left);
}

static void arrive(uint32_t number, void *info, void *context, uint64_t low)
{
	struct stopped none;
	uint32_t i = __atomic_fetch_add(&arrived, 1, __ATOMIC_RELAXED);

	stopped_note_interrupted(i < most ? &arrivals[i] : &none, info, context,
				 low);
	if (__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST) >=
	    __atomic_load_n(&expected, __ATOMIC_SEQ_CST))
		sys_wake(&ready);
	wait_here(number, !i);
}

static void stand(uint32_t number, void *info, void *context)
{
	if (__atomic_load_n(&over, __ATOMIC_ACQUIRE) == number)
		return;
	if (realloc_window_in(context)) {
		realloc_window_ask(REALLOC_WINDOW_STOP);
		return;
	}
	arrive(number, info, context,
	       (uint64_t)(uintptr_t)__builtin_frame_address(0));
}

static void handler(int signal, void *info, void *context)
{
	const uint32_t number = __atomic_load_n(&turn, __ATOMIC_ACQUIRE);
	const bool told = READ_ONCE(queues);
	const siginfo_t *s = info;

	if (told && !is_ours(s)) {
		/* glibc's broadcast, or whatever the program has in its
		 * place. */
		if (is_taken())
			((void (*)(int, void *, void *))former.handler)(
			    signal, info, context);
		return;
	}
	if (told && (uint32_t)(uintptr_t)s->si_value.sival_ptr != number)
		return;
	stand(number, info, context);
}

/* By the other signal, for which nothing has to be done that is not ours. */
static void second_signal_handler(int signal, void *info, void *context)
{
	if (second_signal_is_sent(signal, info))
		stand(__atomic_load_n(&turn, __ATOMIC_ACQUIRE), info, context);
}

static long ask_queued(int tid)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = SIGNAL;
	info.si_code = SI_QUEUE;
	info.si_pid = process.pid;
	info.si_value.sival_ptr = (void *)(uintptr_t)value_of(READ_ONCE(turn));
	return sys_queue_stop(process.pid, tid, SIGNAL, &info);
}

static long ask(int tid)
{
	long error = READ_ONCE(queues) ? ask_queued(tid) : -EPERM;

	if (error != -EPERM && error != -ENOSYS)
		return error;
	WRITE_ONCE(queues, false);
	return sys_signal_thread(process.pid, tid, SIGNAL);
}

void stop_self(void)
{
	if (__atomic_load_n(&over, __ATOMIC_ACQUIRE) != READ_ONCE(turn) &&
	    ask(sys_tid()) == -EAGAIN)
		second_signal_send(sys_tid());
}

/* --- Whom to ask ------------------------------------------------------------------ */

/* NULL: there is no room for it. */
static struct target *target_of(int tid, bool add)
{
	const uint32_t mask = 2 * most - 1;
	uint32_t at = ((uint32_t)tid * 0x9e3779b1u >> 14) & mask;
	struct target *t;

	for (; places[at]; at = (at + 1) & mask)
		if (targets[places[at] - 1].tid == tid)
			return &targets[places[at] - 1];
	if (!add || target_count == most)
		return NULL;
	t = &targets[target_count++];
	places[at] = target_count;
	*t = (struct target){ .tid = tid };
	return t;
}

static void forget_targets(void)
{
	if (target_count)
		memset(places, 0, 2ul * most * sizeof(*places));
	target_count = asked = 0;
}

static long ask_by_second(int tid)
{
	struct sys_action action;

	sys_action_init(&action, second_signal_handler);
	if (!second_signal_begin(&action) || !second_signal_is_taken_by(tid))
		return -EAGAIN;
	return second_signal_send(tid);
}

/*
 * A full queue of signals has room again when some have come; not so where the
 * limit is 0, or others' fill it. False: it cannot be asked, now or later.
 */
static bool ask_target(struct target *t)
{
	long error = ask(t->tid);

	if (error == -EAGAIN && t->looks)
		error = ask_by_second(t->tid);
	if (error == -EAGAIN)
		return ++t->looks < LOOKS;
	if (!error) {
		t->state = ASKED;
		t->looks = 0;
		asked++;
	} else if (error == -ESRCH) {
		t->state = OUT;
	}
	return true;
}

/* The signal stack that `sp`, the thread's stack pointer, is on; 0: none. To
 * look takes a while, and most wait all the time. */
static uint64_t signal_stack(struct target *t, uint64_t sp)
{
	if (t->sp != sp) {
		t->sp = sp;
		t->signals = footing_signal_stack(sp);
	}
	return t->signals;
}

static bool has_room(struct target *t)
{
	const uint64_t sp = aside_left(t->task.sp);

	if (!t->task.sp)
		return footing_holds_anywhere((uint32_t)t->tid);
	return footing_holds((uint32_t)t->tid, sp, signal_stack(t, sp));
}

/* It runs. Of the stack of one that has never allocated nothing is known: it is
 * asked when it has not been seen to wait for a while; not so where nobody could
 * see its stack pointer then. */
static bool may_lack_room(const struct target *t)
{
	if (t->hidden)
		return !footing_holds_anywhere((uint32_t)t->tid);
	return footing_is_known((uint32_t)t->tid)
		   ? footing_is_worn((uint32_t)t->tid)
		   : t->looks < LOOKS - 1;
}

/* What all may see of the threads of one who has dropped privileges, or has said
 * so: PR_SET_DUMPABLE. */
static enum task_state look_from_afar(int tid, struct task *t)
{
	const enum task_state kind = tasks_kind(tid);

	t->switches = tasks_switches(tid);
	if (kind != TASK_UNKNOWN || !t->switches)
		return kind;
	return t->switches == TASKS_RUNS ? TASK_RUNS : TASK_WAITS;
}

static enum task_state look_at(struct target *t)
{
	enum task_state is = tasks_look(t->tid, &t->task);

	t->hidden = is == TASK_UNKNOWN;
	return t->hidden ? look_from_afar(t->tid, &t->task) : is;
}

/*
 * Nobody may die of our signal: it takes room on the stack. Where that is, is
 * known of those that wait; others are looked at again, when they may wait.
 */
static void consider(struct target *t)
{
	switch (look_at(t)) {
	case TASK_WORKER:
	case TASK_OVER:
		t->state = OUT;
		return;
	case TASK_WAITS:
	case TASK_LENDS:
		if (!has_room(t) || !ask_target(t)) {
			t->state = STANDS;
			t->task.switches = tasks_switches(t->tid);
		}
		return;
	case TASK_RUNS:
		t->state = RUNNING;
		if (!may_lack_room(t))
			ask_target(t);
		else
			t->looks++;
		return;
	case TASK_UNKNOWN:
		ask_target(t);
	}
}

static void note_listed(int tid, void *self)
{
	if (tid != *(const int *)self && !target_of(tid, true))
		listed = false;
}

/* After the list, which takes a descriptor: it may be the last, and a look takes
 * one, too. */
static void consider_all(void)
{
	if (target_count)
		stopped_know_frames();
	for (uint32_t i = 0; i < target_count; i++)
		if (targets[i].state <= RUNNING && targets[i].looks < LOOKS)
			consider(&targets[i]);
}

static bool is_any_new(void)
{
	for (uint32_t i = 0; i < target_count; i++)
		if (targets[i].state <= RUNNING && targets[i].looks < LOOKS)
			return true;
	return false;
}

/* --- Until they stand ---------------------------------------------------------------- */

static void note_arrived(void)
{
	uint32_t n = __atomic_load_n(&arrived, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < n && i < most; i++) {
		uint32_t tid =
		    __atomic_load_n(&arrivals[i].tid, __ATOMIC_ACQUIRE);
		struct target *t = tid ? target_of((int)tid, false) : NULL;

		if (t)
			t->state = STOPPED;
	}
}

/* A thread that waits at one place again and again is told by how often. */
static enum task_state look_closely(int tid, struct task *t)
{
	enum task_state is = tasks_look(tid, t);

	if (is == TASK_UNKNOWN)
		return look_from_afar(tid, t);
	t->switches = tasks_switches(tid);
	return is;
}

static bool is_same(const struct task *a, const struct task *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/*
 * What was asked and has not come: it has ended, or is a worker, or lends its
 * stack to a child, or has its signals blocked and waits. Who can take a signal
 * does not wait any more at this time.
 */
static void settle(struct target *t)
{
	struct task now;
	enum task_state is = look_closely(t->tid, &now);

	if (is == TASK_UNKNOWN || is == TASK_RUNS)
		is = tasks_kind(t->tid);
	if (is == TASK_OVER || is == TASK_WORKER) {
		t->state = OUT;
		asked--;
	} else if ((is == TASK_WAITS || is == TASK_LENDS) &&
		   !footing_moves((uint32_t)t->tid)) {
		if (t->looks && is_same(&now, &t->task)) {
			t->state = STANDS;
			asked--;
		}
		t->task = now;
		t->looks = 1;
	}
}

static void wait_for_asked(void)
{
	uint64_t since = sys_clock(CLOCK_MONOTONIC), patience = SLEEP, now;
	uint32_t seen;

	for (uint32_t before = 0;; before = seen) {
		__atomic_store_n(&expected, asked, __ATOMIC_SEQ_CST);
		seen = __atomic_load_n(&ready, __ATOMIC_SEQ_CST);
		now = sys_clock(CLOCK_MONOTONIC);
		if (seen >= asked || now - since > PATIENCE)
			break;
		if (seen != before) {
			since = now;
			patience = SLEEP;
		} else if (now - since >= patience) {
			note_arrived();
			for (uint32_t i = 0; i < target_count; i++)
				if (targets[i].state == ASKED)
					settle(&targets[i]);
			patience *= 2;
			continue;
		}
		sys_wait(&ready, seen, SLEEP);
	}
	__atomic_store_n(&expected, UINT32_MAX, __ATOMIC_SEQ_CST);
}

static void count_one(int tid, void *count)
{
	(void)tid;
	++*(uint32_t *)count;
}

/* Others may be made meanwhile. Nobody is asked yet, so nobody looks there. */
static bool prepare(void)
{
	uint32_t count = 0, room = most ? most : LEAST;

	tasks_each(count_one, &count);
	while (room < 2 * count && room < STOP_MOST)
		room *= 2;
	if (room == most)
		return true;
	forget_targets();
	arrived = most = 0;
	places = own_memory_map(2ul * room * sizeof(*places));
	targets = own_memory_map(room * sizeof(*targets));
	arrivals = own_memory_map(room * sizeof(*arrivals));
	threads = own_memory_map((room + 1ul) * sizeof(*threads));
	if (!places || !targets || !arrivals || !threads)
		return false;
	most = room;
	return true;
}

static void begin_turn(void)
{
	struct sys_action action;

	for (uint32_t i = 0; i < arrived && i < most; i++)
		arrivals[i].tid = 0;
	forget_targets();
	footing_forget();
	arrived = ready = left = 0;
	expected = UINT32_MAX;
	sys_action(SIGNAL, NULL, &former);
	/* Whose handler sees the number sees what was before, too. */
	__atomic_store_n(&turn, turn + 1, __ATOMIC_RELEASE);
	sys_action_init(&action, handler);
	sys_action(SIGNAL, &action, NULL);
}

/* In a handler, with that signal stack: what it uses of its own stack is not
 * known. */
static void note_signal_stack(struct stopped *t, uint64_t start)
{
	if (!start)
		return;
	t->alternate = start;
	t->low = t->sp = 0;
}

static void add_one(struct stop *s, const struct stopped *t)
{
	struct target *target = target_of((int)t->tid, false);
	struct stopped *to = &s->threads[s->count++];

	*to = *t;
	if (target && t->sp)
		note_signal_stack(to, signal_stack(target, t->sp));
}

static void add_stopped(struct stop *s)
{
	uint32_t n = __atomic_load_n(&arrived, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < n && i < most; i++)
		if (__atomic_load_n(&arrivals[i].tid, __ATOMIC_ACQUIRE))
			add_one(s, &arrivals[i]);
}

static void add_standing(struct stop *s, struct target *t, bool lends)
{
	const uint64_t sp = aside_left(t->task.sp), low = sp - RED_ZONE;
	struct stopped *to = &s->threads[s->count++];

	s->unread++;
	if (!t->task.sp) {
		*to = (struct stopped){ .tid = (uint32_t)t->tid,
					.task = &t->task };
		return;
	}
	*to = (struct stopped){ .tid = (uint32_t)t->tid,
				.low = low,
				.sp = low,
				.lends = lends,
				.task = &t->task };
	note_signal_stack(to, signal_stack(t, sp));
}

static void sum_up(struct stop *s)
{
	struct task now;

	note_arrived();
	add_stopped(s);
	for (uint32_t i = 0; i < target_count; i++) {
		struct target *t = &targets[i];

		if (t->state == STANDS && s->count < most)
			add_standing(s, t,
				     tasks_look(t->tid, &now) == TASK_LENDS);
		else if (t->state != STOPPED && t->state != OUT)
			s->running += tasks_kind(t->tid) == TASK_UNKNOWN;
	}
	s->running += !listed;
	s->running += thread_outside();
	stop_runs = s->running;
}

/* As long as a filter leaves it: it may forbid nanosleep(). */
static void rest(void)
{
	static uint32_t never;

	sys_wait(&never, 0, REST);
}

void stop_begin(struct stop *s)
{
	int self = sys_tid();

	s->count = s->running = s->unread = 0;
	s->threads = NULL;
	if (!prepare()) {
		s->running = 1;
		stop_runs = true;
		return;
	}
	s->threads = threads;
	WRITE_ONCE(queues, true);
	begin_turn();
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t before = target_count;
		bool whole;

		listed = true;
		whole = tasks_each(note_listed, &self);
		listed &= whole;
		consider_all();
		wait_for_asked();
		if (before == target_count && !is_any_new())
			break;
		if (before == target_count)
			rest();
	}
	sum_up(s);
}

void stop_add(struct stop *s, const struct stopped *self)
{
	struct stopped *to;

	if (!s->threads || s->count >= STOP_MOST)
		return;
	to = &s->threads[s->count++];
	*to = *self;
	if (self->sp)
		note_signal_stack(to, footing_signal_stack(self->sp));
}

uint32_t stop_gone_on(struct stop *s)
{
	uint32_t n = 0;
	struct task now;

	for (uint32_t i = 0; i < s->count; i++) {
		struct stopped *t = &s->threads[i];

		if (!t->task)
			continue;
		look_closely((int)t->tid, &now);
		t->left |= !is_same(&now, t->task);
		n += t->left;
	}
	return n;
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

/* Was anybody asked who did not come? */
static bool is_any_late(void)
{
	for (uint32_t i = 0; i < target_count; i++)
		if (targets[i].state == ASKED || targets[i].state == STANDS)
			return true;
	return false;
}

/*
 * What is still to come of ours, glibc's handler passes over. Where there is
 * none, ours stays for it: by default it would end the process. Nothing is
 * discarded beside glibc's handler, for whoever waits for an answer to what was
 * discarded would wait forever; but without a value it would take ours for its
 * own.
 */
static void give_back_signal(void)
{
	struct sys_action ignore = { .handler = (void *)SIG_IGN };

	second_signal_end();
	if (is_any_late() && !is_taken())
		return;
	if (is_any_late() && !queues)
		sys_action(SIGNAL, &ignore, NULL);
	sys_action(SIGNAL, &former, NULL);
}

void stop_end(bool last)
{
	if (!most) /* it did not begin */
		return;
	stop_runs = false;
	give_back_signal();
	__atomic_store_n(&deadline,
			 last ? sys_clock(CLOCK_MONOTONIC) + GRACE : 0,
			 __ATOMIC_RELAXED);
	__atomic_store_n(&over, turn, __ATOMIC_RELEASE);
	if (!last)
		let_all_go(turn);
	sys_wake(&over);
	if (!last)
		wait_until_left();
}
