/* SPDX-License-Identifier: MIT */
/*
 * The process's mappings, as /proc/self/maps lists them.  No malloc, no stdio;
 * may run in a signal handler.
 */
#ifndef MAPS_H
#define MAPS_H

#include <stdbool.h>
#include <stdint.h>

#define MAPS_SOMEWHERE UINT64_MAX

/* 7f3a1000-7f3a5000 rw-p 00001000 fd:00 131   /usr/lib/libz.so.1 */
struct map {
	uint64_t start; /* 0x7f3a1000 */
	uint64_t end;   /* 0x7f3a5000, the first byte not in it */
	uint64_t inode; /* 131; 0: anonymous */
	bool readable, writable, executable, private;
	bool untouched;    /* no page of it was ever used, or none is left */
	uint64_t resident; /* bytes in memory; MAPS_SOMEWHERE: some are swapped
			      out, or it was not asked */
	char name[64];     /* the path's end, "[heap]", "[stack]" or "" */
};

/* One pass over the list. */
struct maps {
	int fd;
	bool sizes;        /* each mapping is followed by lines about it */
	unsigned at, size; /* of `buffer`: read and filled */
	char buffer[4096]; /* the kernel gives no more at a time */
};

bool maps_open(struct maps *m); /* false: no /proc, or no descriptor left */
/* The same from /proc/self/smaps, which also has `untouched` and `resident`,
 * and takes longer. */
bool maps_open_sizes(struct maps *m);
bool maps_next(struct maps *m, struct map *map); /* false: the end */
void maps_close(struct maps *m);

/* The first of `count` mappings, ascending, that ends behind `address`; `count`
 * if none does. */
uint32_t maps_behind(const struct map *list, uint32_t count, uint64_t address);

/* Finds the mapping that holds `address`; false if there is none. */
bool maps_find(uint64_t address, struct map *map);

/* The absolute path of the file that is mapped at `address`, as the process
 * sees it, with " (deleted)" behind it if the file has no name any more. False
 * if no file is mapped, the path is longer, or it cannot be asked. `path` is
 * overwritten in any case. */
bool maps_path(uint64_t address, char *path, unsigned room);

#endif
