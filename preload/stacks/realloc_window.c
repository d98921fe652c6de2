/* SPDX-License-Identifier: MIT */
#include "realloc_window.h"

#include <signal.h>
#include <ucontext.h>

#include "aside.h"
#include "cfi.h"
#include "thread.h"

#define DEEPEST (64ull << 10) /* bytes of stack below a call of realloc */

/* NULL: a thread that is not attached to any recording. */
static struct thread *self(void)
{
	struct thread_gate *gate = thread_self;

	return gate->epoch == THREAD_NOBODY ? NULL : thread_behind(gate);
}

COLD void realloc_window_note_left(struct thread *t)
{
	t->moving.sp = 0;
	t->area->limits[RKN_LIMIT_THREAD_RUNNING]++;
}

COLD unsigned realloc_window_end_slowly(void)
{
	struct thread *t = thread_attached();

	if (!t)
		return 0;
	t->moving.sp = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return __atomic_exchange_n(&t->wanted, 0, __ATOMIC_RELAXED);
}

static bool is_on(const stack_t *s, uint64_t sp)
{
	return !(s->ss_flags & SS_DISABLE) &&
	       sp - ADDRESS(s->ss_sp) < s->ss_size;
}

/* From where on is looked, and what is found. */
struct walk_out {
	struct thread_moving to;
	struct cfi_frame f;
	enum realloc_window found;
};

/* Walk out to where realloc was called, if it still is. */
static void walk(void *data)
{
	struct walk_out *w = data;
	const struct cfi_bounds bounds = { w->f.sp, w->to.sp };
	struct cfi_work work;

	w->found = REALLOC_WINDOW_LATER;
	if (w->f.sp <= w->to.sp && w->to.sp - w->f.sp > DEEPEST)
		return;
	while (w->f.sp < w->to.sp) {
		const uint64_t sp = w->f.sp;

		if (cfi_is_signal_frame(w->f.pc, &work) ||
		    cfi_step(&w->f, &bounds, &work) != CFI_PLAIN ||
		    w->f.sp <= sp)
			return;
	}
	w->found = w->f.sp == w->to.sp && w->f.pc == w->to.pc
		       ? REALLOC_WINDOW_NOW
		       : REALLOC_WINDOW_NOTHING;
}

enum realloc_window realloc_window_in(const void *context)
{
	const ucontext_t *u = context;
	const greg_t *r = u->uc_mcontext.gregs;
	struct walk_out w = { .f = { (uint64_t)r[REG_RIP] + 1,
				     (uint64_t)r[REG_RSP],
				     (uint64_t)r[REG_RBP] } };
	struct thread *t = self();

	if (!t || !t->moving.sp)
		return REALLOC_WINDOW_NOTHING;
	if (is_on(&u->uc_stack, w.f.sp) != is_on(&u->uc_stack, t->moving.sp))
		return REALLOC_WINDOW_LATER;
	w.to = t->moving;
	aside(walk, &w);
	if (w.found == REALLOC_WINDOW_NOTHING)
		realloc_window_note_left(t);
	return w.found;
}

bool realloc_window_unfinished(void)
{
	const struct thread *t = self();

	return t && t->moving.sp;
}

void realloc_window_ask(enum realloc_window_want what)
{
	struct thread *t = self();

	if (t)
		t->wanted = (uint8_t)(t->wanted | what);
}
