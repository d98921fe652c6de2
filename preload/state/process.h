/* SPDX-License-Identifier: MIT */
/*
 * The process that is recorded, as every part of the shim knows it.  start.c
 * has the beginning of a recording, ending.h its end.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "settings.h"

/*
 * The kernel wipes this page in a forked child, by whatever call it was
 * forked, so that one load is enough: 0 means not recording (yet, any more, or in
 * this child).
 */
struct process_page {
	uint64_t epoch; /* PROCESS_RECORDING times the number of the recording
			   in this process, and how often code has gone away */
	int pid;        /* whose memory this is; 0: not asked yet. Atomic:
			   the first to ask writes it, any thread .. */
	int parent;     /* .. of `pid`; 0: not asked yet; PROCESS_UNKNOWN */
	int unloading;  /* threads that are inside dlclose; atomic. Below 0: in
			   a child that was forked there */
	uint32_t peak;  /* the store header's: each malloc and free asks */
	char rest[4096 - sizeof(uint64_t) - 4 * sizeof(int)];
};
extern HIDDEN struct process_page process_page;
/* Recording is over for good in this process. Read it only by READ_ONCE():
 * other threads set it, and none waits for it. */
extern HIDDEN uint8_t process_over;
#define PROCESS_UNKNOWN   (-1)
#define PROCESS_RECORDING (1ull << 32)
#define PROCESS_EPOCHS    (1ull << 62) /* they begin behind all addresses */

/* Code may have gone away: makes threads forget what they remember of stacks.
 */
void process_flush(void);

struct process {
	int pid; /* the store's owner; atomic: other threads ask for it while
		    a forked child's recording begins */
	bool forked;
	bool tames; /* blocks were allocated where leaks are not wanted */
	bool foreign_malloc;  /* the real allocator is not glibc's */
	bool hides_operators; /* and what C++'s new makes is not seen */
	struct settings settings;
	char directory[4096]; /* absolute */
	char program[4096];   /* absolute path of the executable */
	char called[256];     /* its name: see called.h */
	bool is_script;       /* and that is of the script that it runs */
	uint64_t missed; /* operations before the store or without a thread */
};
extern struct process process;

/* Set when the library is loaded: whether the calling thread runs a handler that
 * returns into the middle of a call. A forked child begins no recording meanwhile, as
 * that would take the tables away from it. */
extern HIDDEN bool (*process_is_inside)(void);

/* Whether this process is recorded. Begins the recording if that is still to be
 * done. May run inside malloc and in a signal handler. */
bool process_ready(void);

/*
 * In the file that begins a recording: `function`, bool (bool forked), does it,
 * in a forked child or at the first start, aside and in the phase
 * PHASE_STARTING. It is above this room, and any hook's first call may be what
 * begins: so it is neither called by name nor set by other code, but found
 * where the linker has put it.
 */
#define PROCESS_BEGINS(function)                                               \
	__asm__(".pushsection process_begins, \"a\", @progbits\n"              \
		".balign 4\n"                                                  \
		".long " #function " - .\n"                                    \
		".popsection\n")
/* This thread is in that function: what it allocates is not the program's. */
extern HIDDEN _Thread_local bool process_starting;
/* Sets the epoch: the recording has begun. A thread that sees the epoch sees
 * all that it began with. */
void process_record(void);

/* Is this memory the calling process's own? A vfork child's is its parent's.
 */
bool process_owns_memory(void);
/* Whose it is. */
int process_owner(void);

/* An operation went by that could not be recorded. */
void process_missed(void);

#endif
