/* SPDX-License-Identifier: MIT */
/* uthash for the CLI: out of memory dies as everywhere else here. */
#ifndef HASH_H
#define HASH_H

#include <stdlib.h>

#include "die.h"
#include "status.h"

#define uthash_fatal(message) die(STATUS_INPUT, "%s", message)
#include <uthash.h>

/* Adds an item whose `field` is `value` and all else zero; `item` is it. */
#define HASH_MAKE(head, field, value, item)                                    \
	do {                                                                   \
		(item) = xcalloc(1, sizeof(*(item)));                          \
		(item)->field = (value);                                       \
		HASH_ADD(hh, head, field, sizeof((item)->field), item);        \
	} while (0)

/* Frees all items, which own nothing else; the table is empty then. */
#define HASH_FREE(head)                                                        \
	do {                                                                   \
		__typeof__(head) item_, next_;                                 \
                                                                               \
		HASH_ITER (hh, head, item_, next_) {                           \
			HASH_DEL(head, item_);                                 \
			free(item_);                                           \
		}                                                              \
	} while (0)

#endif
