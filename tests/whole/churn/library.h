/* SPDX-License-Identifier: MIT */
/* A library with data of its own, and the same as a plug-in. */
#ifndef LIBRARY_H
#define LIBRARY_H

#include <stddef.h>

#define LIBRARY_API __attribute__((visibility("default")))

LIBRARY_API void *volatile *library_data(void); /* 4 words */
LIBRARY_API void *volatile *library_tls(void);  /* 2 words of this thread */
LIBRARY_API unsigned long library_allocate(unsigned site, int how, size_t size);

#endif
