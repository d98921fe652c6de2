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

extern char *act_program; /* absolute path */
extern char *act_book;
extern char *act_plugin;
extern _Thread_local enum room act_room;
/* What the process loses may be found where it cannot be washed away, as on a
 * small stack on which it began: unsure. */
extern bool act_unwashed;
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
/* A new process, whatever made it: it is a life of its own. */
void act_forked(void);
/* Wash dead pointers away, where the stack has room for that. */
void act_clean(void);

#define ACTION(name) void act_do_##name(const struct act *a);
#include "actions.def"
#undef ACTION

#endif
