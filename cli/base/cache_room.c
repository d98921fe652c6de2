/* SPDX-License-Identifier: MIT */
#include "cache_room.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "list.h"

struct used {
	struct timespec last;
	uint64_t bytes;
	char *name;
};

struct listing {
	struct used *list;
	size_t count;
	uint64_t bytes;
};

static int order(const struct timespec *a, const struct timespec *b)
{
	return ORDER(a->tv_sec, b->tv_sec) ?: ORDER(a->tv_nsec, b->tv_nsec);
}

static int compare(const void *a, const void *b)
{
	const struct used *x = a;
	const struct used *y = b;

	return order(&x->last, &y->last);
}

static void add(struct listing *l, int directory, const char *name)
{
	struct stat st;

	if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISREG(st.st_mode))
		return;
	*LIST_ADD(l->list, l->count) = (struct used){
		.last = order(&st.st_atim, &st.st_mtim) > 0 ? st.st_atim
							    : st.st_mtim,
		.bytes = (uint64_t)st.st_size,
		.name = xstrdup(name),
	};
	l->bytes += (uint64_t)st.st_size;
}

static bool ends(const char *name, const char *suffix)
{
	size_t length = strlen(name), end = strlen(suffix);

	return length > end && !strcmp(name + length - end, suffix);
}

static void list_files(struct listing *l, int directory, const char *suffix)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!stream) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(stream)))
		if (ends(entry->d_name, suffix))
			add(l, directory, entry->d_name);
	closedir(stream);
}

void cache_room_make(int directory, const char *suffix, uint64_t most)
{
	struct listing l = { 0 };

	list_files(&l, directory, suffix);
	if (l.count)
		qsort(l.list, l.count, sizeof(*l.list), compare);
	for (size_t i = 0; i < l.count; i++) {
		if (l.bytes > most && !unlinkat(directory, l.list[i].name, 0))
			l.bytes -= l.list[i].bytes;
		free(l.list[i].name);
	}
	free(l.list);
}
