/* SPDX-License-Identifier: MIT */
/* The sources that calls are in, read once each.  All die when out of memory. */
#ifndef SOURCE_FILES_H
#define SOURCE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "hash.h"
#include "md5.h"

struct source_file {
	char *path;
	char *text; /* NULL: it cannot be read */
	size_t size;
	size_t *lines; /* where each begins */
	size_t count;
	struct timespec changed; /* if there is `text` */
	bool summed;
	unsigned char sum[MD5_SIZE]; /* if `summed` */
	UT_hash_handle hh;
};

/* Lives as long as `*all`, a hash table. */
struct source_file *source_files_get(struct source_file **all,
				     const char *path);
void source_files_release(struct source_file **all);

/* The text of lines `from` to `to`, as far as there are such, from 1. */
const char *source_file_lines(const struct source_file *f, unsigned from,
			      unsigned to, size_t *size);

/* Whether it is the text that has that MD5. */
bool source_file_has_sum(struct source_file *f,
			 const unsigned char sum[MD5_SIZE]);

#endif
