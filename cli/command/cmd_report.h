/* SPDX-License-Identifier: MIT */
/* The commands that report findings differ in their kinds alone. */
#ifndef CMD_REPORT_H
#define CMD_REPORT_H

/* Report findings of `kinds` in `paths`, as the shared options say, and list
 * those of `listed` with them (see struct report_options); returns the exit
 * status. */
int cmd_report_kinds(const char **paths, unsigned kinds, unsigned listed);

#endif
