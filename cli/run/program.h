/* SPDX-License-Identifier: MIT */
/*
 * The files that a command's name means: by PATH as execvp(3) finds them, and
 * for a script by its #! line.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

/*
 * The path that exec would be given for `name`; the caller frees it. NULL with
 * *error an errno: ENOENT, EACCES (found, but not executable), EISDIR, ELOOP.
 */
char *program_find(const char *name, int *error);

/*
 * The interpreter that the script at `path` names, as it is there; the
 * program's name if the interpreter is env(1). The caller frees it. NULL if the
 * file is not a script or cannot be read.
 */
char *program_interpreter(const char *path);

#endif
