/* SPDX-License-Identifier: MIT */
/* Whole files to and from memory; a test that cannot do that stops. */
#ifndef BYTES_H
#define BYTES_H

#include <stddef.h>

/* The caller frees the result; NULL when there is no such file. */
unsigned char *bytes_read(const char *path, size_t *size);
void bytes_write(const char *path, const void *data, size_t size);

#endif
