/* SPDX-License-Identifier: MIT */
/*
 * The process that is recorded: its start, its forks, its end, and the switch
 * that turns recording off.  Whatever fails here ends the recording, never the
 * program.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "settings.h"
#include "stop.h"

/*
 * The kernel wipes this page in a forked child, by whatever call it was
 * forked, so that one load tells: 0 means not recording (yet, any more, or in
 * this child).
 */
struct process_page {
	uint64_t epoch; /* PROCESS_RECORDING times the number of the recording
			   in this process, and how often code has gone away */
	int pid; /* whose memory this is; 0: nobody asked */
	int parent; /* of `pid`; 0: nobody asked; -1: not known */
	char rest[4096 - sizeof(uint64_t) - 2 * sizeof(int)];
};
extern HIDDEN struct process_page process_page;
/* Recording is over for good in this process: nothing more is to be asked. */
extern HIDDEN bool process_over;
#define PROCESS_RECORDING (1ull << 32)
#define PROCESS_EPOCHS    (1ull << 62) /* they begin behind all addresses */

/* Code may have gone away: threads forget what they remember of stacks. */
void process_flush(void);

struct process {
	int pid; /* the store's owner */
	bool forked;
	bool tames; /* blocks were allocated where leaks are not wanted */
	bool foreign_malloc; /* the real allocator is not glibc's */
	bool hides_operators; /* and what C++'s new makes is not seen */
	struct settings settings;
	char directory[4096]; /* absolute */
	char program[4096];   /* absolute path of the executable */
	uint64_t missed; /* operations before the store or without a thread */
};
extern struct process process;

/* Is this process recorded? Begins recording where that is still to be done.
 * May run inside malloc and in a signal handler. */
bool process_ready(void);

/* Is this memory the calling process's own? A vfork child's is its parent's.
 */
bool process_owns_memory(void);

/* An operation went by that could not be recorded. */
void process_missed(void);

/* The process ends now with `status`, unless this is a vfork child. */
void process_end(int status);
/* The same for assembly: what the caller keeps begins at `low`. */
HIDDEN void process_end_above(int status, uint64_t low);

/* The same for a signal; `self` is the calling thread, in its handler, with all
 * signals blocked. */
void process_end_by_signal(int signal, struct stopped *self);

/* The snapshot is taken now, and recording ends: what follows is not wanted. */
void process_check(void);

/*
 * Are blocks lost by now? How many, and their bytes, in *blocks and *bytes; all
 * threads stop meanwhile, and recording goes on.
 */
enum process_answer {
	PROCESS_CHECKED,
	PROCESS_NOT_CHECKED, /* not recorded, or not wanted (wishes.h) */
	PROCESS_CANNOT_TELL, /* a thread did not stop, or no memory is left */
};
enum process_answer process_lost(uint64_t *blocks, uint64_t *bytes);
/* The same for assembly, as above. */
struct snapshot_lost;
HIDDEN bool process_find_lost_above(struct snapshot_lost *lost, uint64_t low);

/* One line on stderr: "refknot: PROGRAM[PID]: SENTENCE". */
void process_say(const char *sentence);

/* The same, kept in the recording, too: an assertion of the program's failed,
 * and it ends now. */
void process_failed(const char *sentence);

/* Stop recording for good: "cannot WHAT" and the error, once, on stderr and in
 * the recording. `error` is -errno. */
void process_off(const char *what, int error);
/* The same because the store cannot be written. */
void process_off_store(int error);

#endif
