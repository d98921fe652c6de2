/* SPDX-License-Identifier: MIT */
#include "input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096 /* bytes; those that are all 0 are a hole */

void input_need(bool what)
{
	if (!what)
		abort();
}

static bool is_zero(const char *p, size_t size)
{
	return !size || (!*p && !memcmp(p, p + 1, size - 1));
}

int input_file(const void *data, size_t size)
{
	static int fd = -1;
	const char *p = data;

	if (fd < 0)
		fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 0) || ftruncate(fd, (off_t)size) ||
	    lseek(fd, 0, SEEK_SET))
		abort();
	for (size_t at = 0, n; at < size; at += n) {
		n = size - at < PAGE ? size - at : PAGE;
		if (!is_zero(p + at, n) &&
		    pwrite(fd, p + at, n, (off_t)at) != (ssize_t)n)
			abort();
	}
	return fd;
}

const char *input_path(const void *data, size_t size)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d",
		 input_file(data, size));
	return path;
}

size_t input_texts(const void *data, size_t size, char **texts, size_t most,
		   char **copy)
{
	size_t count = 0;
	char *all = malloc(size + 1);

	if (!all)
		abort();
	memcpy(all, data, size);
	all[size] = '\0';
	for (char *p = all; p < all + size && count + 1 < most;
	     p += strlen(p) + 1)
		texts[count++] = p;
	texts[count] = NULL;
	*copy = all;
	return count;
}
