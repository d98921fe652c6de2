/* SPDX-License-Identifier: MIT */
/*
 * What was once found out about one ELF file's addresses, kept from one run to
 * the next by its build-id.  An answer is used only where libdw would give it
 * again: by the same refknot and libdw, from the same sysroot and servers, while
 * the file and those that its debug information came from have kept path, size and
 * time of change, and what was looked for before them is not there.
 *
 *     {"refknot": "0.1.0", "libdw": "0.188", "layout": 7,
 *      "settings": "sysroot /, debuginfod ", "path": "/usr/bin/jq",
 *      "file": {"path": "/usr/bin/jq", "size": 30968, "mtime": "16...7"},
 *      "debug": {"path": "/usr/lib/debug/.build-id/1f/....debug", ...},
 *      "missed": {}, "used": {"/usr/lib/debug/.dwz/jq.debug": {...}},
 *      "code": {"4f1": [["inner", "jq.c", 9, "/src", 4, 14, null],
 *                        ["outer", "jq.c", 20, "/src", 12, 2, null]]},
 *      "data": {"4010": "cache+0x8", "8000000000000010": "current"},
 *      "calls": {"4f1": [1216, "malloc"], "502": [1216, 1168]},
 *      "exits": {"490": [false, 1173, "malloc"]},
 *      "names": {"parse": 1168, "strdup": 0},
 *      "types": see types_cache.h}
 *
 * Of data, bit 63 marks an offset among thread-local variables.
 *
 * A place that code leads to is an address, a name, true for refknot's interface
 * or null if it is not known.
 *
 * "missed" are places of the ELF file before the one in "file"; "used" are further
 * files of debug information.
 *
 * "debug" is null where there was none: only libdw knows whether there is one
 * now.  Then symbols_cache_confirm() must be asked first.
 */
#ifndef SYMBOLS_CACHE_H
#define SYMBOLS_CACHE_H

#include <jansson.h>
#include <refknot/format.h>

#include "cache.h"
#include "symbols.h"
#include "symbols_code.h"
#include "symbols_inline.h"
#include "symbols_module.h"

#define SYMBOLS_CACHE_LAYOUT 7 /* another one is not read */

struct symbols_cache { /* all zero: nothing is known */
	char *name;    /* in the cache; NULL: not to be kept */
	char *path;    /* of the module where it ran */
	json_t *known; /* as above; "file" and "debug" perhaps still to come */
	bool doubtful; /* read, and "debug" is null */
	bool changed;  /* something was added */
	size_t size;   /* bytes of the file that has `known`; 0: none has it */
};

/* Begins with what the cache has of module `r`, whose path is `path`. Of those
 * that were closed last it is still in memory: many processes of a run have
 * the same libraries. */
void symbols_cache_open(struct symbols_cache *s, const struct cache *c,
			const struct rkn_module *r, const char *path);

/* Forgets all if the module has debug information by now. */
void symbols_cache_confirm(struct symbols_cache *s,
			   const struct symbols_module *m);

/* Fills list[0..result) but for module and offset; 0 if nothing is known. Texts
 * live as long as `s`. */
size_t symbols_cache_code(const struct symbols_cache *s, uint64_t address,
			  struct location list[SYMBOLS_INLINE_MAX]);
void symbols_cache_add_code(struct symbols_cache *s, uint64_t address,
			    const struct location *list, size_t count);

/* True when known: then *name is the object's, or NULL if there is none. */
bool symbols_cache_data(const struct symbols_cache *s, uint64_t address,
			const char **name);
void symbols_cache_add_data(struct symbols_cache *s, uint64_t address,
			    const char *name);

/* What symbols_code.h found out; true when known. */
bool symbols_cache_call(const struct symbols_cache *s, uint64_t address,
			struct code_call *call);
void symbols_cache_add_call(struct symbols_cache *s, uint64_t address,
			    const struct code_call *call);
/* The list is for the caller to free. */
bool symbols_cache_exits(const struct symbols_cache *s, uint64_t start,
			 struct code_exits *exits);
void symbols_cache_add_exits(struct symbols_cache *s, uint64_t start,
			     const struct code_exits *exits);
bool symbols_cache_named(const struct symbols_cache *s, const char *name,
			 uint64_t *start);
void symbols_cache_add_named(struct symbols_cache *s, const char *name,
			     uint64_t start);

/* What another room keeps of the module, under a name of its own; NULL: nothing.
 * Lives as long as `s`. */
const json_t *symbols_cache_part(const struct symbols_cache *s,
				 const char *name);
/* Takes `part`. */
void symbols_cache_set_part(struct symbols_cache *s, const char *name,
			    json_t *part);

/* Keeps what is known, if `m` (open) added to it; then releases. */
void symbols_cache_close(struct symbols_cache *s, struct cache *c,
			 const struct symbols_module *m);

#endif
