/* SPDX-License-Identifier: MIT */
/*
 * Call stacks, walked only as far as they changed.
 *
 * The state of a frame, (pc, sp, rbp), and the two words that its rule reads,
 * the return address and the saved rbp, determine the caller's state.  A walk
 * is kept per thread; the next one goes from the top by cached rules until a
 * frame equals a recorded one, and then compares the recorded words outward.
 * Where all are unchanged the rest is proved unchanged; at the first that
 * differs the walk goes on from there.
 *
 * libunwind is not used here: its walk makes system calls, takes locks and
 * opens a pipe in the program.  It is the tests' oracle.
 */
#ifndef UNWIND_H
#define UNWIND_H

#include <stdbool.h>
#include <stdint.h>

#include "cfi.h"

#define WALK_MOST 1024 /* frames; deeper stacks are cut at the outer end */

struct walk_frame {
	struct cfi_frame state;
	uint64_t saved;     /* the word `rbp_words` words under the CFA */
	uint32_t rbp_words; /* there the caller's rbp was saved; 1, which is the
			       return address: it is unchanged */
	uint32_t node;      /* of stacks.h; 0: not looked up yet */
};

struct walk {
	uint32_t generation;
	uint32_t count; /* of frames; [0] is the outermost */
	bool truncated; /* the outer end was not reached */
	bool pure_end;  /* frames[0]'s rule alone says that it is the end */
	struct walk_frame frames[WALK_MOST];
	struct walk_frame fresh[WALK_MOST]; /* scratch, innermost first */
};

/*
 * Walk from the frame (pc, sp, rbp) outward. `w` holds this thread's last
 * walk, or zeros at first. Only words from `sp` up to `most` are read. Frames that stayed the same keep
 * their node; the others have node 0. May run in a signal handler, but not
 * while it runs already for the same `w`.
 */
void unwind_walk(struct walk *w, uint64_t pc, uint64_t sp, uint64_t rbp,
		 uint64_t most);

/* Code may have gone away: forget all rules and walks. */
void unwind_flush(void);

#endif
