/* SPDX-License-Identifier: MIT */
/*
 * Python's garbage collector, over the program's objects: generations,
 * thresholds, and trial deletion (CPython's gcmodule.c, InternalDocs/
 * garbage_collector.md).  It frees nothing itself.  A check looks while its
 * thread has the world to itself (ledger_gate.h), and calls the program's
 * functions afterwards.
 */
#ifndef COLLECT_H
#define COLLECT_H

#include <refknot.h>
#include <stdbool.h>
#include <stdint.h>

/* Forgets all: the store is a new one. */
void collect_reset(void);

/* An object is about to be made, and counts. Returns whether an automatic check
 * is due: then call collect_automatically(), outside refknot, before it is
 * made. */
bool collect_making(void);
void collect_automatically(void);

/* An object has ended, or was not made after all. */
void collect_ended(void);

/* As refknot.h has them; outside refknot. */
long collect_now(int generation);
void collect_numbers(int what, long *numbers);
int collect_flag(int what, int value);
void collect_stats(struct refknot_stats *stats);
int collect_callback(refknot_callback *callback, void *data, int add);
size_t collect_garbage(refknot_visit *visit, void *data);

#endif
