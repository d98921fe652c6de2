/* SPDX-License-Identifier: MIT */
/*
 * Debug information that libdw cannot read where it is.  Sections that are
 * compressed by zstd are unpacked (libelf can only from version 0.189 on).  And
 * where the .dwo files of split debug information may be in a package (.dwp) or
 * under --sysroot, their names are replaced by that of a descriptor, at which
 * there is the right file when libdw opens it.
 */
#ifndef SPLIT_FILES_H
#define SPLIT_FILES_H

#include <elfutils/libdw.h>
#include <stdbool.h>

#include "debug_file.h"
#include "dwp_file.h"

struct split_files { /* of one module; all zero: none */
	struct debug_search *search;
	char *directory;          /* of the file that names the .dwo files */
	bool placed;              /* their names were replaced, by that of */
	int slot;                 /* this descriptor */
	struct split_name *names; /* what they were, by id */
	size_t name_count;
	int package_fd;
	struct dwp_file *package; /* NULL: none */
};

/*
 * Looks at the file `fd`, which is at `file` and has the debug information of
 * module `path`. A descriptor of what to show to libdw: `fd` or, which is then
 * closed, a copy. `search` must outlive `s`.
 */
int split_files_prepare(struct split_files *s, struct debug_search *search,
			const char *path, const char *file, int fd);

/* To be called for each skeleton unit before libdw looks for its .dwo file. */
void split_files_supply(struct split_files *s, Dwarf_Die *skeleton);

/* For a unit that libdw has looked for: notes the file if it `found` it; else
 * why it did not, as in "is not there (any more)": constant. */
const char *split_files_note(struct split_files *s, Dwarf_Die *skeleton,
			     bool found);

/* The name of the .dwo file; NULL. Lives as long as the module. */
const char *split_files_name(const struct split_files *s, Dwarf_Die *skeleton);

void split_files_release(struct split_files *s);

#endif
