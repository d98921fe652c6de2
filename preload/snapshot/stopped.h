/* SPDX-License-Identifier: MIT */
/* What is noted about a thread that stands still. */
#ifndef STOPPED_H
#define STOPPED_H

#include <stdbool.h>
#include <stdint.h>

#include "cfi.h"
#include "stack_base.h"

struct task;

struct stopped {
	uint32_t tid; /* written last */
	/* The search begins at `low` and goes up; low .. sp-1 holds registers.
	 * 0: not known, it is on its signal stack. */
	uint64_t low, sp;
	uint64_t pointer;        /* the thread pointer */
	uint64_t alternate;      /* start of its signal stack; 0: none */
	struct cfi_frame at;     /* its innermost frame; pc 0: not known */
	uint64_t registers;      /* where that frame's are, see struct
				rkn_live_thread; 0: they are not known */
	bool moves;              /* it moves a block, which is not listed */
	bool lends;              /* a child runs on its stack, below `low` */
	bool left;               /* it has gone on: see stop_gone_on() */
	const struct task *task; /* not NULL: it did not stop, but waits in
				    the kernel, which shows so much of it;
				    `pointer` is 0 */
};

/* Finds out what stopped_note_interrupted() needs, once; that does so itself if
 * it has to. */
void stopped_know_frames(void);

/* Notes the calling thread: in a function that has put its caller's registers
 * at `saved`, .. */
void stopped_note_caller(struct stopped *s,
			 const struct stack_base_saved *saved);
/* .. or in a signal handler with that siginfo_t and ucontext_t, whose frames
 * begin at `low`. Zeroes what is not a register's value in its frame. */
void stopped_note_interrupted(struct stopped *s, void *info, void *context,
			      uint64_t low);

#endif
