/* SPDX-License-Identifier: MIT */
/*
 * The findings that a project has accepted: a text file in its repository, one
 * line a finding, sorted, so that merging two is a sort:
 *
 *   # refknot baseline 1: accepted findings; see refknot-check(1)
 *   0e5aeced499d6926 orphaned-cycle count=3 bytes=1104 session_open server.c  # why
 */
#ifndef BASELINE_H
#define BASELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "issue.h"

struct baseline_entry {
	char *signature;
	char *kind; /* as finding_kind_name has it */
	uint64_t count, bytes;
	char *comment; /* what stands behind the last #; NULL: nothing */
	bool seen;     /* there is such a finding now */
	unsigned line; /* in the file */
	char *text;    /* "session_open server.c": for people */
};

struct baseline {
	char *path;
	struct baseline_entry *list; /* ascending signature, each once */
	size_t count;
};

/*
 * Read `path`; no such file is an empty baseline where `may_lack`. Dies with
 * file and line when it cannot be read or understood. Of lines with the same
 * signature, as a merge leaves them, the one with the most counts.
 */
void baseline_read(struct baseline *b, const char *path, bool may_lack);
/* The same from `text`; false: `error` (of `size` bytes) says what is wrong. */
bool baseline_parse(struct baseline *b, const char *path, const char *text,
		    char *error, size_t size);
void baseline_release(struct baseline *b);

/* Set the state of all issues that are not suppressed, and what is seen. */
void baseline_apply(struct baseline *b, struct issues *list);

/*
 * Replace the file by one of the issues that are not suppressed; comments of
 * entries that are still there stay. 0 or -errno; then the file is as it was.
 */
int baseline_write(const struct baseline *b, const struct issues *list);

#endif
