/* SPDX-License-Identifier: MIT */
/*
 * What `refknot check` judges: the findings of all processes of a run, and
 * limits on them, against what is accepted. gate_open, gate_add for each
 * recording, gate_judge (gate_judge.h); then writers (gate_writers.h) print the
 * result.
 */
#ifndef GATE_H
#define GATE_H

#include <stdbool.h>
#include <stdio.h>

#include "baseline.h"
#include "beginning.h"
#include "gate_options.h"
#include "gate_worst.h"
#include "issue.h"
#include "sources.h"
#include "suppress.h"
#include "wishes.h"

/* Whether a region of one process grew, as refknot steady has it. */
struct gate_growth {
	char *region;
	bool failed;         /* by more than rows that are accepted */
	bool unjudged;       /* it fails, whatever its rows are */
	bool too_few;        /* of these: for too few passes, which say nothing
				if another process made enough */
	char *text;          /* what was found beside its rows */
	size_t first, count; /* rows: indices into growth_rows */
};

/* What grows in one, in words: "Session +2 a pass in serve". */
struct gate_growth_row {
	char *told;
};

/* One recording that was looked at. */
struct gate_process {
	char *program;            /* path */
	char *name;               /* by which people know it, see called.h */
	uint32_t pid, parent_pid; /* the latter 0: not known */
	uint64_t start_ns;        /* wall clock */
	int exit_code;            /* -1: a signal, or not known */
	int signal;               /* 0: none */
	bool forked;              /* no other went on as it */
	bool ended;               /* seen to end */
	uint64_t peak_bytes, allocations;
	char *incomplete; /* why its result cannot be relied on; NULL: it can */
	const char *consequence, *remedy; /* as in struct gate_gap */
	char *killed;   /* how it was killed; NULL: it was not */
	bool killed_ok; /* which is accepted */
};

/* A module whose symbols could not be read. */
struct gate_module {
	char *path;
	const char *why; /* constant; see unread.h */
};

/* One test of the gate, as JUnit and TAP have it. */
struct gate_rule {
	char *id;    /* "leak", "orphaned-cycle", "max-peak", "complete" */
	char *title; /* "no leaks", "at most 24.0 MiB at the peak" */
	bool failed;
	bool unseen; /* what it is about was not there at all */
	char *text;  /* what was found, in one clause */
	/* Of findings: their kind; FINDING_KINDS: it is of something else. */
	enum finding_kind kind;
	bool completeness; /* it is about what was recorded and checked */
	/* The rest is of limits. */
	char *option; /* "--max-live Session=0"; NULL: of something else */
	uint64_t most, found;
	bool bytes;                     /* or else objects */
	bool leaks;                     /* findings are what it counts */
	const struct gate_worst *worst; /* NULL: of all processes */
};

/* What gate_judge found. */
struct gate_verdict {
	struct gate_rule *rules;
	size_t rule_count;
	size_t fresh;                    /* findings that fail the gate */
	bool leaked_too_much;            /* by --max-leaked-* */
	size_t known, suppressed, stale; /* the last: entries of the baseline */
	char *cut_short; /* why these may not have been reached: "the program
			    exited with 1"; NULL: all was run */
	int allowed;     /* status of the program that does not count; 0 */
	bool failed;
	bool unwritten; /* a report is not where it was to be */
	int status;     /* of refknot */
	char *summary;  /* "refknot: FAIL 3 new leaks (1.2 KiB); baseline 5,
			  suppressed 2; exit 23" */
};

struct gate {
	/* What is asked: set between gate_open and the first gate_add. */
	struct gate_options options;
	struct sources *sources;
	struct suppressions *suppressions;
	struct baseline *baseline; /* NULL: none */
	bool ran; /* a program was run, and its status is what it was */
	/* What gate_add() and its like gather. */
	struct issues issues;
	struct gate_process *processes;
	size_t process_count;
	struct beginning *others; /* programs that are not to be judged */
	size_t other_count;
	struct wishes **own; /* of programs themselves, those alike once */
	size_t own_count;
	struct gate_growth *growth; /* regions of all processes */
	size_t growth_count;
	struct baseline_growth *growth_rows;  /* of all regions; NULL: none */
	struct gate_growth_row *growth_texts; /* of each */
	size_t growth_row_count;
	struct gate_module *unread; /* of all processes, each path once */
	size_t unread_count;
	char **warnings; /* of symbols.h, each once */
	size_t warning_count;
	uint64_t gone_objects, gone_bytes; /* see struct findings */
	size_t forked;            /* processes that began by fork and were
				     checked: what they inherited are roots, */
	uint64_t inherited_bytes; /* so much in all of them together */
	struct gate_worst peak;
	struct gate_worst lost; /* mappings, where that was judged */
	size_t unjudged;        /* processes whose own mappings were not, .. */
	struct gate_worst unjudged_first;   /* .. one of them, */
	const char *unjudged_why;           /* and why that one's */
	uint64_t lost_mappings, lost_bytes; /* of all processes */
	uint64_t beside, beside_bytes;      /* likewise; see mapped_beside() */
	struct gate_worst *worst;           /* of each of options.limits, see
				     gate_limits_open() */
	double seconds; /* that the program ran; 0: not known */
	struct gate_verdict verdict;
};

/*
 * A gate with the default options, which the caller may change, and with what is
 * to be set before the first recording: sources, baseline, ran. `suppressions`
 * stay the caller's, as do these.
 */
void gate_open(struct gate *g, struct suppressions *suppressions);
void gate_close(struct gate *g);

/* The findings of one recording, and what limits ask for; nothing when its
 * program is not to be judged. */
void gate_add(struct gate *g, const struct reading *in);

/* A process that allocated nothing, and so lost nothing. */
void gate_add_idle(struct gate *g, const struct model *m);

#define GATE_LAST UINT64_MAX /* start_ns of what came after all others */

/* The recordings could not be relied on for this reason, unless the program,
 * if that is a path, is not to be judged. `name`: that it was started by; NULL:
 * the program's own. `start_ns`: 0 when it is not known,
 * GATE_LAST for what a process went on as. */
void gate_add_incomplete(struct gate *g, const char *program, const char *name,
			 uint32_t pid, uint64_t start_ns, const char *why);

/* Likewise, of a process of which only its end by a signal is known, and `how`;
 * `fatal`: it was SIGKILL. */
void gate_add_killed(struct gate *g, const char *program, const char *name,
		     uint32_t pid, int signal, const char *how, bool fatal);

/* The one with that number, from 0: of the list, then of the programs
 * themselves. NULL: there is none. */
const struct suppression *gate_suppression(const struct gate *g, size_t i);

/* What to print about modules without symbols, escaped, for the caller to free;
 * NULL if there are none. */
char *gate_unread_text(const struct gate *g);

/* "3 of 12 processes were forked: ...", for the caller to free; NULL if none
 * was, or none was checked. What they inherited counts as held, as its pointers
 * are not known one by one: a limit of the check. */
char *gate_inherited_text(const struct gate *g);

#endif
