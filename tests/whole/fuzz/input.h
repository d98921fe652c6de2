/* SPDX-License-Identifier: MIT */
/* What targets make of their bytes. What cannot be made aborts. */
#ifndef INPUT_H
#define INPUT_H

#include <stdbool.h>
#include <stddef.h>

/* The bytes as an executable file in memory, with holes for zeroes; the same
 * one at each call. */
int input_file(const void *data, size_t size);
const char *input_path(const void *data, size_t size);

/* The bytes as texts that end at each NUL; room for `most` pointers, the last
 * NULL; how many there are. The caller frees *copy. */
size_t input_texts(const void *data, size_t size, char **texts, size_t most,
		   char **copy);

/* Aborts unless it holds. */
void input_need(bool what);

#endif
