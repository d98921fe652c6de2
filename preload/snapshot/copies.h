/* SPDX-License-Identifier: MIT */
/*
 * Copies of the program's memory that the kernel makes, page by page: where
 * the program may have unmapped what it names, a read fails and does no harm.
 * For the snapshot alone: one thread.
 */
#ifndef COPIES_H
#define COPIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"
#include "picture.h"

/* Nothing is copied yet. Where the kernel copies nothing, what `p` lists as
 * readable is read itself. */
void copies_begin(const struct picture *p);
/* False: a part of it cannot be read. */
bool copies_read(void *to, uint64_t from, size_t size);
/* A text with its end. False: it cannot be read, or has no room. */
bool copies_text(char *to, size_t room, uint64_t from);

#endif
