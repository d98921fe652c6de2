/* SPDX-License-Identifier: MIT */
/*
 * What refknot is doing, on the terminal, where it takes more than a second:
 *
 *     refknot: reading app.4711.rkn: 45 %, 3 s left
 *
 * Only where standard error is a terminal that can take a line back (TERM is set and
 * not dumb), outside of continuous integration (CI), and before a pager has shown
 * anything. A timer's signal prints it: whatever is done in steps only stores a
 * number.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Nothing is ever printed. */
extern bool progress_is_off;

/* Steps that are done of the innermost phase; only progress_at() writes it. */
extern volatile uint64_t progress_done;

/*
 * Begins a phase, "reading" of `name` (NULL: of nothing that has one), that takes `total`
 * steps (0: not known). `what` must live until its end; of `name` what is behind its
 * last slash is copied. A phase within another is shown instead of it until it ends.
 */
void progress_begin(const char *what, const char *name, uint64_t total);
static inline void progress_at(uint64_t done)
{
	progress_done = done;
}
static inline void progress_add(uint64_t more)
{
	progress_done = progress_done + more;
}
/* Ends the innermost phase; with the outermost the line is taken back. */
void progress_end(void);
/* Ends all of them. */
void progress_stop(void);

/* Takes the line back before something else is printed. */
void progress_clear(void);

#endif
