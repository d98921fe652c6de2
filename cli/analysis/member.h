/* SPDX-License-Identifier: MIT */
/* One member of a finding, as a report shows it: a block, or an object in a
 * block that has others. */
#ifndef MEMBER_H
#define MEMBER_H

#include "findings.h"

struct member {
	char *name;       /* "Session#17"; the caller frees it */
	const char *type; /* lives as long as the names */
	uint32_t object;  /* 0: none */
	uint32_t block;
	uint64_t address;
	uint64_t bytes;
	uint64_t start, end; /* offsets in the block that are its own */
};

/* Member `i` of `f`; if it is a block, it was announced to `in->names`. */
struct member member_of(const struct reading *in, const struct finding *f,
			size_t i);

/* Whether `offset` of `block` belongs to the member. */
bool member_has(const struct member *m, uint32_t block, uint64_t offset);

#endif
