/* SPDX-License-Identifier: MIT */
#ifndef CACHE_ROOM_H
#define CACHE_ROOM_H

#include <stdint.h>

/*
 * Of the files in an open directory whose names end in `suffix` remove those
 * that were not used for longest, by the later of their times of access and
 * change, until the rest has at most `most` bytes. Does what it can; another
 * process may do so too.
 */
void cache_room_make(int directory, const char *suffix, uint64_t most);

#endif
