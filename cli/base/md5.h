/* SPDX-License-Identifier: MIT */
/* MD5 (RFC 1321), by which compilers say which source a line is of. It proves
 * nothing against someone who wants to mislead. */
#ifndef MD5_H
#define MD5_H

#include <stddef.h>

#define MD5_SIZE 16 /* bytes */

void md5(unsigned char sum[MD5_SIZE], const void *data, size_t size);

#endif
