/* SPDX-License-Identifier: MIT */
/*
 * Reports of a gate that go to files of their own. That they can be written is
 * seen before anything runs, as far as that can be seen; a file that is there
 * stays as it is until its report is made.
 */
#ifndef GATE_OUTPUTS_H
#define GATE_OUTPUTS_H

#include "gate_writers.h"

struct gate_output {
	const struct gate_writer *writer;
	char *path; /* "-": the standard output */
};

struct gate_outputs {
	struct gate_output *list;
	size_t count;
};

void gate_outputs_add(struct gate_outputs *o, const struct gate_writer *writer,
		      const char *path);

/* Dies if two are the same file, or one is the file `other` (NULL: none), which
 * `what` names. */
void gate_outputs_differ(const struct gate_outputs *o, const char *what,
			 const char *other);

/* Dies if one cannot be written, and names it. */
void gate_outputs_check(const struct gate_outputs *o);

/* Writes those to files, or those to the standard output. False if not all
 * could be written: it prints which, and writes the others all the same. */
bool gate_outputs_write(const struct gate_outputs *o, const struct gate *g,
			bool standard);

void gate_outputs_release(struct gate_outputs *o);

#endif
