/* SPDX-License-Identifier: MIT */
#ifndef CACHE_ROOM_H
#define CACHE_ROOM_H

#include <stdint.h>

/*
 * Removes files of an open directory whose names end in `suffix`, those first
 * that were unused for longest by the later of their times of access and
 * change, until the rest has at most `most` bytes. It does what it can; another
 * process may do so too.
 */
void cache_room_make(int directory, const char *suffix, uint64_t most);

#endif
