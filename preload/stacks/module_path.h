/* SPDX-License-Identifier: MIT */
/*
 * What a module's file is called, so that a reader finds it who is elsewhere
 * and comes later.  No lock; may run inside malloc.
 */
#ifndef MODULE_PATH_H
#define MODULE_PATH_H

#include <link.h>
#include <stdint.h>

#define MODULE_PATH_KERNEL "[vdso]" /* code that the kernel brings: no file */

/*
 * Text in the store: the absolute path of the module `map`, whose first mapping
 * begins at `start`. The loader's name for it may be relative to a directory
 * that the program has left since: then the kernel's is taken. Where nobody
 * knows it, the loader's name, which is no absolute path.
 */
uint32_t module_path(const struct link_map *map, uint64_t start);

#endif
