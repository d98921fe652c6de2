/* SPDX-License-Identifier: MIT */
/* What can be seen of a program and its libraries, without running it. */
#ifndef PROGRAM_SURVEY_H
#define PROGRAM_SURVEY_H

#include <stdbool.h>
#include <stddef.h>

#include "preflight.h"
#include "symbols_module.h"
#include "unwind_tables.h"

struct program_survey_module {
	char *path;
	bool unwind; /* has tables to unwind its stacks, for more than odd
			functions */
	bool code;   /* more than start-up code, which all have */
	struct unwind_tables tables; /* how far they go */
	enum symbols_source source;
	char *debug_file; /* separate one; NULL: none */
};

struct program_survey {
	struct preflight preflight;
	char *allocator;      /* "glibc", "jemalloc"; NULL: not known */
	char *allocator_path; /* NULL: the C library's */
	struct program_survey_module *modules; /* the program's binary first */
	size_t module_count;
	char **hints; /* sentences, escaped: what to know or to do */
	size_t hint_count;
};

/* Surveys `program` as `refknot run` would execute it. Release in any case. */
void program_survey_make(struct program_survey *s, const char *program);
void program_survey_release(struct program_survey *s);

const char *
program_survey_source_name(enum symbols_source source); /* "debug" */

#endif
