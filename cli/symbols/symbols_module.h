/* SPDX-License-Identifier: MIT */
/*
 * One module's file as libdwfl sees it, with its separate debug file if there
 * is one.  Addresses here are ELF addresses: those of the file, unrelocated.
 */
#ifndef SYMBOLS_MODULE_H
#define SYMBOLS_MODULE_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "code_words.h"
#include "symbols_functions.h"
#include "symbols_scopes.h"

struct symbols_module {
	Dwfl *dwfl; /* NULL: not opened, or not usable */
	Dwfl_Module *module;
	struct symbols_scopes scopes;
	struct code_words words;
	struct symbols_functions functions;
	struct module_name *names; /* list: of symbols, cut */
	int error; /* why it could not be opened: -errno, -ENOEXEC: it is not ELF
		      file, -ESTALE: it has another build-id */
};

/*
 * Opens the ELF file at `path`. With `build_id_size` >= 0 its build-id must be
 * `build_id` (0 bytes: the file must have none). Nothing is fetched from the
 * network. False if there is no such file, and m->error says why; there is
 * nothing to close then.
 */
bool symbols_module_open(struct symbols_module *m, const char *path,
			 const void *build_id, int build_id_size);
void symbols_module_close(struct symbols_module *m);

/* The function at ELF address `address` as the symbol table has it, but for
 * what compilers append (clones.h); NULL. Lives as long as `m`. */
const char *symbols_module_function(struct symbols_module *m, uint64_t address);

/* A copy of `length` bytes of `text` that lives as long as `m`: equal ones are
 * the same. */
const char *symbols_module_keep(struct symbols_module *m, const char *text,
				size_t length);

/* A number that the code in the file has in common with copies of it only, for
 * files without a build-id; 0: it cannot be read. */
uint64_t symbols_module_sum(const struct symbols_module *m);

enum symbols_source {
	SYMBOLS_NONE,    /* only module and offset */
	SYMBOLS_DYNAMIC, /* names of exported functions */
	SYMBOLS_TABLE,   /* names of all functions */
	SYMBOLS_DEBUG,   /* files, lines and inlined functions too */
};

/*
 * The best that is known of the module. *file is the separate file that it
 * comes from, NULL when it is the module's own; lives as long as `m`.
 */
enum symbols_source symbols_module_source(const struct symbols_module *m,
					  const char **file);

/* Whether the debug information needs one more file (see dwz; or a .dwo that
 * was looked for) that is not there. */
bool symbols_module_is_partial(const struct symbols_module *m);

/* Name of a file of split debug information that is not there, of all of its
 * units; NULL. Lives as long as `m`. */
const char *symbols_module_lost_split(struct symbols_module *m);

#endif
