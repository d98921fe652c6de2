/* SPDX-License-Identifier: MIT */
/*
 * Files by build-id from debuginfod servers.  None is asked unless the user
 * named some; libdebuginfod is loaded only then.  A server that does not answer
 * is waited for once.
 */
#ifndef DEBUG_SERVERS_H
#define DEBUG_SERVERS_H

#include <stddef.h>

/* --debuginfod, which popt writes: addresses; "": ask none; NULL: those of
 * $DEBUGINFOD_URLS. */
extern char *debug_servers_option;

/* The addresses of those that may be asked; "": none. */
const char *debug_servers_list(void);

enum debug_servers_kind { DEBUG_SERVERS_EXECUTABLE, DEBUG_SERVERS_DEBUG };

/*
 * The file of `kind` with that build-id, for module `module`, from a server or
 * from the client's own cache: a descriptor, or -errno; -ENOENT also where none
 * may be asked. Whoever asks checks the file's build-id. *path is where it is,
 * for the caller to free.
 */
int debug_servers_find(enum debug_servers_kind kind, const void *build_id,
		       size_t size, const char *module, char **path);

/* Why servers are not asked any more, and what helps: a sentence, escaped, that
 * stays; NULL. */
const char *debug_servers_trouble(void);

#endif
