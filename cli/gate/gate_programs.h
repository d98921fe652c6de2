/* SPDX-License-Identifier: MIT */
/*
 * Which programs of a run are judged: a test suite starts shells, compilers and
 * others, whose leaks do not concern its user.
 */
#ifndef GATE_PROGRAMS_H
#define GATE_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>

struct gate_pattern {
	char *given;
	char *pattern; /* absolute, or without any slash */
	char *linked;  /* the same where links in it lead; NULL: it has none */
	bool seen;     /* it was some program's */
};

struct gate_patterns {
	struct gate_pattern *list;
	size_t count;
};

struct gate_programs {
	struct gate_patterns only; /* none: all */
	struct gate_patterns skip; /* of these */
};

/*
 * "test_*,cc?": patterns as those of glob(7), with commas between, but '*'
 * matches slashes, too. One without a slash is of a program's base name, of
 * the name that it was started by, or of that of the script that it runs; one that begins with neither a slash nor '*'
 * is from the working directory on. Programs are known by paths without links:
 * those before the first wildcard are followed. Dies, naming
 * `option`, when one is empty.
 */
void gate_patterns_add(struct gate_patterns *p, const char *option,
		       const char *text);

/* Whether any of them is of the program of that absolute path, started by that
 * name, and of that script (NULL: of none); notes which are. */
bool gate_patterns_match(struct gate_patterns *p, const char *path,
			 const char *name, const char *script);
void gate_patterns_release(struct gate_patterns *p);

/* Whether that program is judged; notes which patterns are its. */
bool gate_programs_judge(struct gate_programs *p, const char *path,
			 const char *name, const char *script);

/* The patterns for the shim (patterns.h), for the caller to free; NULL if there
 * is none, or the shim cannot match one of them, or they are too long: then it
 * records more. Of `only` it must be able to match all. */
char *gate_patterns_text(const struct gate_patterns *p, bool only);

/* Prints a warning for each pattern that no program matched. */
void gate_programs_warn(const struct gate_programs *p);

void gate_programs_release(struct gate_programs *p);

#endif
