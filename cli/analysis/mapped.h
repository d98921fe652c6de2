/* SPDX-License-Identifier: MIT */
/* What the program mapped itself, summed by call site. */
#ifndef MAPPED_H
#define MAPPED_H

#include "groups.h"
#include "obstacle.h"

struct mapped_row {
	char *key; /* "main at a (a)"; control characters escaped */
	uint64_t calls;
	uint64_t bytes; /* mapped in the whole run */
	uint64_t live;  /* mappings, or parts, that were not unmapped */
	uint64_t live_bytes;
	uint64_t peak_bytes; /* of a row of several call stacks: no more than
				this */
	uint64_t resident;   /* of live_bytes, in memory */
	bool partly;         /* it is not known of all */
	uint64_t lost;       /* of live: no pointer to it was found; 0 if
				that was not judged */
	uint64_t lost_bytes;
	uint64_t beside; /* of live: not judged, see mapped_beside() */
	uint64_t beside_bytes;
};

struct mapped {
	struct mapped_row *rows; /* most live bytes first */
	size_t count;
	struct mapped_row total;  /* its key is NULL; its peak is exact */
	uint64_t missed;          /* calls that could not be noted */
	bool known;               /* what is in memory is */
	bool noted;               /* what the program mapped is: a version that
				    had no timeline did not */
	const char *unjudged;     /* why it is not known what is lost: as
				    obstacle_find() says, or else as
				    mapped_unjudged(); NULL */
	char room[OBSTACLE_SIZE]; /* of that text */
};

/* By site, function or file; by any other property: by site. Dies when out of
 * memory. */
void mapped_make(struct mapped *m, const struct reading *in, enum group_by by);
void mapped_release(struct mapped *m);

/*
 * One clause if it is not known which mappings are lost, NULL if it is. What makes
 * a verdict on blocks uncertain leaves that on mappings out.
 */
const char *mapped_unjudged(const struct model *m);

/* Whether the program mapped anything itself, as far as calls were noted or missed. */
bool mapped_any(const struct model *m);

/* Whether no pointer to it was found: it is lost, if that is judged. */
bool mapped_is_lost(const struct rkn_mapped *r);

/* Mappings that are lost, and their bytes; 0 if that is not known. Reads no
 * symbols. */
uint64_t mapped_lost(const struct model *m, uint64_t *bytes);

/*
 * Likewise, mappings without a pointer that lie directly above one of the same line
 * of the program that has one. The kernel makes one of the two, and so may the
 * program have done, with a pointer to the start only: they are not judged.
 */
uint64_t mapped_beside(const struct model *m, uint64_t *bytes);
/* "9 mappings, 9.0 MiB not judged: ..."; NULL: there are none. The caller frees
 * it. */
char *mapped_beside_words(uint64_t mappings, uint64_t bytes);

#endif
