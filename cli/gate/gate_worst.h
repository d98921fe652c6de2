/* SPDX-License-Identifier: MIT */
/*
 * What a limit found: of all processes the one that had most, and where that is
 * from. It begins as zeros; call gate_worst_note() for each process, and
 * gate_worst_place() if that says so and the limit is exceeded.
 */
#ifndef GATE_WORST_H
#define GATE_WORST_H

#include <stdbool.h>

#include "apart.h"
#include "reading.h"

#define GATE_PLACES 5 /* most that are kept */

struct gate_amount {
	uint64_t objects, bytes;
};

struct gate_place {
	struct gate_amount amount;
	const char *noun;         /* what amount.objects counts */
	struct issue_stack stack; /* its `what`: "alive at the end" */
	size_t frame;             /* to blame, see issue_stack_blame() */
	char *path;               /* within the source tree; NULL: outside */
	struct apart apart;       /* from the other places */
};

struct gate_worst {
	bool seen; /* by any process */
	/* Until then, of a limit on a type in a region: a process had the
	 * region and made nothing of the type, and what is called almost so;
	 * NULL: nothing. */
	bool typeless;
	char *meant;
	uint64_t value;
	char *program; /* path; NULL: nothing was seen */
	char *name;    /* that it was started by */
	uint32_t pid;
	char *path; /* of its recording; NULL: nothing was seen */
	/* What lists it, if it is too much: "leaks"; NULL: no command by
	 * itself. */
	const char *shown_by;
	struct gate_place places[GATE_PLACES]; /* the most first */
	size_t place_count;
};

/* Notes that the process has so much; true if no other had more. */
bool gate_worst_note(struct gate_worst *w, uint64_t value,
		     const struct model *m);

/* Where it is from, by amounts[in->m->stack_count]; the most bytes, or objects,
 * count. `noun` and `what` must stay. */
void gate_worst_place(struct gate_worst *w, const struct reading *in,
		      const struct sources *sources,
		      const struct gate_amount *amounts, bool bytes,
		      const char *noun, const char *what);

/* "from serve (2 objects, 64 B), keep (1 object, 8 B)", for the caller to free;
 * NULL: no place is known. */
char *gate_worst_text(const struct gate_worst *w);

void gate_worst_release(struct gate_worst *w);

/* The frame to blame; NULL: no frame is known. */
const struct issue_frame *gate_place_frame(const struct gate_place *p);

/* Its function, or what distinguishes it from other places with its line, as
 * the program has it: "make_copy at copy.c:4, called by load at main.c:12". */
const char *gate_place_text(const struct gate_place *p);

/* Where to show it beside other places; see issue_site(). */
const struct issue_frame *gate_place_site(const struct gate_place *p);

#endif
