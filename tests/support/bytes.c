/* SPDX-License-Identifier: MIT */
#include "bytes.h"

#include <stdio.h>

#include "die.h"

unsigned char *bytes_read(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rbe");
	unsigned char *data = NULL;
	size_t n = 0, capacity = 0;

	*size = 0;
	if (!f)
		return NULL;
	do {
		capacity += 65536;
		data = xreallocarray(data, capacity, 1);
		n = fread(data + *size, 1, capacity - *size, f);
		*size += n;
	} while (*size == capacity);
	fclose(f);
	return data;
}

void bytes_write(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "wbe");

	if (!f || fwrite(data, 1, size, f) != size || fclose(f))
		die(1, "cannot write %s", path);
}
