/* SPDX-License-Identifier: MIT */
/* The commands that report findings differ only in the kinds. */
#ifndef CMD_REPORT_H
#define CMD_REPORT_H

/* Reports findings of `kinds` in `paths`, as the shared options say, and lists
 * those of `listed` with them (see struct report_options); returns the exit
 * status. */
int cmd_report_kinds(const char **paths, unsigned kinds, unsigned listed);

#endif
