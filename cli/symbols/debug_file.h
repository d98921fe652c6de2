/* SPDX-License-Identifier: MIT */
/*
 * Where the ELF file of a module is, and the files that have its debug
 * information: on this machine or, with --sysroot, only in that directory; and
 * on servers (debug_servers.h).  A file is used only if it is known to belong:
 * by its build-id, else by the CRC-32 in .gnu_debuglink.
 */
#ifndef DEBUG_FILE_H
#define DEBUG_FILE_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --sysroot as options_check() leaves it: absolute and without links; NULL:
 * "/". */
extern char *debug_file_sysroot;

/* What all answers depend on beside the files, in one text; the caller frees
 * it. */
char *debug_file_settings(void);

struct build_id {
	const unsigned char *bits; /* NULL: there is none */
	size_t size;
};

/* What was looked at for one module, and found wrong. */
struct debug_search {
	char **missed; /* places of its ELF file before the one that was opened:
			  nothing is there, or another build */
	size_t missed_count;
	char **used; /* files of debug information beside the first */
	size_t used_count;
	char *refused; /* the first file that is there and does not belong: a
			  sentence, escaped; NULL */
};

/*
 * Opens the ELF file of a module, which was `path` where it ran: a descriptor,
 * or why that one could not be opened: -errno, -ENOEXEC: it is not ELF, -ESTALE:
 * it has another build-id. `id->size` is 0 for one without a build-id; NULL: any
 * will do. *found is where it is, for the caller to free. If only its debug file
 * is there, that is opened.
 */
int debug_file_open_elf(struct debug_search *s, const char *path,
			const struct build_id *id, char **found);

/*
 * Opens the debug file of a module whose ELF file is `elf`, at `found`, and was
 * `path` where it ran; a descriptor, or -ENOENT. *debug is where it is.
 */
int debug_file_open_debug(struct debug_search *s, Elf *elf, const char *path,
			  const char *found, char **debug);

/*
 * Opens what dwz moved from `file`, the debug file of module `path`, to the file
 * `name` with build-id `id`, likewise.
 */
int debug_file_open_shared(struct debug_search *s, const char *path,
			   const char *file, const char *name,
			   const struct build_id *id, char **found);

/* Opens an ELF file; nothing else is shown to libdw, which would unpack anything
 * that is packed however large it gets. The descriptor, or -errno. */
int debug_file_open(const char *path);

/* Notes `path` among the files that were used. */
void debug_file_note_used(struct debug_search *s, const char *path);

void debug_search_release(struct debug_search *s);

#endif
