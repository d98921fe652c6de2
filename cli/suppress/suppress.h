/* SPDX-License-Identifier: MIT */
/*
 * Findings that are known and not reported: files in LeakSanitizer's
 * grammar, in Valgrind's and in our own, mixed at will.
 *
 *   leak:PATTERN                     LeakSanitizer's; a date may follow
 *   cycle:PATTERN  until:2027-01-31  # reason
 *   ref:PATTERN                      # reason
 *   type:PATTERN                     # reason
 *   { name / Memcheck:Leak / fun: obj: src: ... / }
 *
 * A comment with until:DATE, of one line or several, is about the one entry
 * right below it; so does a block's name, which the block begins with.
 */
#ifndef SUPPRESS_H
#define SUPPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "findings.h"

enum suppress_kind {
	SUPPRESS_LEAK,  /* a frame of what is leaked, or of a cycle's member */
	SUPPRESS_CYCLE, /* the same, only orphaned cycles */
	SUPPRESS_REF,   /* the same, only findings about references */
	SUPPRESS_TYPE,  /* the type of an object in it */
	SUPPRESS_BLOCK, /* Valgrind's: whole stacks */
};

/* One line of a Valgrind block. */
struct suppress_line {
	enum { LINE_FUNCTION, LINE_OBJECT, LINE_SOURCE, LINE_ANY } kind;
	char *pattern; /* see suppress_glob; NULL for LINE_ANY */
	unsigned line; /* of LINE_SOURCE; 0: any */
};

/*
 * What a block is for: Valgrind's kinds of leaks, and two of refknot's own. A
 * leak is definite; so is a leaked object with references too many. Of a cycle,
 * which Valgrind does not know, it calls some members definite and the others
 * indirect: both cover it. What is reachable is not a finding.
 */
enum suppress_leak_kind {
	SUPPRESS_DEFINITE = 1,
	SUPPRESS_INDIRECT = 2,
	SUPPRESS_POSSIBLE = 4,
	SUPPRESS_REACHABLE = 8,
	SUPPRESS_CYCLES = 16,     /* refknot:Cycle */
	SUPPRESS_REFERENCES = 32, /* refknot:Reference */
};

struct suppression {
	enum suppress_kind kind;
	char *text;    /* the pattern or name, as the file has it */
	char *pattern; /* see suppress_template; NULL for SUPPRESS_BLOCK */
	struct suppress_line *lines; /* innermost frame first */
	size_t line_count;
	unsigned leaks;     /* SUPPRESS_BLOCK: enum suppress_leak_kind */
	const char *origin; /* file, or "built in" */
	unsigned line;      /* in it */
	char *reason;       /* NULL: none is given */
	char until[11];     /* "2027-01-31"; "": for ever */
	bool expired;
	bool built_in;
	bool shared;              /* for Valgrind, too: a block of Memcheck's */
	uint64_t findings, bytes; /* that it suppressed: its users count */
};

/* How many blocks of a text were read and left out. */
struct suppress_left {
	size_t others;  /* of other tools than refknot, or of other faults */
	size_t unknown; /* of these, with a tool or fault that Valgrind does
			   not have */
	unsigned line;  /* of the first of the latter */
	char name[80];  /* of it: "Helgrnid", "Memcheck:Leek" */
};

struct suppress_memory;

/* All zero is an empty list. */
struct suppressions {
	struct suppression **list;
	size_t count;
	char **origins; /* texts that `origin` points to */
	size_t origin_count;
	char today[11]; /* local date; "": the first entry with a date asks */
	struct suppress_left left;      /* in what was read last */
	struct suppress_memory *memory; /* of suppress_find */
};

/* Adds what comes with refknot: one-time blocks of the C library and the
 * loader. */
void suppress_add_built_in(struct suppressions *s);
/* Adds a file. Dies with file and line if it cannot be read or understood;
 * prints what it leaves out. */
void suppress_add_file(struct suppressions *s, const char *path);
/* The same from `text`, which `origin` names; prints nothing. */
void suppress_add_text(struct suppressions *s, const char *text,
		       const char *origin);
void suppress_release(struct suppressions *s);

#define SUPPRESS_ERROR_SIZE 512

/*
 * Adds the entries in the `size` bytes of `text` (which need not end with NUL
 * and may hold anything). 0; or -EINVAL, with "ORIGIN:LINE: what is wrong and
 * what is wanted" in `error`, of SUPPRESS_ERROR_SIZE bytes: then it adds none.
 */
int suppress_parse(struct suppressions *s, const char *text, size_t size,
		   const char *origin, char *error);

/*
 * The first suppression that covers `f`, not counting expired ones; NULL: none
 * does. LeakSanitizer's rules hold for any block of the finding that is shown,
 * as what a suppressed block leads to is suppressed there too; Valgrind's need
 * one stack of these that matches. What was found of a frame and of a stack is
 * kept until the next recording, so neither is looked at twice.
 */
struct suppression *suppress_find(struct suppressions *s,
				  const struct finding *f,
				  const struct reading *in);

enum suppress_grammar { SUPPRESS_LSAN, SUPPRESS_VALGRIND };

struct suppress_frame {
	const char *function; /* its symbol; NULL, or "libfoo.so+0x12": not
				 known */
	const char *module;   /* path; NULL: in none */
	bool tail_call;       /* see struct location: written as "..." */
	const char *full;     /* as LeakSanitizer has it, "ns::get(int)"; NULL:
				 as the symbol */
};

/* A finding that an entry is wanted for. */
struct suppress_subject {
	enum finding_kind kind;
	const char *type;                    /* "Session" */
	const struct suppress_frame *frames; /* innermost first */
	size_t count;
	size_t place; /* the frame to blame, < count */
};

/*
 * Print an entry that covers `subject` when it is read again: a line with the
 * frame to blame, or a block with the innermost frames up to main; where no
 * frame is known, its type. Neither grammar can write every name, so a
 * wildcard replaces what it cannot. refknot's own kinds want a reason, for
 * which there is a place to fill in.
 */
void suppress_generate(FILE *out, enum suppress_grammar grammar,
		       const struct suppress_subject *subject);

#endif
