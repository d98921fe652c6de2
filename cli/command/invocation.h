/* SPDX-License-Identifier: MIT */
/* What a command line asks for.  Parsing it has no other effect and ends
 * nothing; the values of options are in the commands' own variables. */
#ifndef INVOCATION_H
#define INVOCATION_H

#include <popt.h>

#include "command.h"

enum invocation_kind {
	INVOCATION_WRONG,    /* see message */
	INVOCATION_RUN,      /* command, with arguments */
	INVOCATION_OPTIONS,  /* help on command */
	INVOCATION_USAGE,    /* the same in short */
	INVOCATION_COMMANDS, /* help on all */
	INVOCATION_NOTHING,  /* the same, but nothing was asked for */
	INVOCATION_VERSION,
};

struct invocation {
	enum invocation_kind kind;
	const struct command *command; /* NULL: none */
	const char **arguments;        /* ends with NULL; NULL: none */
	char *message;                 /* one sentence; NULL: nothing wrong */
	/* What popt works with. */
	poptContext context;
	struct poptOption all[3];
	const char **argv;
	char *name;
};

/* `i` must stay where it is, and `argv` live as long; dies only when out of
 * memory. Release in any case. */
void invocation_parse(struct invocation *i, int argc, char **argv);
void invocation_release(struct invocation *i);

/* All commands, ending with NULL, in the order of the help. */
extern const struct command *const invocation_commands[];

#endif
