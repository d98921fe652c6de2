/* SPDX-License-Identifier: MIT */
/*
 * What is loaded around an address, as the loader's list and the libraries' own
 * headers say: for C libraries before 2.35, which have no _dl_find_object().
 * Other threads may be in dlopen() or dlclose(), so both are read as copies
 * that the kernel makes; what cannot be read is not there.  It takes no lock
 * and may run inside malloc, in a signal handler and in a forked child.
 * Namespaces of dlmopen() are not in that list.
 */
#ifndef LOADED_H
#define LOADED_H

#include <stdbool.h>
#include <stdint.h>

#include "image.h"

/* Finds the library with a segment at `address`, as image_find() does. False if
 * there is none. */
bool loaded_find(uint64_t address, struct image *image);

#endif
