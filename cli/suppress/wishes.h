/* SPDX-License-Identifier: MIT */
/*
 * What a program says to LeakSanitizer about its own leaks, which holds here, too,
 * only for its own processes: its __lsan_default_suppressions(), and that leak
 * checks are turned off (__lsan_is_turned_off(), or detect_leaks=0 in
 * __lsan_default_options()), which covers all that LeakSanitizer would find.
 */
#ifndef WISHES_H
#define WISHES_H

#include "suppress.h"

struct wishes {
	char *text; /* the suppressions as the program has them */
	bool off;   /* leak checks are turned off */
	struct suppressions list;
};

/* Reads what `m` says. Prints a warning for suppressions that cannot be read,
 * and goes on without them. */
void wishes_open(struct wishes *w, const struct model *m);
/* Whether `m` says the same as `w`. */
bool wishes_are(const struct wishes *w, const struct model *m);
void wishes_release(struct wishes *w);

/* Opens `w`, and makes the findings of `in` without those that it covers, which
 * it counts in the list's entries. The caller releases both. */
void wishes_findings(struct wishes *w, struct findings *f,
		     const struct reading *in);
/* How many findings that were, and their bytes with what they hold. */
uint64_t wishes_withheld(const struct wishes *w, uint64_t *bytes);

/* "__lsan_default_suppressions()", or what turned the check off. */
const char *wishes_origin(const struct wishes *w);

#endif
