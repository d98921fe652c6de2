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
#include "debug_file.h"
#include "symbols_functions.h"
#include "symbols_scopes.h"

struct symbols_module {
	Dwfl *dwfl; /* NULL: not opened, or not usable */
	Dwfl_Module *module;
	struct symbols_scopes scopes;
	struct code_words words;
	struct symbols_functions functions;
	struct module_name *names; /* list: of symbols, cut */
	struct debug_search search;
	const char *path; /* of the module where it ran; the caller's */
	char *file;       /* where its ELF file is */
	bool partial;     /* what dwz moved elsewhere is not there */
	bool codeless;    /* that is its debug file, without code */
	int error; /* why it could not be opened: -errno, -ENOEXEC: it is not ELF
		      file, -ESTALE: it has another build-id */
};

/*
 * Opens the ELF file of a module, which was `path` where it ran and must outlive
 * `m`: where debug_file.h finds it. With `build_id_size` >= 0 its build-id must
 * be `build_id` (0 bytes: the file must have none). False if there is no such
 * file, and m->error says why. Close it in any case.
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

/* Looks for all files of split debug information, not only those that are
 * needed. */
void symbols_module_try_splits(struct symbols_module *m);

/* What is wrong with the debug information, of what was asked for: a file that
 * does not belong, or is not there. A sentence, escaped, for the caller to free;
 * NULL. `m` may have been closed by symbols_module_open(). */
char *symbols_module_warning(const struct symbols_module *m);

#endif
