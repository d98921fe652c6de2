/* SPDX-License-Identifier: MIT */
/* A made-up recording that uses every record type, for tests of the files. */
#ifndef SPECIMEN_H
#define SPECIMEN_H

#include "model.h"

/*
 * `blocks` blocks, twice as many edges with cycles among them, half as many
 * roots, frames, stacks, threads and modules; the same at each call. Released
 * by model_release().
 */
void specimen_make(struct model *m, size_t blocks);

#endif
