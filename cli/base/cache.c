/* SPDX-License-Identifier: MIT */
#include "cache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache_room.h"
#include "crc32.h"
#include "die.h"

#define HEAD      "refknot-cache 1 "
#define HEAD_SIZE (sizeof(HEAD) - 1 + 8 + 1) /* with the sum and its newline */
#define HEAD_FORM HEAD "%08" PRIx32 "\n"

struct cache {
	char *path;
	char *above;   /* the directory that may have to be made for it */
	int directory; /* -1: not there, or not ours */
};

static const char *absolute(const char *variable)
{
	const char *path = getenv(variable);

	return path && path[0] == '/' ? path : NULL;
}

/* False if the environment gives no place. */
static bool choose(struct cache *c)
{
	const char *own = getenv("REFKNOT_CACHE"), *base;

	if (own && *own)
		c->path = xstrdup(own);
	if (own)
		return c->path;
	if ((base = absolute("XDG_CACHE_HOME")))
		c->above = xstrdup(base);
	else if ((base = absolute("HOME")))
		c->above = xasprintf("%s/.cache", base);
	if (c->above)
		c->path = xasprintf("%s/refknot", c->above);
	return c->path;
}

/* No one else may write there, or names could be made to lead elsewhere. */
static int open_own(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 &&
	    (fstat(fd, &st) || st.st_uid != geteuid() || st.st_mode & 022)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int cache_is_off;

struct cache *cache_open(void)
{
	struct cache *c;

	if (cache_is_off)
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->directory = -1;
	if (!choose(c)) {
		cache_close(c);
		return NULL;
	}
	c->directory = open_own(c->path);
	return c;
}

void cache_close(struct cache *c)
{
	if (!c)
		return;
	if (c->directory >= 0)
		close(c->directory);
	free(c->above);
	free(c->path);
	free(c);
}

/* Under sudo the home may be another user's: leave nothing of ours there. */
static void make_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *parent =
	    slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	struct stat st;

	if (parent && !stat(parent, &st) && st.st_uid == geteuid())
		mkdir(path, 0700);
	free(parent);
}

static bool make(struct cache *c)
{
	if (c->directory >= 0)
		return true;
	if (c->above)
		make_directory(c->above);
	make_directory(c->path);
	c->directory = open_own(c->path);
	return c->directory >= 0;
}

/* The bytes of a file that is ours, and a NUL; NULL if it is not ours. */
static char *read_all(int fd, size_t *size)
{
	struct stat st;
	size_t done = 0;
	char *data;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    st.st_size > CACHE_FILE_MAX)
		return NULL;
	data = xmalloc((size_t)st.st_size + 1);
	while (done < (size_t)st.st_size) {
		ssize_t n = read(fd, data + done, (size_t)st.st_size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	data[done] = '\0';
	*size = done;
	return data;
}

/* Whether the head is that of the rest. */
static bool is_whole(const char *data, size_t size)
{
	char head[HEAD_SIZE + 1];

	if (size < HEAD_SIZE)
		return false;
	snprintf(head, sizeof(head), HEAD_FORM,
		 crc32_update(0, data + HEAD_SIZE, size - HEAD_SIZE));
	return !memcmp(data, head, HEAD_SIZE);
}

char *cache_read(const struct cache *c, const char *name, size_t *size)
{
	char *file, *data;
	int fd;

	if (!c || c->directory < 0)
		return NULL;
	file = xasprintf("%s" CACHE_SUFFIX, name);
	fd = openat(c->directory, file,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	free(file);
	if (fd < 0)
		return NULL;
	data = read_all(fd, size);
	close(fd);
	if (!data || !is_whole(data, *size)) {
		free(data);
		return NULL;
	}
	*size -= HEAD_SIZE;
	memmove(data, data + HEAD_SIZE, *size + 1);
	return data;
}

static bool put(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

static bool put_file(int fd, const char *data, size_t size)
{
	char head[HEAD_SIZE + 1];

	snprintf(head, sizeof(head), HEAD_FORM, crc32_update(0, data, size));
	return put(fd, head, HEAD_SIZE) && put(fd, data, size);
}

/* A file that no other process has; the caller frees its name. */
static int open_new(const struct cache *c, char **name)
{
	uint64_t number = (uint64_t)getpid();

	(void)!getrandom(&number, sizeof(number), GRND_NONBLOCK);
	*name = xasprintf("new-%" PRIx64 CACHE_SUFFIX, number);
	return openat(c->directory, *name,
		      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		      0600);
}

void cache_write(struct cache *c, const char *name, const char *data,
		 size_t size)
{
	char *temporary, *file;
	int fd;
	bool good;

	if (!c || size > CACHE_FILE_MAX - HEAD_SIZE || !make(c))
		return;
	file = xasprintf("%s" CACHE_SUFFIX, name);
	fd = open_new(c, &temporary);
	good = fd >= 0 && put_file(fd, data, size);
	if (fd >= 0 && close(fd))
		good = false;
	if (fd >= 0 &&
	    (!good || renameat(c->directory, temporary, c->directory, file)))
		unlinkat(c->directory, temporary, 0);
	free(temporary);
	free(file);
	cache_room_make(c->directory, CACHE_SUFFIX, CACHE_MAX);
}
