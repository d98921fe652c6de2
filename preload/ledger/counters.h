/* SPDX-License-Identifier: MIT */
/*
 * The counters in the program's own objects.  Programs seal pages (mprotect),
 * so a counter is read only once its page is known to be readable.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdint.h>

#include "store.h"

/* The counter cannot be read. It is never a count. */
#define COUNTERS_UNREADABLE INT64_MIN

/*
 * The counter of `o`, bias added; o->count if it has none; COUNTERS_UNREADABLE
 * if the program made its page inaccessible. Only for an object that the
 * calling thread works on: no other thread may change the page meanwhile.
 */
int64_t counters_count(const struct store_object *o);

/* The same for an object of any thread. */
int64_t counters_one(const struct store_object *o);

/*
 * The same for objects of any thread, many in turn: a copy of the memory around
 * the last one's counter, which nearly always has the next one's, too.
 */
#define COUNTERS_WINDOW 1024
struct counters_window {
	uint64_t start; /* 0: none yet */
	const char *at; /* the copy, or that memory; NULL: not readable */
	char copy[COUNTERS_WINDOW];
};
int64_t counters_look(struct counters_window *w, const struct store_object *o);
/* The counter's value in the memory at `p`, bias added. */
int64_t counters_value(const struct store_object *o, const void *p);

#endif
