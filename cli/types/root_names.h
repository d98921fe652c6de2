/* SPDX-License-Identifier: MIT */
/*
 * The names of roots, one for all that show them.  Control characters are as the
 * debug information has them.  All die when out of memory; the caller frees
 * texts.
 */
#ifndef ROOT_NAMES_H
#define ROOT_NAMES_H

#include "reading.h"

/*
 * The variable that the root word is in: "cache", "static cache in lru.c",
 * "static table in main()", "thread-local current", "main()'s table"; "main()'s
 * frame" where it is in none of the function's variables. With its `field`:
 * "static cache.first in lru.c", "main()'s table[2]". NULL: it is not known.
 */
char *root_variable(const struct reading *in, const struct rkn_root *root,
		    bool field);

/*
 * The root for people, who see it among others: the same, or as much as is known.
 * "static cache in lru.c", "cache in libfoo.so", "data of libfoo.so", "main()'s
 * table", "worker()'s job of thread 71", "thread-local current of the main
 * thread", "stack of the main thread".
 */
char *root_name(const struct reading *in, const struct rkn_root *root);

#endif
