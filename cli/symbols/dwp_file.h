/* SPDX-License-Identifier: MIT */
/*
 * A DWARF package: the .dwo files of a program in one, with an index (DWARF 5,
 * 7.3.5, or its forerunner with DWARF 4).  libdw reads none before version
 * 0.191, so a unit is taken out as the .dwo file that it was.  Type units, which
 * only -fdebug-types-section makes, are left out.  The file may be damaged.
 */
#ifndef DWP_FILE_H
#define DWP_FILE_H

#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>

struct dwp_file;

/* Reads `fd`, which stays the caller's and must outlive it; NULL: it is not
 * such a file. */
struct dwp_file *dwp_file_open(int fd);
void dwp_file_close(struct dwp_file *d); /* NULL: nothing */

/* A .dwo file in memory, with the unit of that id, as a descriptor; -ENOENT if
 * there is none, or another -errno. */
int dwp_file_take(const struct dwp_file *d, uint64_t id);

#endif
