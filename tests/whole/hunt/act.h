/* SPDX-License-Identifier: MIT */
/* What the files of actions share: see behaviour.c. */
#ifndef ACT_H
#define ACT_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "clean.h"

/* One word of the list: name:N:N:N, and behind it, if it ends in '{', the
 * words up to its '}'. */
struct act {
	long n[3]; /* 0 where the word has none */
	int first; /* of the words between the braces */
	int end;
};

/* How much stack there is: 256 KiB, 16, less. act_say() and malloc work on
 * all. */
enum room { ROOM_LARGE, ROOM_SMALL, ROOM_TINY };

/* Where a thread is at present. */
struct act_stack {
	enum room room;
	char *low; /* its lower end, or somewhat above, if it is not large */
};

/* From there on are descriptors that somebody waits for, while `act_away`: they
 * stay open. */
#define ACT_HELD       1000
#define ACT_HELD_COUNT 8

extern char *act_program; /* absolute path */
extern char *act_book;
extern char *act_plugin;
extern _Thread_local struct act_stack act_stack;
extern bool act_away;
/* What the process loses may be found where it cannot be washed away, as in a
 * second C library: unsure. */
extern bool act_unwashed;
/* The check at the end is over: streams are flushed, and handlers may run. */
extern bool act_over;
extern _Thread_local sigjmp_buf *act_catcher;
extern char **act_words;
extern char **act_last_argument; /* where the kernel put it */

/* Do the words [first, end). */
void act_run(int first, int end);
/* "what value" on standard output, with little stack. */
void act_say(const char *what, long value);
/* The same of a result: `value`, or if that is -1 the error as -errno. */
void act_tell(const char *what, long value);
/* What waitpid said. */
void act_say_status(const char *what, int status);
/* Wait for the child and say how it ended. */
void act_wait(const char *what, int pid);
/* A new process is a life of its own. The C library's fork() calls this before
 * any other handler of pthread_atfork(); what has a child by other ways calls
 * it there. */
void act_forked(void);
/* Wash dead pointers away. */
void act_clean(void);

#define ACTION(name) void act_do_##name(const struct act *a);
#include "actions.def"
#undef ACTION

#endif
