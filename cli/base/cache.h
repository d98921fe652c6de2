/* SPDX-License-Identifier: MIT */
/*
 * Files of our own that may be lost at any time: $REFKNOT_CACHE, or refknot
 * in $XDG_CACHE_HOME or ~/.cache.  Nothing here is ever an error: without a
 * home, on a full disk, with a file that is damaged or another user's, there
 * is simply nothing cached.  Processes may write at once; the last wins.
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

/* NULL when it is off or the environment gives no place. Dies when out of
 * memory. */
struct cache *cache_open(void);
void cache_close(struct cache *c); /* NULL: nothing */

/*
 * The contents of file `name` (no '/', without the suffix), with a NUL behind,
 * for the caller to free; NULL when there is none that is whole and ours. `c`
 * NULL: there is none.
 */
char *cache_read(const struct cache *c, const char *name, size_t *size);

/* Replace the file in one step if it can be, then make room. */
void cache_write(struct cache *c, const char *name, const char *data,
		 size_t size);

#endif
