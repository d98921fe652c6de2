/* SPDX-License-Identifier: MIT */
/*
 * Which programs of a run are judged: a test suite starts shells, compilers and
 * others, whose leaks are nobody's concern who runs it.
 */
#ifndef GATE_PROGRAMS_H
#define GATE_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>

struct gate_patterns {
	char **list; /* absolute, or without any slash */
	size_t count;
};

struct gate_programs {
	struct gate_patterns only; /* none: all */
	struct gate_patterns skip; /* of these */
};

/*
 * "test_*,cc?": patterns as those of glob(7), with commas between, but '*'
 * matches slashes, too. One without a slash is of a program's base name; one
 * that begins with neither a slash nor '*' is from the working directory on.
 * Dies, naming `option`, when one is empty.
 */
void gate_patterns_add(struct gate_patterns *p, const char *option,
		       const char *text);

/* Whether the program of that absolute path is judged. */
bool gate_programs_judge(const struct gate_programs *p, const char *path);

void gate_programs_release(struct gate_programs *p);

#endif
