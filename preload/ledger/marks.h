/* SPDX-License-Identifier: MIT */
/*
 * Marks: what was alive at an instant that the program named, by stack and by
 * type.  A census costs a pass over all counters and all objects. While it
 * lasts no thread changes an object, but threads go on allocating: what they
 * allocate meanwhile may be in it or not.
 */
#ifndef MARKS_H
#define MARKS_H

/* Of one name the first 15 are kept, and the last. */
#define MARKS_KEPT 16

/* Forgets all: the store is a new one. */
void marks_reset(void);

void marks_make(const char *name);

/* Ends the program with a message if there are more live blocks, or objects of
 * any type, than at the last mark of that name. */
void marks_assert_no_growth(const char *name);

#endif
