/* SPDX-License-Identifier: MIT */
/*
 * The types that the sources of one module's calls name.  A source counts only if
 * it is the one that was compiled: by the MD5 in the line table, and where there
 * is none if it did not change after the module did.  What names mean there is
 * kept in the cache of symbols, the text is read each time.  All die when out of
 * memory.
 */
#ifndef SOURCED_H
#define SOURCED_H

#include "c_types.h"
#include "source_call.h"
#include "source_files.h"
#include "symbols.h"

struct flow_module;

struct sourced {                   /* all zero: nothing is said */
	const struct c_type *type; /* NULL: nothing is */
	enum source_room room;
};

struct sourced_look {
	uint64_t address;            /* ELF address that the call returns to */
	const struct location *list; /* of its frame */
	size_t count;
	size_t at;          /* the location whose call it is */
	const char *callee; /* see source_call.h */
};

struct sourced sourced_find(struct flow_module *f, struct source_file **files,
			    const struct sourced_look *l);

/* The file that `at` is in, if it is the text that was compiled; `address`: the ELF
 * address that its frame's call returns to. NULL: that is not known. */
const struct source_file *sourced_file(struct flow_module *f,
				       struct source_file **files,
				       uint64_t address,
				       const struct location *at);

/* Whether a block of that size may be it. */
bool sourced_fits(const struct sourced *s, uint64_t size);

/* Whether `type`, which something else proves, is another. */
bool sourced_contradicts(const struct sourced *s, const struct c_type *type);

#endif
