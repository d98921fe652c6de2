/* SPDX-License-Identifier: MIT */
/*
 * A recording in the formats of other tools: one writer, one file, and a row of
 * EXPORT_WRITERS.
 */
#ifndef EXPORT_H
#define EXPORT_H

#include <stdio.h>

#include "profile.h"

/* What is exported. Nothing in it changes. */
struct exporting {
	const struct reading *in;
	const struct findings *findings;
	const struct profile *profile;
	enum profile_value value; /* of formats that have one only */
	const char *of; /* "3", "Session#17": only this finding or object, and
			   what is near; NULL: all */
};

/* clang-format off */
#define EXPORT_WRITERS(ROW) \
	ROW(folded, "collapsed stacks, for flame graphs; one value", EXPORT_ONE_VALUE) \
	ROW(speedscope, "speedscope's JSON; a profile for each value", 0) \
	ROW(pprof, "profile.proto, compressed; all values", EXPORT_BINARY) \
	ROW(heapprofile, "V8's sampling profile, for DevTools; one value", EXPORT_ONE_VALUE) \
	ROW(callgrind, "for KCachegrind and callgrind_annotate; all values", 0) \
	ROW(heapsnapshot, "what is alive and who holds it, for DevTools' Memory tab", 0) \
	ROW(dot, "Graphviz: types, or what is near one object, or a cycle", EXPORT_OF) \
	ROW(graphml, "the same as GraphML", EXPORT_OF) \
	ROW(csv, "types with counts and sizes", 0) \
	ROW(html, "the page that refknot view opens", 0)
/* clang-format on */

enum export_flag {
	EXPORT_ONE_VALUE = 1u << 0, /* --value chooses it */
	EXPORT_BINARY = 1u << 1,    /* not for terminals */
	EXPORT_OF = 1u << 2,	    /* an object or finding may be named */
};

struct export_writer {
	const char *name;
	const char *help;
	unsigned flags; /* enum export_flag */
	/* Dies of what cannot be exported, with one sentence. */
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
