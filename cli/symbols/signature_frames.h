/* SPDX-License-Identifier: MIT */
/*
 * The frames of a call stack that count where findings are known again: not
 * those of the C library, whose names are another one's in the next version,
 * unless all are such; and without loops, see route.h.
 */
#ifndef SIGNATURE_FRAMES_H
#define SIGNATURE_FRAMES_H

#include <stdint.h>

#include "model.h"
#include "route.h"

/* The caller releases it. */
struct route signature_frames_route(const struct model *m, struct symbols *s,
				    uint32_t stack);

/* Of their functions, without what compilers append to names of copies; never
 * 0, unless the stack is empty. */
uint64_t signature_frames_hash(const struct model *m, struct symbols *s,
			       uint32_t stack);

/* What that hash is of in a frame: "parse", or of a function without a name
 * "[libfoo]". The caller frees it. */
char *signature_frames_name(const struct location *l);

#endif
