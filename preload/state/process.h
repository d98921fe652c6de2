/* SPDX-License-Identifier: MIT */
/*
 * The process that is recorded: its start, its forks, and the switch that turns
 * recording off; ending.h has its end.  Whatever fails here ends the recording, never the
 * program.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "settings.h"

/*
 * The kernel wipes this page in a forked child, by whatever call it was
 * forked, so that one load tells: 0 means not recording (yet, any more, or in
 * this child).
 */
struct process_page {
	uint64_t epoch; /* PROCESS_RECORDING times the number of the recording
			   in this process, and how often code has gone away */
	int pid;        /* whose memory this is; 0: nobody asked. Atomic: who
			   asks first writes it, any thread .. */
	int parent;     /* .. of `pid`; 0: nobody asked; -1: not known */
	char rest[4096 - sizeof(uint64_t) - 2 * sizeof(int)];
};
extern HIDDEN struct process_page process_page;
/* Recording is over for good in this process: nothing more is to be asked. Only
 * to be read by READ_ONCE(): other threads set it, and nobody waits for it. */
extern HIDDEN uint8_t process_over;
#define PROCESS_RECORDING (1ull << 32)
#define PROCESS_EPOCHS    (1ull << 62) /* they begin behind all addresses */

/* Code may have gone away: threads forget what they remember of stacks. */
void process_flush(void);

struct process {
	int pid; /* the store's owner; atomic: others ask for it while a forked
		    child's recording begins */
	bool forked;
	bool tames; /* blocks were allocated where leaks are not wanted */
	bool foreign_malloc;  /* the real allocator is not glibc's */
	bool hides_operators; /* and what C++'s new makes is not seen */
	struct settings settings;
	char directory[4096]; /* absolute */
	char program[4096];   /* absolute path of the executable */
	char called[256];     /* the name it was started by: see called.h */
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
