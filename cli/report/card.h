/* SPDX-License-Identifier: MIT */
/*
 * The card of a finding: what a person needs first, on few lines.
 *
 *     1  LEAK   1 block, 40 B (holds 5 more, 240 B)   char *[]
 *             27 | {
 *        >    28 |         char **list = malloc(SETTINGS * sizeof(*list));
 *             29 |
 *        at           settings_make       leak.c:28
 *        from         settings_read       leak.c:37
 *                     use_and_forget_all  leak.c:54
 *                     main                leak.c:62
 *        to mend      nothing points at it any more: free it while something does
 *
 * All that is known of it is what --full prints (report_text.c).
 */
#ifndef CARD_H
#define CARD_H

#include "report_print.h"

#define CARD_LINES 12 /* most of one card */
#define CARD_LABEL 13 /* columns of a label */
#define CARD_LEFT  3  /* spaces before one */

#define CARD_DEPTH 3 /* callers that are shown if fewer tell findings apart */

/* The card of one finding; number 0 is left out. `depth`: how many callers tell its
 * stack from those of others; fewer are shown if there is no room. Announces what it
 * names. */
void card_print(const struct printer *p, const struct finding *f, size_t number,
		unsigned depth);

/* Its first line, without a line feed, and what stands below it. */
void card_heading(const struct printer *p, const struct finding *f,
		  size_t number);
void card_body(const struct printer *p, const struct finding *f,
	       unsigned depth);

/* One line of a card: the label, which is "" on lines that continue, and the
 * text. card_line.c */
void card_line(const struct printer *p, const char *label, const char *format,
	       ...) __attribute__((format(printf, 3, 4)));

/* "session_open        orphaned_cycle.c:45": the function, padded to `column`
 * columns, and its line, or else where in the module the call is; the caller frees
 * it. */
char *card_place(const struct location *l, size_t column);

#define CARD_TYPE 32 /* bytes of a type that is shown whole */

/* "std::map<...>" of a longer name of a type of C++'s or Rust's; the caller frees
 * it. */
char *card_type(const char *type);

/* Lines "at" and "from": where blocks of `stack` are made, with the source, and the
 * first `depth` callers. card_stack.c */
void card_stack(const struct printer *p, uint32_t stack, unsigned depth);

/* What stands below the heading of a cycle. card_cycle.c */
void card_cycle(const struct printer *p, const struct finding *f);
/* Likewise of references that were not given back, or are too few, and of wrong
 * use. card_references.c */
void card_references(const struct printer *p, const struct finding *f);
/* "first_reference.c:54 in print, likely": where a reference of the finding was taken
 * that was not given back; NULL: that is not known. The caller frees it. */
char *card_blame(const struct printer *p, const struct finding *f);

#endif
