/* SPDX-License-Identifier: MIT */
/* Text into a page: compressed, in base64, which has no character of HTML's. */
#ifndef PAGE_PACK_H
#define PAGE_PACK_H

#include <stdio.h>

/* A stream; what is written to it goes to `out` as gzip in base64, the last of it
 * when it is closed. Dies when out of memory. */
FILE *page_pack_open(FILE *out);

#endif
