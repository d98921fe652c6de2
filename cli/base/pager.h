/* SPDX-License-Identifier: MIT */
/* Long output on a terminal, page by page, as git does it. */
#ifndef PAGER_H
#define PAGER_H

#include <stdbool.h>

/*
 * If stdout is a terminal, sends all that is printed there from now on to
 * $REFKNOT_PAGER, else $PAGER, else less, by a shell; nothing if the one that is
 * set is empty or "cat".  What one that does not exist would have shown is
 * printed as it is.  less ends by itself when all
 * fits on the screen, and shows colours: LESS is FRX unless it is set.
 * paint_wanted() of stdout is as before. What is left is printed, and the pager
 * waited for, when the process ends, by quit() too.
 */
void pager_begin(void);

/* Whether it has been sent anything, as far as is seen: what is asked often enough
 * sees when a buffer was written out. May be called in a signal handler. */
bool pager_has_shown(void);

#endif
