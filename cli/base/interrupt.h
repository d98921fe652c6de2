/* SPDX-License-Identifier: MIT */
/*
 * Signals that ask refknot to end, as Ctrl-C does. It removes files that it has half
 * written, lets the pager end, and dies of the same signal.
 */
#ifndef INTERRUPT_H
#define INTERRUPT_H

/* From now on. What is ignored stays so: a program inherits it. */
void interrupt_watch(void);

/*
 * Calls `f` first, in a signal handler: it may only do what is allowed there. At most
 * INTERRUPT_CALLS functions, the last one first.
 */
#define INTERRUPT_CALLS 4
void interrupt_call(void (*f)(void));

/* Removes `path`, unless interrupt_keep() of the same pointer came before. At most
 * INTERRUPT_FILES at once; more are not removed. The text must live as long. */
#define INTERRUPT_FILES 8
void interrupt_remove(const char *path);
void interrupt_keep(const char *path);

#endif
