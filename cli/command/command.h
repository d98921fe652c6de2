/* SPDX-License-Identifier: MIT */
/*
 * One command, one file, one descriptor. Adding a command is a new file and a
 * line in invocation.c's table.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <popt.h>
#include <stdbool.h>

#include "status.h"

/* What a person wants who looks for a command: the headings of the help. */
enum command_group {
	COMMAND_RECORD, /* begin here */
	COMMAND_FINDINGS,
	COMMAND_ALIVE,
	COMMAND_GATE,
	COMMAND_CARE,
	COMMAND_GROUPS,
	COMMAND_HIDDEN = COMMAND_GROUPS /* not for people */
};

struct command {
	const char *name;
	enum command_group group;
	const char *arguments; /* as the usage line shows them: "[REC...]" */
	const char *help;      /* one line, lower case, no full stop */
	const char *more; /* lines below its options in --help; NULL: none */
	const struct poptOption *options; /* table; NULL: none of its own */
	/* `arguments` ends with NULL; returns the exit status. */
	int (*run)(const char **arguments);
	/* Options end at the first argument: what follows is a program's. */
	bool program;
	bool paged; /* its text may be long, see pager.h */
	bool raw;   /* it reads its options itself */
	/* A program follows "--": see options_program. */
	bool after_dashes;
};

/* For `more`: what OBJECT and REC are. */
#define COMMAND_OBJECT                                                         \
	"\nOBJECT is a name as reports have it, with its number, such as\n"    \
	"'malloc in parse_header#1' or 'Session#17', or an address in hex,\n"  \
	"such as 0x55d0c8a2.\n"
#define COMMAND_WHAT                                                           \
	"\nWHAT is the number of a finding, such as 3, or its signature; an\n" \
	"object, such as 'struct session#17'; an address in hex, such as\n"    \
	"0x55d0c8a2; a type, such as 'struct session'; a function that\n"      \
	"allocates, such as session_open; or a word of one of their names.\n"
#define COMMAND_NEWEST                                                         \
	"\nREC is a recording, or the number of a process that has one\n"      \
	"here; without it the worst process of the newest run in this\n"       \
	"directory is meant.\n"

extern const struct command cmd_run, cmd_report, cmd_leaks, cmd_cycles,
    cmd_refs, cmd_show, cmd_balance, cmd_objects, cmd_regions, cmd_diff,
    cmd_info, cmd_why, cmd_list, cmd_clean, cmd_complete, cmd_doctor, cmd_check,
    cmd_memcheck, cmd_steady, cmd_export, cmd_view, cmd_timeline, cmd_waste;

/* What `__complete` completes: all commands, ending with NULL. Set by
 * invocation_parse(). cmd_complete.c */
extern const struct command *const *complete_commands;

/* True if an option before the first word, or before NULL, is one of
 * Valgrind's. cmd_memcheck.c */
bool memcheck_is_meant(char *const *arguments);

#endif
