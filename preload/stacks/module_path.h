/* SPDX-License-Identifier: MIT */
/*
 * The name of a module's file, by which a reader can find it later and from
 * another place. Takes no lock; may run inside malloc.
 */
#ifndef MODULE_PATH_H
#define MODULE_PATH_H

#include <link.h>
#include <stdint.h>

#define MODULE_PATH_KERNEL "[vdso]" /* the kernel's code, which is in no file */

/*
 * Text in the store: the absolute path of the module `map`, whose first mapping
 * begins at `start`. The loader's name for it may be relative to a directory
 * that the program has left since: then it is the kernel's name. If that is not
 * known either, it is the loader's, which is not absolute.
 */
uint32_t module_path(const struct link_map *map, uint64_t start);

#endif
