/* SPDX-License-Identifier: MIT */
/*
 * The name that people know a program by: the one it was started by, "sh" where
 * that is a link to dash, "python3" where it leads to python3.11.
 */
#ifndef CALLED_H
#define CALLED_H

/*
 * The base name of `argument`, the program's argument 0, without the dashes of
 * a login shell. Where that is no name of a program, the base name of `program`,
 * the path of its file: it is empty, is a title with spaces, has control
 * characters, or is of a descriptor. A part of one of the two. May run inside
 * malloc.
 */
const char *called_name(const char *argument, const char *program);

#endif
