/* SPDX-License-Identifier: MIT */
/* A suppressions file on its way in: only for suppress.c, suppress_parse.c and
 * suppress_block.c. */
#ifndef SUPPRESS_PARSER_H
#define SUPPRESS_PARSER_H

#include "suppress.h"

#define SUPPRESS_LINE_MOST 65535 /* bytes */

/* What a comment says of the entry after it. */
struct suppress_note {
	char until[11]; /* "": nothing */
	char *reason;   /* NULL: none */
};

struct suppress_parser {
	struct suppressions *s;
	const char *origin;
	const char *at, *end; /* of what is not read yet */
	char *line;           /* the one at work, without blanks around it */
	unsigned number;      /* of it, from 1 */
	struct suppress_note note;
	char *error;
};

/* Sets the error "ORIGIN:LINE: " and the sentence; returns -EINVAL. */
int suppress_fail(struct suppress_parser *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Reads the next line into p->line: 1; 0 at the end; -EINVAL. */
int suppress_next_line(struct suppress_parser *p);

/* Takes a date, and the rest as the reason, out of `text`: 0 or -EINVAL. */
int suppress_read_note(struct suppress_parser *p, char *text,
		       struct suppress_note *note);

/* Takes a date, if there is one, out of a block's name: 0 or -EINVAL. */
int suppress_read_name(struct suppress_parser *p, char *name);

/* A new entry, with the note before it, at the end of the list. */
struct suppression *suppress_new(struct suppress_parser *p,
				 enum suppress_kind kind, const char *text,
				 unsigned line);

/* p->line, which is neither empty nor a comment nor "{": an entry of one line,
 * or none. 0 or -EINVAL. */
int suppress_read_rule(struct suppress_parser *p);

/* p->line, a comment, or empty as at the end of the file: 0 or -EINVAL.
 * Comments without a date are for people. An empty line ends them. */
int suppress_read_comment(struct suppress_parser *p);

/* The rest of a block, after its "{"; 0 or -EINVAL. suppress_block.c */
int suppress_read_block(struct suppress_parser *p);

#endif
