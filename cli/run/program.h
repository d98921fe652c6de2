/* SPDX-License-Identifier: MIT */
/*
 * Which files stand behind a command's name: by PATH as execvp(3) does, and
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
 * The interpreter that the script at `path` names, as it stands there; the
 * program's name where the interpreter is env(1). The caller frees it. NULL
 * when the file is no script or cannot be read.
 */
char *program_interpreter(const char *path);

#endif
