/* SPDX-License-Identifier: MIT */
/*
 * Whether a program can be recorded, judged from its files before it runs, so
 * that a report is never silently empty.
 */
#ifndef PREFLIGHT_H
#define PREFLIGHT_H

#include "elf_file.h"

enum preflight_verdict {
	PREFLIGHT_OK,
	PREFLIGHT_NOT_FOUND,
	PREFLIGHT_DIRECTORY,
	PREFLIGHT_NOT_EXECUTABLE,
	PREFLIGHT_UNREADABLE,
	PREFLIGHT_SCRIPT_DEPTH, /* scripts that interpret scripts, too many */
	PREFLIGHT_NOT_ELF,
	PREFLIGHT_CUT,     /* shorter than its program headers say */
	PREFLIGHT_MACHINE, /* not an x86-64 program */
	PREFLIGHT_LIBRARY, /* a shared library, not a program */
	PREFLIGHT_STATIC,
	PREFLIGHT_LOADER_MISSING,
	PREFLIGHT_MUSL,
	PREFLIGHT_PRIVILEGE, /* setuid, setgid, file capabilities */
	PREFLIGHT_OWN_MALLOC,
	PREFLIGHT_SANITIZER,
};

#define PREFLIGHT_SCRIPTS 4 /* as many as the kernel follows */

struct preflight {
	enum preflight_verdict verdict;
	char *program;       /* what to execute; NULL: not found */
	char *binary;        /* the ELF file that runs: for a script the last
			  interpreter; NULL: not reached */
	struct elf_file elf; /* of binary; all 0 when that cannot be read */
	char *message; /* one sentence, escaped: what, where, what to do; ""
			  when it can be recorded */
};

/* Never fails: the verdict says what is wrong. Release in any case. */
void preflight_check(struct preflight *p, const char *program);
void preflight_release(struct preflight *p);

const char *preflight_name(enum preflight_verdict verdict); /* "static" */

#endif
