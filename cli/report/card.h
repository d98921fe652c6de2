/* SPDX-License-Identifier: MIT */
/*
 * The card of a finding: what a person needs first, on few lines.
 *
 *     1  LEAK   5 blocks, 240 B   char[]   nothing points at them any more
 *
 *          17       char *text = malloc(strlen(from) + 1);
 *        > 18       ...
 *          19
 *        at           setting_read      leak.c:18
 *        from         settings_read     leak.c:40
 *                     main              leak.c:61
 *
 * All of it and the rest is what `--full` prints (report_text.c).
 */
#ifndef CARD_H
#define CARD_H

#include "report_print.h"

#define CARD_LINES 12 /* most of one card */
#define CARD_LABEL 13 /* columns of a label */

/* The card of one finding; number 0 is left out. Announces what it names. */
void card_print(const struct printer *p, const struct finding *f,
		size_t number);

/* One line of a card: the label, which is "" on lines that continue, and the
 * text. */
void card_line(const struct printer *p, const char *label, const char *format,
	       ...) __attribute__((format(printf, 3, 4)));

/* "session_open        orphaned_cycle.c:45": the function, padded to `column`
 * columns, and its line or module; the caller frees it. */
char *card_place(const struct location *l, size_t column);

/* What stands below the heading of a cycle. card_cycle.c */
void card_cycle(const struct printer *p, const struct finding *f);
/* Likewise of references that were not given back, or are too few, and of wrong
 * use. card_references.c */
void card_references(const struct printer *p, const struct finding *f);

#endif
