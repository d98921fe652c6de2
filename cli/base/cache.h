/* SPDX-License-Identifier: MIT */
/*
 * Files of refknot's own that may be lost at any time: $REFKNOT_CACHE, or
 * refknot in $XDG_CACHE_HOME or ~/.cache.  Nothing here is ever an error:
 * without a home, on a full disk, with a file that is damaged or another
 * user's, nothing is cached.  Processes may write at the same time; the last
 * one wins.
 *
 * A file begins with "refknot-cache 1 CRC32\n", of what follows.
 */
#ifndef CACHE_H
#define CACHE_H

#include <stddef.h>

#define CACHE_SUFFIX   ".refknot"
#define CACHE_FILE_MAX (32u << 20) /* bytes of one file */
#define CACHE_MAX      (64u << 20) /* of all; the least used go first */

struct cache;

extern int cache_is_off; /* --no-symbol-cache, which popt writes */

/* Opens the cache; NULL if it is off or the environment gives no place. Dies
 * when out of memory. */
struct cache *cache_open(void);
void cache_close(struct cache *c); /* NULL: nothing */

/*
 * The contents of file `name` (no '/', without the suffix), with a NUL behind,
 * for the caller to free; NULL if there is none that is whole and the user's.
 * `c` may be NULL.
 */
char *cache_read(const struct cache *c, const char *name, size_t *size);

/* Replaces the file in one step if that is possible, then makes room. */
void cache_write(struct cache *c, const char *name, const char *data,
		 size_t size);

#endif
