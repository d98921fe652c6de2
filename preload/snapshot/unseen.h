/* SPDX-License-Identifier: MIT */
/*
 * Modules whose calls of the C library's allocator are not seen: they call it
 * by ways that are not closed (bypass.h), or are in another namespace of the
 * loader.
 */
#ifndef UNSEEN_H
#define UNSEEN_H

#include "picture.h"

/* Notes in the store which they are. */
void unseen_note(struct picture *p);

#endif
