/* SPDX-License-Identifier: MIT */
#include "parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crc32.h"
#include "list.h"
#include "recording.h"

#define SUFFIX     ".rkn"
#define ONE_FILE   8     /* minor version since which a file has several */
#define PIECE      65536 /* bytes, of a search */
#define PID_DIGITS 10

/* --- Where they are ----------------------------------------------------------- */

static bool is_header(const struct rkn_file_header *h)
{
	return !memcmp(h->magic, RKN_MAGIC, sizeof(h->magic)) &&
	       h->crc ==
		   crc32_update(0, h, offsetof(struct rkn_file_header, crc));
}

static bool read_header(int fd, uint64_t at, struct rkn_file_header *h)
{
	return model_pread(fd, h, sizeof(*h), at) == sizeof(*h);
}

/* Whether `at` is where a recording began, however damaged or cut: most of what all
 * have in common is there. */
static bool was_header(int fd, uint64_t at)
{
	int64_t common = offsetof(struct rkn_file_header, length);
	struct rkn_file_header h, like = { .magic = RKN_MAGIC,
					   .major = RKN_MAJOR,
					   .minor = RKN_MINOR,
					   .size = sizeof(h) };
	int64_t n = model_pread(fd, &h, sizeof(h), at), equal = 0;

	common = n < common ? n : common;
	for (int64_t i = 0; i < common; i++)
		equal += ((char *)&h)[i] == ((char *)&like)[i];
	return (n == sizeof(h) && is_header(&h)) || equal > common * 3 / 4;
}

/* The next recording that begins at `from` or later; `size`: there is none. */
static uint64_t search(int fd, uint64_t from, uint64_t size)
{
	struct rkn_file_header h;
	char *piece = xmalloc(PIECE);
	int64_t n;

	while (from < size && (n = model_pread(fd, piece, PIECE, from)) >=
				  (int64_t)sizeof(h)) {
		const char *at = piece, *end = piece + n;

		while ((at = memmem(at, (size_t)(end - at), RKN_MAGIC,
				    sizeof(h.magic)))) {
			uint64_t found = from + (uint64_t)(at - piece);

			if (read_header(fd, found, &h) && is_header(&h)) {
				free(piece);
				return found;
			}
			at++;
		}
		/* One may begin here and end in the next piece. */
		from += (uint64_t)n - sizeof(h.magic) + 1;
	}
	free(piece);
	return size;
}

/* Where the recording at `at` ends, by its chunks: 0: one is damaged; `size`: it was
 * cut short. */
static uint64_t end_by_chunks(int fd, uint64_t at, uint64_t size)
{
	struct rkn_chunk c;

	while (at < size && size - at >= sizeof(c)) {
		if (model_pread(fd, &c, sizeof(c), at) != sizeof(c) ||
		    c.magic != RKN_CHUNK_MAGIC ||
		    c.header_crc !=
			crc32_update(0, &c,
				     offsetof(struct rkn_chunk, header_crc)))
			return 0;
		at += sizeof(c) + c.stored_size;
		if (c.type == RKN_CHUNK_END)
			return at;
	}
	return size;
}

/* Where the recording at `at` ends and the next begins, if there is one. */
static uint64_t end_of(int fd, uint64_t at, uint64_t size,
		       const struct rkn_file_header *h)
{
	uint64_t end;

	if (!is_header(h) || h->size < sizeof(*h))
		return search(fd, at + 1, size);
	if (h->minor < ONE_FILE)
		return size;
	end =
	    h->length ? at + h->length : end_by_chunks(fd, at + h->size, size);
	if (end >= size || (end && was_header(fd, end)))
		return end < size ? end : size;
	/* What follows is no recording, but one may be behind that. */
	return search(fd, end ? end : at + h->size, size);
}

static void find(struct parts *p, int fd, uint64_t size)
{
	for (uint64_t at = 0; at < size;) {
		struct part *part = LIST_ADD(p->list, p->count);
		struct recording_head h;

		*part = (struct part){ .at = at };
		if (!recording_head_read(fd, at, &h))
			recording_head_meta(&h, &part->meta);
		at = end_of(fd, at, size, &h.file);
		part->size = at - part->at;
	}
}

void parts_release(struct parts *p)
{
	free(p->list);
	*p = (struct parts){ 0 };
}

static int open_file(const char *path, int flags, uint64_t *size)
{
	/* O_NONBLOCK: a FIFO is an error, not a wait. */
	int fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), error;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		error = -errno;
		close(fd);
		return error;
	}
	*size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	return fd;
}

int parts_read(struct parts *p, const char *path)
{
	uint64_t size;
	int fd = open_file(path, O_RDONLY, &size);
	bool is;

	*p = (struct parts){ 0 };
	if (fd < 0)
		return fd;
	is = size && was_header(fd, 0);
	if (is)
		find(p, fd, size);
	close(fd);
	return is ? 0 : -EPROTO;
}

/* --- Names -------------------------------------------------------------------- */

/* How many of the same process come before part `i`. */
static size_t earlier(const struct parts *p, size_t i)
{
	size_t n = 0;

	for (size_t k = 0; k < i; k++)
		n += p->list[k].meta.pid == p->list[i].meta.pid;
	return n;
}

char *parts_called(const char *path, uint32_t pid, size_t number)
{
	return number > 1 ? xasprintf("%s:%" PRIu32 ".%zu", path, pid, number)
			  : xasprintf("%s:%" PRIu32, path, pid);
}

char *parts_name(const struct parts *p, size_t i, const char *path)
{
	return i ? parts_called(path, p->list[i].meta.pid, earlier(p, i) + 1)
		 : xstrdup(path);
}

/* ":4712.2" at the end of `name`; NULL: there is none. */
static const char *suffix_of(const char *name, uint32_t *pid, size_t *number)
{
	const char *colon = strrchr(name, ':');
	int end = 0;

	*number = 1;
	if (!colon || colon == name || !colon[1] ||
	    colon[1 + strspn(colon + 1, "0123456789.")] ||
	    strlen(colon) > 2 * PID_DIGITS)
		return NULL;
	if (sscanf(colon, ":%" SCNu32 "%n.%zu%n", pid, &end, number, &end) <
		1 ||
	    colon[end])
		return NULL;
	return colon;
}

bool parts_is_name(const char *word)
{
	uint32_t pid;
	size_t number;
	const char *colon = suffix_of(word, &pid, &number);
	size_t size = colon ? (size_t)(colon - word) : strlen(word);

	return size > strlen(SUFFIX) &&
	       !strncmp(word + size - strlen(SUFFIX), SUFFIX, strlen(SUFFIX));
}

char *parts_file(const char *name)
{
	uint32_t pid;
	size_t number;
	const char *colon = suffix_of(name, &pid, &number);

	return colon && access(name, F_OK)
		   ? xstrndup(name, (size_t)(colon - name))
		   : xstrdup(name);
}

/* The first part of a file, or all of it. */
static void find_first(int fd, uint64_t size, struct part *part)
{
	struct recording_head h;

	*part = (struct part){ .size = size };
	if (!size || !was_header(fd, 0))
		return;
	if (!recording_head_read(fd, 0, &h))
		recording_head_meta(&h, &part->meta);
	part->size = end_of(fd, 0, size, &h.file);
}

/* False: there is none of that process and number. */
static bool find_part(int fd, uint64_t size, uint32_t pid, size_t number,
		      struct part *part)
{
	struct parts p = { 0 };
	bool found = false;

	if (size && was_header(fd, 0))
		find(&p, fd, size);
	for (size_t i = 0; i < p.count && !found; i++) {
		found =
		    p.list[i].meta.pid == pid && earlier(&p, i) + 1 == number;
		if (found)
			*part = p.list[i];
	}
	parts_release(&p);
	return found;
}

int parts_open(const char *name, int flags, struct part *part)
{
	uint64_t size = 0;
	int fd = open_file(name, flags, &size);
	const char *colon;
	size_t number;
	uint32_t pid;
	char *file;

	*part = (struct part){ 0 };
	if (fd >= 0)
		find_first(fd, size, part);
	colon = fd == -ENOENT ? suffix_of(name, &pid, &number) : NULL;
	if (!colon)
		return fd;
	file = xstrndup(name, (size_t)(colon - name));
	fd = open_file(file, flags, &size);
	free(file);
	if (fd < 0 || find_part(fd, size, pid, number, part))
		return fd;
	close(fd);
	return -ESRCH;
}
