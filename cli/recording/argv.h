/* SPDX-License-Identifier: MIT */
/* The arguments of the recorded program, one after another. */
#ifndef ARGV_H
#define ARGV_H

#include "model.h"

struct argv {
	const struct model *m;
	uint64_t at;   /* of the next, in the model's strings */
	uint32_t left; /* still to come */
};

void argv_init(struct argv *a, const struct model *m);
/* The next argument as recorded; NULL after the last. */
const char *argv_next(struct argv *a);

#endif
