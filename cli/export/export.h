/* SPDX-License-Identifier: MIT */
/*
 * A recording in the formats of other tools: one writer, one file, and a row of
 * EXPORT_WRITERS.
 */
#ifndef EXPORT_H
#define EXPORT_H

#include <stdio.h>

#include "groups.h"
#include "profile.h"

/* What is exported. Nothing in it changes. */
struct exporting {
	const struct reading *in;
	const struct findings *findings; /* NULL: not EXPORT_PROFILE */
	const struct profile *profile;   /* likewise */
	enum profile_value value;        /* with EXPORT_ONE_VALUE */
	enum group_by by;                /* with EXPORT_TABLE */
	const char *of; /* with EXPORT_OF: "3", "Session#17": only this finding
			   or object, and what is near; NULL: all */
};

/* clang-format off */
#define EXPORT_WRITERS(ROW) \
	ROW(folded, EXPORT_PROFILE | EXPORT_ONE_VALUE) \
	ROW(speedscope, EXPORT_PROFILE) \
	ROW(pprof, EXPORT_PROFILE | EXPORT_BINARY) \
	ROW(heapprofile, EXPORT_PROFILE | EXPORT_ONE_VALUE | EXPORT_BYTES) \
	ROW(callgrind, EXPORT_PROFILE) \
	ROW(massif, EXPORT_PROFILE) \
	ROW(dhat, EXPORT_PROFILE | EXPORT_ONE_VALUE | EXPORT_BYTES | EXPORT_TOTAL) \
	ROW(heapsnapshot, EXPORT_PROFILE) \
	ROW(dot, EXPORT_OF) \
	ROW(graphml, EXPORT_OF) \
	ROW(perfetto, 0) \
	ROW(csv, EXPORT_TABLE) \
	ROW(json, EXPORT_TABLE) \
	ROW(html, EXPORT_PROFILE)
/* clang-format on */
#define EXPORT_OR(name, ...) ", " #name
/* "folded, speedscope, ..." */
#define EXPORT_NAMES (&(EXPORT_WRITERS(EXPORT_OR))[2])

enum export_flag {
	EXPORT_PROFILE = 1u << 0,   /* it needs call stacks and findings */
	EXPORT_ONE_VALUE = 1u << 1, /* --value chooses it */
	EXPORT_BYTES = 1u << 2,     /* which is of bytes */
	EXPORT_BINARY = 1u << 3,    /* not for terminals */
	EXPORT_OF = 1u << 4,        /* an object or finding may be named */
	EXPORT_TABLE = 1u << 5,     /* --by chooses the rows */
	EXPORT_TOTAL = 1u << 6,     /* without --value: what was allocated */
};

struct export_writer {
	const char *name;
	unsigned flags; /* enum export_flag */
	/* Dies of what cannot be exported, with one sentence, before anything is
	 * written. */
	void (*write)(FILE *out, const struct exporting *e);
};

/* By name; NULL: there is none. */
const struct export_writer *export_find(const char *name);
/* The writers, the last one followed by one without a name. */
extern const struct export_writer export_writers[];

#define EXPORT_DECLARE(name, ...)                                              \
	void export_##name(FILE *out, const struct exporting *e);
EXPORT_WRITERS(EXPORT_DECLARE)

#endif
