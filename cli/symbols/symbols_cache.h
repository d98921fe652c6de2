/* SPDX-License-Identifier: MIT */
/*
 * What was once found out about one ELF file's addresses, kept from one run to
 * the next by its build-id.  An answer is used only where libdw would give it
 * again: by the same refknot and libdw, from the same sysroot and servers, while
 * the file and those that its debug information came from have kept path, size and
 * time of change, and what was looked for before them is not there.
 *
 *     {"refknot": "0.1.0", "libdw": "0.188", "layout": 8,
 *      "settings": "sysroot /, debuginfod ", "path": "/usr/bin/jq",
 *      "file": {"path": "/usr/bin/jq", "size": 30968, "mtime": "16...7"},
 *      "debug": {"path": "/usr/lib/debug/.build-id/1f/....debug", ...},
 *      "missed": {}, "used": {"/usr/lib/debug/.dwz/jq.debug": {...}},
 *      "types": see types_cache.h}
 *
 * is the file's first line, with blanks up to a multiple of 8 bytes. Rows of
 * answers.h follow, whose kinds are those of enum symbols_cache_kind.
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

#include "answers.h"
#include "cache.h"
#include "symbols.h"
#include "symbols_code.h"
#include "symbols_inline.h"
#include "symbols_module.h"

#define SYMBOLS_CACHE_LAYOUT 8 /* another one is not read */

/* What an answer is about, and what is in it. */
enum symbols_cache_kind {
	/* Address: count, then for each location, innermost first, function, file,
	 * line, directory, line of the declaration, column, qualified name. */
	SYMBOLS_CACHE_CODE = 1,
	/* Address, or with bit 63 an offset among thread-local variables: the
	 * object's name. */
	SYMBOLS_CACHE_DATA,
	/* Address after a call: start of the function around it, where it leads
	 * to. A place that code leads to is enum code_kind, address, name. */
	SYMBOLS_CACHE_CALL,
	/* Start of a function: whether it is open, count, then for each exit its
	 * end and where it leads to. */
	SYMBOLS_CACHE_EXITS,
	/* fnv.h's number of a name: the name, start of the function. */
	SYMBOLS_CACHE_NAME,
};

struct symbols_cache { /* all zero: nothing is known */
	char *name;    /* in the cache; NULL: not to be kept */
	char *path;    /* of the module where it ran */
	json_t *known; /* as above; "file" and "debug" perhaps still to come */
	struct answers answers;
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
