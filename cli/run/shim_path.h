/* SPDX-License-Identifier: MIT */
/* Where this refknot's own shim is, in a build tree or installed. */
#ifndef SHIM_PATH_H
#define SHIM_PATH_H

/*
 * Absolute path of the shim: $REFKNOT_SHIM if set, else in the tree of this
 * executable, else in the installation. NULL if there is none; the caller frees
 * it.
 */
char *shim_path(void);

/*
 * Makes `path` fit for LD_PRELOAD, where spaces and colons separate: NULL if it
 * is fit as it is, else a symbolic link to it in a new private directory, for
 * shim_path_unlink(). *error is 0, or an errno if the link could not be made.
 */
char *shim_path_link(const char *path, int *error);
void shim_path_unlink(char *link); /* frees it too; NULL: nothing */

#endif
