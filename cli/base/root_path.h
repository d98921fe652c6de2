/* SPDX-License-Identifier: MIT */
/* Paths inside a copy of another machine's files. */
#ifndef ROOT_PATH_H
#define ROOT_PATH_H

/*
 * Where `path` is if directory `root` were "/": symbolic links, also absolute
 * ones, and ".." lead to nothing outside `root`. The last part need not exist.
 * For the caller to free; NULL when links go round in a circle. With `root`
 * NULL, `path` as it is.
 */
char *root_path(const char *root, const char *path);

#endif
