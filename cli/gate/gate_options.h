/* SPDX-License-Identifier: MIT */
/* What the gate judges, and how it is read from the texts that people write. */
#ifndef GATE_OPTIONS_H
#define GATE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "findings.h"
#include "gate_programs.h"

enum gate_mode {
	GATE_NEW,   /* findings fail that are not in the baseline, */
	GATE_GROWN, /* and those that are more than in it, */
	GATE_ANY,   /* or all */
};

#define GATE_UNLIMITED UINT64_MAX

/* "Session=0": most objects, or bytes, of a type that may be alive at the end;
 * or that all passes of a region together may leave. */
struct gate_limit {
	char *region; /* NULL: at the end */
	char *type;   /* NULL: all */
	uint64_t most;
	bool bytes;
	char *text; /* as it was given */
};

/* Most bytes, or objects, that do not fail. */
struct gate_most {
	uint64_t most; /* GATE_UNLIMITED: any */
	char *text;    /* as it was given; NULL: no limit was given */
};

struct gate_options {
	enum gate_mode mode;
	unsigned kinds; /* that fail: bits 1 << enum finding_kind */
	bool growth;    /* of regions fails, too */
	struct gate_most leaked_bytes, leaked_objects, peak;
	struct gate_most lost_mapped; /* bytes of mappings of one process */
	struct gate_limit *limits;
	size_t limit_count;
	struct gate_programs programs;
	struct gate_patterns killed_ok; /* programs that may be killed */
	bool allow_incomplete;
	bool allow_failure; /* the program's own status does not count */
	int error_status;   /* 23 */
};

/* New findings fail, but for possible leaks; no limits; status 23. */
void gate_options_init(struct gate_options *o);
void gate_options_release(struct gate_options *o);

/*
 * Reads "leak,cycle,new": words of kinds of findings, growth among them, and of
 * at most one mode, with commas. Without kinds the present ones stay. Dies if a
 * word is neither.
 */
void gate_options_fail_on(struct gate_options *o, const char *text);

/* "24M", "1.5k", "100", "64KiB": units of 1024. Dies, naming `option`. */
uint64_t gate_options_bytes(const char *option, const char *text);
/* "3", "10k" (of 1000). Dies, naming `option`. */
uint64_t gate_options_count(const char *option, const char *text);
/* Sets a limit to the number that `text` means. Dies when out of memory. */
void gate_options_most(struct gate_most *m, uint64_t most, const char *text);

/* "Session=0", "Session=64KiB": objects, or with a unit that ends in B bytes.
 * With `region`: "request=0", "request/Session=0". Dies, naming `option`. */
void gate_options_limit(struct gate_options *o, const char *option,
			const char *text, bool region);

#endif
