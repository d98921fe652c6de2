/* SPDX-License-Identifier: MIT */
/* What is alive, summed by one property of the blocks. */
#ifndef GROUPS_H
#define GROUPS_H

#include <stdbool.h>

#include "reading.h"

enum group_by {
	GROUP_BY_TYPE,     /* "malloc in node_new" */
	GROUP_BY_SITE,     /* "node_new at cyc.c:4 (cyc)" */
	GROUP_BY_FUNCTION, /* "node_new" */
	GROUP_BY_FILE,     /* source file, or module when not known */
	GROUP_BY_SIZE,     /* "48 B", exactly */
	/* "cache in libfoo.so": by the variable, or the other root, that alone
	 * leads there. */
	GROUP_BY_ROOT,
	GROUP_BYS
};
extern const char *const group_by_names[GROUP_BYS];
extern const char *const group_by_titles[GROUP_BYS]; /* "TYPE": of a column */

enum group_sort {
	GROUP_SORT_BYTES, /* most first, like the next */
	GROUP_SORT_COUNT,
	GROUP_SORT_RETAINED,
	GROUP_SORT_NAME,
	GROUP_SORTS
};
extern const char *const group_sort_names[GROUP_SORTS];

struct group {
	char *key; /* control characters escaped */
	uint64_t live;
	uint64_t bytes;     /* of the live */
	uint64_t allocated; /* in the whole run, with history */
	uint64_t freed;
	uint64_t peak_blocks; /* alive when most was, where that is known */
	uint64_t peak_bytes;
	uint64_t temporary_blocks; /* freed before another was allocated, by
				      samples, where that is known */
	uint64_t temporary_bytes;
	unsigned evidence; /* GROUP_BY_TYPE: bit 1 << enum type_evidence, of
			      the live */
	/* Where retained sizes are known: what would be free if all of the
	 * group were, themselves included; see retained.h. */
	uint64_t retained_objects;
	uint64_t retained_bytes;
};

struct groups {
	struct group *list;
	size_t count;
	bool history;  /* allocated and freed are known */
	bool peak;     /* and what was alive when most was */
	bool lives;    /* and what was temporary */
	bool retained; /* retained sizes are known */
};

enum group_extent {
	GROUP_LIVE,    /* groups with live blocks, without history */
	GROUP_HISTORY, /* the same with history, which takes longer */
	GROUP_ALL,     /* with history, and groups without live blocks too */
};

/* Which of the blocks count, and what of them. */
struct group_choice {
	int generation; /* 0, 1, 2; of objects 3: frozen; -1: all */
	const struct rkn_mark *mark; /* those alive then; NULL: at the end */
	bool peak; /* those alive when most was (peak.h), without objects */
	/* Retained sizes too, which takes longer; not at a mark. */
	bool retained;
};
#define GROUP_EVERYTHING ((struct group_choice){ .generation = -1 })

/* Dies when out of memory. Of a mark and the peak groups have no history, and
 * cannot be made by size or root. Retained sizes and roots are not known if obstacle_find()
 * finds something. */
void groups_make(struct groups *g, const struct reading *in, enum group_by by,
		 enum group_extent extent, struct group_choice choice);
void groups_sort(struct groups *g, enum group_sort sort);
/* The sum of list[from ..], with `key`; the caller frees its key. */
struct group groups_sum(const struct groups *g, size_t from, const char *key);
void groups_release(struct groups *g);

#endif
