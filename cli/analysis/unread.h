/* SPDX-License-Identifier: MIT */
/*
 * Modules whose files could not be read as they were recorded: their code is
 * known only by offsets, and a report says so.
 */
#ifndef UNREAD_H
#define UNREAD_H

#include <stdbool.h>
#include <stddef.h>

#include "findings.h"

struct unread {
	size_t modules;
	const char *path; /* of the first one */
	const char *why;  /* constant: "is not there (any more); keep it ..." */
	size_t affected;  /* frames, or findings that have some */
};

/* Of all frames of the recording: looks for each module that has some. */
void unread_frames(struct unread *u, const struct reading *in);
/* Of findings; modules are those that were asked for so far. */
void unread_findings(struct unread *u, const struct reading *in,
		     const struct findings *f);

/* Whether a frame of that finding's call stack lies in one. */
bool unread_has(const struct reading *in, const struct finding *f);

/* "1 module, such as /lib/x.so, which is not there (any more); keep it ...";
 * the caller frees it. */
char *unread_modules(size_t modules, const char *path, const char *why);
/* "3 findings have calls in it that are known by offset only, so names in
 * suppressions do not match them"; likewise. */
char *unread_effect(size_t modules, size_t findings);

#endif
