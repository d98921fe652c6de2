/* SPDX-License-Identifier: MIT */
/* The commands that report findings differ in their kinds alone. */
#ifndef CMD_REPORT_H
#define CMD_REPORT_H

/* Report findings of `kinds` (bits 1 << enum finding_kind) in `paths`, as the
 * shared options say; returns the exit status. */
int cmd_report_kinds(const char **paths, unsigned kinds);

#endif
