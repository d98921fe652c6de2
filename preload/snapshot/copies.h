/* SPDX-License-Identifier: MIT */
/*
 * Copies of the program's memory that the kernel makes, page by page: if the
 * program has unmapped what it names, a read fails and does no harm. Only for
 * the snapshot: one thread.
 */
#ifndef COPIES_H
#define COPIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "picture.h"

/* Begins without copies. If the kernel copies nothing, what `p` lists as
 * readable is read itself. */
void copies_begin(const struct picture *p);
/* Reads `size` bytes; false if a part of them cannot be read. */
bool copies_read(void *to, uint64_t from, size_t size);
/* Reads a text with its end; false if it cannot be read or does not fit. */
bool copies_text(char *to, size_t room, uint64_t from);

#endif
