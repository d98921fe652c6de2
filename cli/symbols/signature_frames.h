/* SPDX-License-Identifier: MIT */
/*
 * The frames that identify a finding across builds: frames of the C library are
 * skipped, as its next version has other names, unless there are no others; and
 * loops count once, see route.h.
 */
#ifndef SIGNATURE_FRAMES_H
#define SIGNATURE_FRAMES_H

#include <stdint.h>

#include "model.h"
#include "route.h"

/* The caller releases it. */
struct route signature_frames_route(const struct model *m, struct symbols *s,
				    uint32_t stack);

/* A hash of their functions, without what compilers append to names of copies;
 * never 0, unless the stack is empty. */
uint64_t signature_frames_hash(const struct model *m, struct symbols *s,
			       uint32_t stack);

/* The text that this hashes of a frame: "parse", or for a function without a
 * name "[libfoo]". The caller frees it. */
char *signature_frames_name(const struct location *l);

#endif
