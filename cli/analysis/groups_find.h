/* SPDX-License-Identifier: MIT */
/* Groups at work: which there are, and which blocks count. Only the groups*.c
 * files share it. */
#ifndef GROUPS_FIND_H
#define GROUPS_FIND_H

#include "groups.h"

struct groups_entry; /* a hash table of all groups; NULL: empty */

/* Where the group with `key`, which it takes, is in g->list. */
size_t groups_find(struct groups *g, struct groups_entry **table, char *key);
void groups_release_table(struct groups_entry **table);

/* The key of blocks from `stack`, by type, site, function or file; the caller
 * frees it. */
char *groups_key(const struct reading *in, enum group_by by, uint32_t stack);

/* Whether `block`, or `object`, counts. */
bool groups_chose(const struct reading *in, struct group_choice choice,
		  uint32_t block);
bool groups_chose_object(const struct reading *in, struct group_choice choice,
			 uint32_t object);

#endif
