/* SPDX-License-Identifier: MIT */
/*
 * The end of the process, by exit() or a signal: the first thread that ends the
 * process takes the last snapshot, with all threads stopped, while others that
 * end it wait.  Also the question what is lost by now.
 *
 * A vfork child's end is not its parent's.
 */
#ifndef ENDING_H
#define ENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "stop.h"

/* The process ends now with `status`, unless this is a vfork child. */
void ending_exit(int status);
/* The same for assembly: `low` is where the caller's saved registers begin. */
HIDDEN void ending_exit_above(int status, const struct stack_base_saved *low);

/*
 * The process ends now by a signal; for its handler, with all signals blocked.
 * True: it ends for the first time. Then the caller lets ending_take() make the
 * check, with the calling thread as it was interrupted, and calls
 * ending_over(). False: the check has been made, or there is none.
 */
bool ending_by_signal(int signal);
void ending_take(struct stopped *self);
void ending_over(void);

/* Takes the snapshot now and ends the recording: what follows is not wanted. */
void ending_check(void);
/* The same for assembly, as above. */
HIDDEN void ending_check_above(uint64_t unused,
			       const struct stack_base_saved *low);

/*
 * Whether blocks are lost by now: how many, and their bytes, in *blocks and
 * *bytes. All threads stop meanwhile, and recording goes on.
 */
enum ending_answer {
	ENDING_CHECKED,
	ENDING_NOT_CHECKED, /* not recorded, or not wanted (wishes.h) */
	ENDING_CANNOT_TELL, /* a thread did not stop, or no memory is left */
};
enum ending_answer ending_lost(uint64_t *blocks, uint64_t *bytes);
/* The same for assembly, as above. */
struct snapshot_lost;
HIDDEN bool ending_find_lost_above(struct snapshot_lost *lost,
				   const struct stack_base_saved *low);

/* Another recording begins: a forked child's. */
void ending_reset(void);

#endif
