/* SPDX-License-Identifier: MIT */
/* What the files of a report share. */
#ifndef REPORT_PRINT_H
#define REPORT_PRINT_H

#include <stdio.h>

#include "report.h"

struct printer {
	FILE *out;
	const struct reading *in;
	bool colour;
	size_t width; /* columns of the terminal; 0: lines are not broken */
};

/* Announces what a card of `f` names, of the members the first `most`.
 * report_announce.c */
void report_announce(const struct reading *in, const struct finding *f,
		     size_t most);

/* The whole card of one finding, signed. report_text.c */
void report_finding(const struct printer *p, const struct finding *f,
		    size_t number);
/* The same as an object of the report's `findings`. report_json.c */
json_t *report_finding_json(const struct reading *in, const struct finding *f,
			    size_t number);

/* The call stack, one frame a line, with the columns or without.
 * report_stack.c */
void print_stack(const struct printer *p, uint32_t stack, bool columns);

/* "node_new at cyc.c:4 (cyc), called by main at cyc.c:9 (cyc)": the place that
 * names the block and its caller; the caller frees it. report_stack.c */
char *print_origin(const struct printer *p, uint32_t stack);
/* The location that called `l` in `stack`; NULL if none is known.
 * report_stack.c */
const struct location *print_caller(const struct printer *p, uint32_t stack,
				    const struct location *l);
/* The same as a line: "    made by node_new at ...". report_stack.c */
void print_place(const struct printer *p, const char *indent, const char *what,
		 uint32_t stack);

/* A cycle, member by member; its members were announced. report_cycle.c */
void print_cycle(const struct printer *p, const struct finding *f);

/* What happened to a cycle of objects; nothing if it has none. */
void print_cycle_ledger(const struct printer *p, const struct finding *f);
/* The references on an object; nothing if the finding is not about them. */
void print_counts(const struct printer *p, const struct finding *f);
/* The counts of the object in `block`, or that it counts the references of,
 * behind `before`, and what `f` (NULL: no finding) proves by them; false: it has
 * none. report_counts.c */
bool print_shared_counts(const struct printer *p, const struct finding *f,
			 uint32_t block, const char *before);
/* The same, for the caller to free; NULL: it has none. */
char *print_counts_text(const struct printer *p, const struct finding *f,
			uint32_t block);
/* Whether a pointer to its start, that is not weak, is in the block itself.
 * report_counts.c */
bool print_points_at_itself(const struct printer *p, uint32_t block);
/* Wrong use of a reference. */
void print_wrong_use(const struct printer *p, const struct finding *f);

/* The callers of print_origin(), one a line, up to main() or so. */
void print_outer(const struct printer *p, uint32_t stack, const char *indent);

/* The functions that took the references on objects and gave them back, by
 * caller; nothing if all are even. `rows`: each caller with its stack, too.
 * report_callers.c */
void print_callers(const struct printer *p, const uint32_t *objects,
		   size_t count, bool rows, const char *indent);
#define PRINT_CALLERS 256 /* objects of a finding */

/* The outstanding references of objects, by place; nothing if there are
 * none. */
void print_outstanding(const struct printer *p, const uint32_t *objects,
		       size_t count, const char *indent);
/* The first few of these, without a heading. */
void print_outstanding_most(const struct printer *p, const uint32_t *objects,
			    size_t count, const char *indent);

/* "refknot balance 'app.12.rkn' 'Session#1'": a line that can be typed, for the
 * caller to free; quotes keep each argument one word. report_ledger.c */
char *print_balance_command(const struct printer *p, uint32_t object);
/* The first of the objects with a release without a holder; 0: none. The shim
 * guessed which of its references that ended. report_ledger.c */
uint32_t print_guessed(const struct model *m, const uint32_t *objects,
		       size_t count);

/* One root word, in words. report_holder.c */
void print_root_word(const struct printer *p, uint32_t root);

/* "at +0x64 by a pointer in data of lru (keep)": what holds the block shown, for the
 * caller to free; NULL: that is not known. Its block was announced.
 * report_holder.c */
char *print_holder(const struct printer *p, const struct finding *f);

/* The frees of what was not a live block. report_strays.c */
void print_stray(const struct printer *p);

/* Holders that ended without giving back: "held by Array#1, which ..."; nothing
 * if there are none. The same as an array. report_held.c */
void print_ended_holders(const struct printer *p, const struct finding *f);
json_t *ended_holders_json(const struct reading *in, const struct finding *f);

/* Objects that are in no finding: "3 objects inside larger blocks ..."; nothing
 * if there are none. The same as an array, one for each type. report_held.c */
void print_pooled(const struct printer *p, const struct findings *f);
json_t *pooled_json(const struct reading *in, const struct findings *f);

/* A holder that gave away what it did not have: both holders, and what each
 * did. `e` is of one of the three kinds. wrong_holder.c */
void wrong_holder_print(const struct printer *p, const struct rkn_error *e);
/* Sets the same in `o`; null for errors of other kinds. */
void wrong_holder_json(json_t *o, const struct reading *in,
		       const struct rkn_error *e);

#endif
