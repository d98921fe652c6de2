/* SPDX-License-Identifier: MIT */
/*
 * The name by which people know a program: that of the script that it runs, if
 * the script was started; else the one that it was started by, such as "sh" if
 * that is a link to dash, or "python3" if it leads to python3.11.
 */
#ifndef CALLED_H
#define CALLED_H

/* What follows the last slash of `path`. May run inside malloc. */
const char *called_base(const char *path);

/*
 * Returns the base name of `argument`, the program's argument 0, without the
 * dashes of a login shell. If that is not a name (it is empty, a title with
 * spaces, has control characters or means a descriptor), the result is the base
 * name of `program`, the path of its file. It is a part of one of the two
 * texts. May run inside malloc.
 */
const char *called_name(const char *argument, const char *program);

/*
 * The base name of the script that a program is the interpreter of by its first
 * line, "#!/bin/sh -e"; NULL: it was executed for itself. `executed` is the path
 * that the kernel was given (AT_EXECFN), which it inserts as the first or
 * second of the `arguments`, behind the interpreter. A part of `executed`. May run
 * inside malloc.
 */
const char *called_script(const char *executed, char *const *arguments);

#endif
