/* SPDX-License-Identifier: MIT */
#include "variants.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "target.h"

#define MOST (1u << 20) /* bytes of an input */

/* Zeroes are left out: most of a store is a hole. */
static size_t change(unsigned char *data, size_t size, size_t step)
{
	static const unsigned char flips[] = { 0x01, 0x80, 0xff };
	size_t done = 0;

	for (size_t i = 0; i < size; i += step)
		for (size_t n = 0; n < sizeof(flips) && data[i]; n++) {
			data[i] ^= flips[n];
			LLVMFuzzerTestOneInput(data, size);
			data[i] ^= flips[n];
			done++;
		}
	return done;
}

/* The caller frees it. */
static unsigned char *read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "r");
	unsigned char *data = malloc(MOST);

	if (!f || !data) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(1);
	}
	*size = fread(data, 1, MOST, f);
	fclose(f);
	return data;
}

static void replay_file(const char *path, size_t step)
{
	size_t size, done;
	unsigned char *data = read_file(path, &size);

	LLVMFuzzerTestOneInput(data, size);
	done = change(data, size, step) + 1;
	printf("%s: %zu inputs\n", path, done);
	fflush(stdout);
	free(data);
}

void variants_replay(const char *directory, size_t step)
{
	struct dirent **list;
	struct stat st;
	int count;

	if (!stat(directory, &st) && S_ISREG(st.st_mode)) {
		replay_file(directory, step);
		return;
	}
	count = scandir(directory, &list, NULL, alphasort);
	if (count <= 2) { /* . and .. */
		fprintf(stderr, "there is no input in %s\n", directory);
		exit(1);
	}
	for (int i = 0; i < count; i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", directory,
			 list[i]->d_name);
		if (list[i]->d_name[0] != '.')
			replay_file(path, step);
		free(list[i]);
	}
	free(list);
}
