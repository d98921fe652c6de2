/* SPDX-License-Identifier: MIT */
/*
 * refknot-tutorial(7), your first cycle: a folder holds its file, and the file
 * holds its folder. Both count their references, and neither count gets to 0.
 *
 *     cc -g first_cycle.c -o first_cycle
 *
 * refknot: orphaned-cycle 2 times, 4 objects, 96 bytes
 * refknot: each holds 1 object of 5 bytes
 * refknot: members struct folder, struct file
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct folder {
	int references;
	char *name;
	struct file *file;
};

struct file {
	int references;
	struct folder *folder;
	long size;
};

static void folder_unref(struct folder *folder)
{
	if (--folder->references)
		return;
	free(folder->name);
	free(folder);
}

static void file_unref(struct file *file)
{
	if (--file->references)
		return;
	folder_unref(file->folder);
	free(file);
}

static void visit(const char *name)
{
	struct folder *folder = calloc(1, sizeof(*folder));
	struct file *file = calloc(1, sizeof(*file));

	folder->references = file->references = 1;
	folder->name = strdup(name);
	folder->file = file;
	file->references++;
	file->folder = folder;
	folder->references++;
	printf("visited %s\n", name);
	file_unref(file);
	folder_unref(folder);
}

int main(void)
{
	static const char *const names[] = { "home", "work" };

	for (int i = 0; i < 2; i++)
		visit(names[i]);
	return 0;
}
