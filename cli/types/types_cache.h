/* SPDX-License-Identifier: MIT */
/*
 * What was once found out about the types of one module, kept from one run to the
 * next with its symbols (symbols_cache.h), by the same rules.  Its part is
 *
 *     "types": {"types": [[4, "struct node", 16, -1, 0, members, 1293, false], ...],
 *               "flows": {"11f0": [returned, used, declared, claims, 0, allocated]},
 *               "globals": [[16424, false, "cache", null, "lru.c", true, 7]],
 *               "classes": {"ns::Box<int>": 12, "Two": null},
 *               "locals": {"11ee": [[["table", null, 7, 2, 0, -48, true]],
 *                                   [[6, -16]]]},
 *               "sources": {"lru.c": "d41d8cd98f00b204e9800998ecf8427e"},
 *               "named": {"11f0 0 struct node": 1},
 *               "built": [1795961811, 0]}
 *
 * where types are numbers in the first list (c_types_save()), -1 is void, an
 * offset that is not known is null, "globals" is null if they were not asked for,
 * and a class is null if there is none of that name, or several.  "sources" and
 * "named" are of sourced.h: a file without a sum is null, what a text means at a
 * call is null if that is not known.  Nothing is kept of a module that has types in several files.
 */
#ifndef TYPES_CACHE_H
#define TYPES_CACHE_H

#include "flow.h"
#include "symbols_cache.h"

/* `f` is empty and stays so if there is nothing. `main`: see c_types_restore();
 * its data is `f`. Dies when out of memory, as does the other. */
void types_cache_read(struct flow_module *f, const struct symbols_cache *c,
		      Dwarf *(*main)(void *data));
/* `main`: the module's own debug information; NULL: it has none. */
void types_cache_write(struct flow_module *f, struct symbols_cache *c,
		       Dwarf *main);

#endif
