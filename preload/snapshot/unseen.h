/* SPDX-License-Identifier: MIT */
/*
 * Modules whose calls of the C library's allocator are not seen: they go by ways
 * that are not closed (bypass.h), or are in another namespace of the loader.
 */
#ifndef UNSEEN_H
#define UNSEEN_H

#include "picture.h"

/* Note in the store which they are. */
void unseen_note(struct picture *p);

#endif
