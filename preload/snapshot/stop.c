/* SPDX-License-Identifier: MIT */
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "aside.h"
#include "footing.h"
#include "memory.h"
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

/* There was no other thread: nobody who could make one. */
static bool alone;

/* Those that stopped, in the order in which they came; and all that stand
 * still, for the caller of stop_begin(). */
static struct stopped *arrivals, *threads;

/*
 * Each stop has a number. A thread that arrived waits until `done` is that
 * number; the first of them keeps the time for all, where the process ends.
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

/* Whether there is a handler that is not ours. */
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

static void stand(uint32_t number, void *info, void *context)
{
	const uint64_t low = (uint64_t)(uintptr_t)__builtin_frame_address(0);
	struct stopped none;
	uint64_t end, time;
	uint32_t i, now;

	if (__atomic_load_n(&over, __ATOMIC_ACQUIRE) == number)
		return;
	if (realloc_window_in(context)) {
		realloc_window_ask(REALLOC_WINDOW_STOP);
		return;
	}
	i = __atomic_fetch_add(&arrived, 1, __ATOMIC_RELAXED);
	stopped_note_interrupted(i < most ? &arrivals[i] : &none, info, context,
				 low);
	if (__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST) >=
	    __atomic_load_n(&expected, __ATOMIC_SEQ_CST))
		sys_wake(&ready);
	/* The first keeps the time: if the process has not ended a moment after
	 * it began to end, all go on. */
	while (!i && !has_come(now = __atomic_load_n(&over, __ATOMIC_ACQUIRE),
			       number))
		sys_wait(&over, now, FOREVER);
	end = i ? 0 : __atomic_load_n(&deadline, __ATOMIC_RELAXED);
	if (end) {
		while ((time = sys_clock(CLOCK_MONOTONIC)) < end)
			sys_wait(&over, number, end - time);
		let_all_go(number);
	}
	while (
	    !has_come(now = __atomic_load_n(&done, __ATOMIC_ACQUIRE), number))
		sys_wait(&done, now, FOREVER);
	if (__atomic_add_fetch(&left, 1, __ATOMIC_SEQ_CST) >=
	    __atomic_load_n(&ready, __ATOMIC_SEQ_CST))
		sys_wake(&left);
}

static void handler(int signal, void *info, void *context)
{
	const uint32_t number = __atomic_load_n(&turn, __ATOMIC_ACQUIRE);
	const bool told = READ_ONCE(queues);
	const siginfo_t *s = info;

	if (told &&
	    !(s->si_code == SI_QUEUE && s->si_pid == process.pid &&
	      (uint64_t)(uintptr_t)s->si_value.sival_ptr >> 32 == OURS)) {
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

/* For the other signal, which is used only where nobody else has a handler. */
static void second_signal_handler(int signal, void *info, void *context)
{
	if (second_signal_is_sent(signal, info))
		stand(__atomic_load_n(&turn, __ATOMIC_ACQUIRE), info, context);
}

static long ask(int tid)
{
	long error = -EPERM;
	siginfo_t info;

	if (READ_ONCE(queues)) {
		memset(&info, 0, sizeof(info));
		info.si_signo = SIGNAL;
		info.si_code = SI_QUEUE;
		info.si_pid = process.pid;
		info.si_value.sival_ptr =
		    (void *)(uintptr_t)(OURS << 32 | READ_ONCE(turn));
		error = sys_queue_stop(process.pid, tid, SIGNAL, &info);
	}
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

/*
 * A full queue of signals has room again when some have come; not if the limit
 * is 0, or others' signals fill it. False: it cannot be asked, now or later.
 */
static bool ask_target(struct target *t)
{
	long error = ask(t->tid);
	struct sys_action action;

	if (error == -EAGAIN && t->looks) {
		sys_action_init(&action, second_signal_handler);
		if (second_signal_begin(&action) &&
		    second_signal_is_taken_by(t->tid))
			error = second_signal_send(t->tid);
	}
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

/* What all may see of the threads of a process that dropped privileges, or said
 * so: PR_SET_DUMPABLE. */
static enum task_state look_from_afar(int tid, struct task *t)
{
	const enum task_state kind = tasks_kind(tid);

	t->switches = tasks_switches(tid);
	if (kind != TASK_UNKNOWN || !t->switches)
		return kind;
	return t->switches == TASKS_RUNS ? TASK_RUNS : TASK_WAITS;
}

/* Whether it is still to be looked at. */
static bool is_new(const struct target *t)
{
	return t->state <= RUNNING && t->looks < LOOKS;
}

/*
 * No thread may die of our signal: it takes room on the stack. Where that is, is
 * known of those that wait; others are looked at again, when they may wait.
 */
static void consider(struct target *t)
{
	const uint32_t tid = (uint32_t)t->tid;
	enum task_state is = tasks_look(t->tid, &t->task);
	const uint64_t sp = aside_left(t->task.sp);
	bool room;

	t->hidden = is == TASK_UNKNOWN;
	if (t->hidden)
		is = look_from_afar(t->tid, &t->task);
	switch (is) {
	case TASK_WORKER:
	case TASK_OVER:
		t->state = OUT;
		return;
	case TASK_WAITS:
	case TASK_LENDS:
		room = t->task.sp ? footing_holds(tid, sp, signal_stack(t, sp))
				  : footing_holds_anywhere(tid);
		if (!room || !ask_target(t)) {
			t->state = STANDS;
			t->task.switches = tasks_switches(t->tid);
		}
		return;
	case TASK_RUNS:
		t->state = RUNNING;
		/* Nothing is known of the stack of one that has never
		 * allocated: it is asked when it was not seen to wait for a
		 * while; not where nobody could see its stack pointer. */
		if (t->hidden)
			room = footing_holds_anywhere(tid);
		else if (footing_is_known(tid))
			room = !footing_is_worn(tid);
		else
			room = t->looks >= LOOKS - 1;
		if (room)
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

/* A thread may wait at one place again and again: `switches` says how often. */
static enum task_state look_closely(int tid, struct task *t)
{
	enum task_state is = tasks_look(tid, t);

	if (is == TASK_UNKNOWN)
		return look_from_afar(tid, t);
	t->switches = tasks_switches(tid);
	return is;
}

/*
 * What was asked and has not come: it has ended, or is a worker, or lends its
 * stack to a child, or has its signals blocked and waits. A thread that can take
 * a signal no longer waits at this time.
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
		if (t->looks && tasks_stood(&t->task, &now)) {
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

/* Makes room for twice as many threads as there are: others may be made
 * meanwhile. None is asked yet, so none looks there. */
static bool prepare(void)
{
	uint32_t count = 0, room = most ? most : LEAST;

	alone = tasks_each(count_one, &count) && count == 1;
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

/* A thread in a handler, with that signal stack: what it uses of its own stack
 * is not known. */
static void note_signal_stack(struct stopped *t, uint64_t start)
{
	if (!start)
		return;
	t->alternate = start;
	t->low = t->sp = 0;
}

/* Lists those that stand still, and counts those that run. */
static void sum_up(struct stop *s)
{
	uint32_t n;

	note_arrived();
	/* Afterwards: each of those that it noted is among them. */
	n = __atomic_load_n(&arrived, __ATOMIC_ACQUIRE);
	for (uint32_t i = 0; i < n && i < most; i++) {
		struct stopped *to = &s->threads[s->count];
		struct target *t;

		if (!__atomic_load_n(&arrivals[i].tid, __ATOMIC_ACQUIRE))
			continue;
		*to = arrivals[i];
		s->count++;
		t = target_of((int)to->tid, false);
		if (t && to->sp)
			note_signal_stack(to, signal_stack(t, to->sp));
	}
	for (uint32_t i = 0; i < target_count; i++) {
		struct target *t = &targets[i];
		const uint64_t sp = aside_left(t->task.sp);
		struct stopped *to;
		struct task now;

		if (t->state == STOPPED || t->state == OUT)
			continue;
		if (t->state != STANDS || s->count >= most) {
			s->running += tasks_kind(t->tid) == TASK_UNKNOWN;
			continue;
		}
		to = &s->threads[s->count++];
		s->unread++;
		*to = (struct stopped){ .tid = (uint32_t)t->tid,
					.task = &t->task };
		if (!t->task.sp)
			continue;
		to->low = to->sp = sp - RED_ZONE;
		to->lends = tasks_look(t->tid, &now) == TASK_LENDS;
		note_signal_stack(to, signal_stack(t, sp));
	}
	s->running += !listed;
	s->running += thread_outside();
	/* Else all that cannot be copied would be missing, for a thread that
	 * hardly ever goes on. */
	stop_runs = s->running || (s->unread && memory_is_copied());
}

/* Asks until none is new. */
static void ask_all(void)
{
	static uint32_t never;
	int self = sys_tid();
	struct sys_action action;

	sys_action(SIGNAL, NULL, &former);
	/* A handler that sees the number sees what was before, too. */
	__atomic_store_n(&turn, turn + 1, __ATOMIC_RELEASE);
	sys_action_init(&action, handler);
	sys_action(SIGNAL, &action, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t before = target_count;
		bool whole, more;

		listed = true;
		whole = tasks_each(note_listed, &self);
		listed &= whole;
		/* After the list, which takes a descriptor: it may be the last,
		 * and a look takes one, too. */
		if (target_count)
			stopped_know_frames();
		for (uint32_t n = 0; n < target_count; n++)
			if (is_new(&targets[n]))
				consider(&targets[n]);
		wait_for_asked();
		more = before != target_count;
		for (uint32_t n = 0; n < target_count; n++)
			more |= is_new(&targets[n]);
		if (!more)
			break;
		/* As long as a filter leaves it: it may forbid nanosleep(). */
		if (before == target_count)
			sys_wait(&never, 0, REST);
	}
}

void stop_begin(struct stop *s)
{
	s->count = s->running = s->unread = 0;
	s->threads = NULL;
	if (!prepare()) {
		s->running = 1;
		stop_runs = true;
		return;
	}
	s->threads = threads;
	WRITE_ONCE(queues, true);
	for (uint32_t i = 0; i < arrived && i < most; i++)
		arrivals[i].tid = 0;
	forget_targets();
	footing_forget();
	arrived = ready = left = 0;
	expected = UINT32_MAX;
	listed = true;
	if (!alone)
		ask_all();
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
		t->left |= !tasks_stood(t->task, &now);
		n += t->left;
	}
	return n;
}

void stop_end(bool last)
{
	struct sys_action ignore = { .handler = (void *)SIG_IGN };
	bool late = false; /* a thread was asked that did not come */

	if (!most) /* it did not begin */
		return;
	stop_runs = false;
	if (alone)
		return;
	second_signal_end();
	/*
	 * glibc's handler passes over those of our signals that are still to
	 * come. Where it is not there, ours stays for them: by default they
	 * would end the process. Where it is, nothing is discarded, for a
	 * thread that waits for an answer to what was discarded would wait
	 * forever; but it would take ours for its own if they have no value.
	 */
	for (uint32_t i = 0; i < target_count; i++)
		late |= targets[i].state == ASKED || targets[i].state == STANDS;
	if (late && is_taken() && !queues)
		sys_action(SIGNAL, &ignore, NULL);
	if (!late || is_taken())
		sys_action(SIGNAL, &former, NULL);
	__atomic_store_n(&deadline,
			 last ? sys_clock(CLOCK_MONOTONIC) + GRACE : 0,
			 __ATOMIC_RELAXED);
	__atomic_store_n(&over, turn, __ATOMIC_RELEASE);
	if (!last)
		let_all_go(turn);
	sys_wake(&over);
	if (!last) {
		uint32_t all = __atomic_load_n(&ready, __ATOMIC_ACQUIRE), now;
		uint64_t since = sys_clock(CLOCK_MONOTONIC);

		/* Whoever stops them again must not find one that still waits
		 * here. */
		while ((now = __atomic_load_n(&left, __ATOMIC_ACQUIRE)) < all &&
		       sys_clock(CLOCK_MONOTONIC) - since < PATIENCE)
			sys_wait(&left, now, SLEEP);
	}
}
