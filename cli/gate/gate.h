/* SPDX-License-Identifier: MIT */
/*
 * What `refknot check` judges: the findings of all processes of a run, and
 * limits on them, against what is accepted. gate_open, gate_add for each
 * recording, gate_judge; then writers (gate_writers.h) tell the result.
 */
#ifndef GATE_H
#define GATE_H

#include <stdbool.h>
#include <stdio.h>

#include "baseline.h"
#include "gate_programs.h"
#include "gate_worst.h"
#include "issue.h"
#include "sources.h"
#include "suppress.h"
#include "wishes.h"

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
	struct gate_worst worst;
};

struct gate_options {
	enum gate_mode mode;
	unsigned kinds; /* that fail: bits 1 << enum finding_kind */
	bool growth;    /* of regions fails, too */
	uint64_t most_leaked_bytes, most_leaked_objects, most_peak;
	struct gate_limit *limits;
	size_t limit_count;
	struct gate_programs programs;
	struct gate_patterns killed_ok; /* programs that may be killed */
	bool allow_incomplete;
	bool allow_failure; /* the program's own status does not count */
	int error_status;   /* 23 */
};

/* Whether a region of one process grew, as refknot steady has it. */
struct gate_growth {
	char *region;
	bool failed;         /* by more than rows that are accepted */
	bool unjudged;       /* it fails, whatever its rows are */
	char *text;          /* what was found beside its rows */
	size_t first, count; /* rows: indices into growth_rows */
};

/* What grows in one, and how that is told: "Session +2 a pass in serve". */
struct gate_growth_row {
	char *told;
};

/* One recording that was looked at. */
struct gate_process {
	char *program;            /* path */
	char *name;               /* that it was started by */
	uint32_t pid, parent_pid; /* the latter 0: not known */
	uint64_t start_ns;        /* wall clock */
	int exit_code;            /* -1: a signal, or not known */
	int signal;               /* 0: none */
	bool forked;              /* no other went on as it */
	bool ended;               /* seen to end */
	uint64_t peak_bytes, allocations;
	char *incomplete; /* why its result cannot be relied on; NULL: it can */
	char *killed;     /* how it was killed; NULL: it was not */
	bool killed_ok;   /* which is accepted */
};

/* A module whose symbols could not be read. */
struct gate_module {
	char *path;
	const char *why; /* constant; see unread.h */
};

/* One that was not, as its program is not to be judged. */
struct gate_other {
	bool forked; /* no other went on as it */
	uint32_t pid;
	uint64_t start_ns;
};

#define GATE_LAST UINT64_MAX /* start_ns of what came after all others */

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
	char *option; /* "--max-live Session=0"; NULL: it is none */
	uint64_t most, found;
	bool bytes;                     /* or else objects */
	bool leaks;                     /* findings are what it counts */
	const struct gate_worst *worst; /* NULL: of all processes */
};

struct gate {
	struct gate_options options;
	struct sources *sources;
	struct suppressions *suppressions;
	struct baseline *baseline; /* NULL: none */
	struct issues issues;
	struct gate_process *processes;
	size_t process_count;
	struct wishes **own; /* of programs themselves, those alike once */
	size_t own_count;
	struct gate_growth *growth; /* regions of all processes */
	size_t growth_count;
	struct baseline_growth *growth_rows;  /* of all regions; NULL: none */
	struct gate_growth_row *growth_texts; /* of each */
	size_t growth_row_count;
	struct gate_other *others;
	size_t other_count;
	struct gate_module *unread; /* of all processes, each path once */
	size_t unread_count;
	uint64_t gone_objects, gone_bytes; /* see struct findings */
	size_t forked;            /* processes that began by fork and were
				     checked: what they inherited are roots, */
	uint64_t inherited_bytes; /* so much in all of them together */
	bool ran; /* a program was run, and its status is what it was */
	struct gate_worst peak;
	/* The rest is set by gate_judge. */
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
	double seconds; /* that the program ran; 0: not known */
};

/* The findings of one recording, and what limits ask for; nothing when its
 * program is not to be judged. */
void gate_add(struct gate *g, const struct model *m, struct symbols *s);

/* One that allocated nothing: it was there, and can have lost nothing. */
void gate_add_idle(struct gate *g, const struct model *m);

/* The recordings could not be relied on for this reason, unless the program,
 * if that is a path, is not to be judged. `name`: that it was started by; NULL:
 * the program's own. `start_ns`: 0 when it is not known,
 * GATE_LAST for what a process went on as. */
void gate_add_incomplete(struct gate *g, const char *program, const char *name,
			 uint32_t pid, uint64_t start_ns, const char *why);

/* Likewise, of a process of which no more is known than that a signal ended it, and
 * `how`; `fatal`: it was SIGKILL. */
void gate_add_killed(struct gate *g, const char *program, const char *name,
		     uint32_t pid, int signal, const char *how, bool fatal);

/* All is there: what went on as another program lacks nothing by itself. */
void gate_settle(struct gate *g);

/* Why not all that the run has to show may be there: it was ended, or the program
 * failed. A clause for the caller to free; NULL: nothing says so. */
char *gate_cut_short(const struct gate *g, int program_status);

/* What of the program's status counts. Those that tell of a signal, or that
 * nothing was run, always do. */
int gate_counted_status(const struct gate *g, int program_status);

/* The same, and judge. `program_status`: exit status of the program, 0 if none
 * was run. */
void gate_judge(struct gate *g, int program_status);

/* How many processes cannot be relied on, or 1 where there is none, if that fails
 * the gate. */
size_t gate_gaps(const struct gate *g);

/* How many processes were killed; `ok`: only those of which that is accepted. */
size_t gate_killed(const struct gate *g, bool ok);

/* The one with that number, from 0: of the list, then of the programs
 * themselves. NULL: there is none. */
const struct suppression *gate_suppression(const struct gate *g, size_t i);

/* A report could not be written: that is a status of its own, where the program
 * has none. */
void gate_set_unwritten(struct gate *g, int program_status);

/* Whether the finding fails the gate, by itself or because a limit on what is
 * leaked counts it and is exceeded. */
bool gate_fails(const struct gate *g, const struct issue *i);
/* Whether it does so by that rule. */
bool gate_fails_by(const struct gate *g, const struct gate_rule *r,
		   const struct issue *i);
/* Whether it is to be told at all to those who compare reports. */
bool gate_tells(const struct gate *g, const struct issue *i);
/* Whether it is one of those that are neither accepted nor suppressed, but do not
 * fail. */
bool gate_lets_pass(const struct gate *g, const struct issue *i);

void gate_release(struct gate *g);

/* What is to be said of modules without symbols, escaped, for the caller to
 * free; NULL: nothing. */
char *gate_unread_text(const struct gate *g);

/* "parse_header", "leaks", "3 leaks": what a kind is called, for people. */
const char *gate_noun(enum finding_kind kind);

#endif
