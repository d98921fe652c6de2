/* SPDX-License-Identifier: MIT */
/* What the program says about which object holds which, asked pair by pair. */
#ifndef DECLARED_H
#define DECLARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model.h"

enum declared_how {
	DECLARED_STRONG = 0, /* references and links of objects */
	DECLARED_WEAK = 1,
	/* The same for blocks, if the holder is an address in one. */
	DECLARED_BLOCK_STRONG = 2,
	DECLARED_BLOCK_WEAK = 3,
};

struct declared_pair {
	uint32_t how;      /* enum declared_how */
	uint32_t from, to; /* object or block; object */
};

struct declared {
	struct declared_pair *pairs; /* ascending */
	size_t count;
};

/* `m` may go afterwards. Dies when out of memory. */
void declared_make(struct declared *d, const struct model *m);
void declared_release(struct declared *d);

bool declared_has(const struct declared *d, enum declared_how how,
		  uint32_t from, uint32_t to);

#endif
