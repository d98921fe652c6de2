/* SPDX-License-Identifier: MIT */
/* Where this refknot's own shim is, in a build tree or installed. */
#ifndef SHIM_PATH_H
#define SHIM_PATH_H

/*
 * Absolute path of the shim: $REFKNOT_SHIM if set, else of the tree that this
 * executable stands in, else of the installation. NULL when there is none;
 * the caller frees it.
 */
char *shim_path(void);

/*
 * Make `path` fit for LD_PRELOAD, where spaces and colons separate: NULL when
 * it is fit as it is, else a symbolic link to it in a new private directory,
 * to be removed with shim_path_unlink. *error is 0, or an errno when the link
 * could not be made.
 */
char *shim_path_link(const char *path, int *error);
void shim_path_unlink(char *link); /* frees it too; NULL: nothing */

#endif
