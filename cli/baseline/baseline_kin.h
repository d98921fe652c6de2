/* SPDX-License-Identifier: MIT */
/*
 * Which entries of a baseline accept findings with another signature, or at
 * other lines: in another build, or after an edit.  Of what is left over on
 * both sides, of one kind and type, one entry goes with one finding if at most
 * one edit is between them (likeness.h) and nothing in it is doubted.
 *
 * After an edit the finding must also be as large: as many bytes each, and not
 * more of them.  If only builds are between them, as many bytes each are enough.
 * If both are known to be at the same lines, another number of them is enough
 * for what builds change, and for frames that only debug information has the
 * size does not matter.
 *
 * What one build has as one finding another may have as several, if lines or
 * functions that distinguish them are not known.  So the numbers of an entry may
 * be those of several findings, and those of several entries one finding's, if
 * only builds are between them.
 */
#ifndef BASELINE_KIN_H
#define BASELINE_KIN_H

#include "baseline.h"

/* Before all that follows, when those of the same functions have their entries;
 * and after it. */
void baseline_kin_begin(struct baseline *b, struct issues *list);
void baseline_kin_end(struct issues *list);

/* Only those that are suppressed, or only the others. Sets entry, pair, `kin`
 * and `differs`. */
void baseline_kin_pair(struct baseline *b, struct issues *list,
		       bool suppressed);

/* What is still left over: to entries that have enough, or several of them. */
void baseline_kin_share(struct baseline *b, struct issues *list);

/* As many bytes each, and not more of them. */
bool baseline_kin_is_as_large(const struct issue *i,
			      const struct baseline_entry *e);

/*
 * The first function of which a reference is left, and was not in the entry;
 * NULL if there is none, or one of the two does not know. That is so if only
 * one of them has lines: the other has the functions that these were inlined
 * in.
 */
const char *baseline_kin_stranger(const struct issue *i,
				  const struct baseline_entry *e);

/* Finds the nearest entry for each issue that is new and has no `other`. */
void baseline_kin_tell(struct baseline *b, struct issues *list);

#endif
