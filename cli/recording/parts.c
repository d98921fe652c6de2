/* SPDX-License-Identifier: MIT */
#include "parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
	/* The sum is right, and so the length; what follows is damaged, or not a
	 * recording. */
	if (h->length && h->length <= size - at)
		return at + h->length;
	if (h->length)
		return size;
	end = end_by_chunks(fd, at + h->size, size);
	if (end >= size || (end && was_header(fd, end)))
		return end < size ? end : size;
	/* Something else follows; the next recording may begin after it. */
	return search(fd, end ? end : at + h->size, size);
}

static int by_process(const void *a, const void *b)
{
	const struct part *x = *(struct part *const *)a;
	const struct part *y = *(struct part *const *)b;

	return ORDER(x->meta.pid, y->meta.pid) ?: ORDER(x->at, y->at);
}

static void number(struct parts *p)
{
	struct part **sorted = xcalloc(p->count, sizeof(*sorted));

	for (size_t i = 0; i < p->count; i++)
		sorted[i] = &p->list[i];
	qsort(sorted, p->count, sizeof(*sorted), by_process);
	for (size_t i = 0; i < p->count; i++)
		sorted[i]->number =
		    i && sorted[i - 1]->meta.pid == sorted[i]->meta.pid
			? sorted[i - 1]->number + 1
			: 1;
	free(sorted);
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
	number(p);
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

char *parts_called(const char *path, uint32_t pid, size_t number)
{
	return number > 1 ? xasprintf("%s:%" PRIu32 ".%zu", path, pid, number)
			  : xasprintf("%s:%" PRIu32, path, pid);
}

char *parts_name(const struct parts *p, size_t i, const char *path)
{
	return i ? parts_called(path, p->list[i].meta.pid, p->list[i].number)
		 : xstrdup(path);
}

/* ":4712.2" at the end of `name`; NULL: there is none. */
static const char *suffix_of(const char *name, uint32_t *pid, size_t *number)
{
	const char *colon = strrchr(name, ':');
	unsigned long long value;
	char *end;

	*number = 1;
	if (!colon || colon == name || colon[1] < '0' || colon[1] > '9' ||
	    strlen(colon) > 2 * PID_DIGITS)
		return NULL;
	value = strtoull(colon + 1, &end, 10);
	*pid = (uint32_t)value;
	if (*end == '.' && end[1] >= '0' && end[1] <= '9')
		*number = strtoull(end + 1, &end, 10);
	return *end || value > UINT32_MAX ? NULL : colon;
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

bool parts_is_part(const char *name)
{
	char *file = parts_file(name);
	bool is = strcmp(file, name) != 0 && !access(file, F_OK);

	free(file);
	return is;
}

char *parts_file(const char *name)
{
	uint32_t pid;
	size_t number;
	const char *colon = suffix_of(name, &pid, &number);
	char *file;

	if (!colon)
		return xstrdup(name);
	file = xstrndup(name, (size_t)(colon - name));
	if (!access(file, F_OK) || access(name, F_OK))
		return file;
	free(file);
	return xstrdup(name);
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

/* Those of the file that was asked for last: a command asks for one part after
 * another. */
static const struct parts *parts_of(int fd, uint64_t size, bool anew)
{
	static struct parts parts;
	static struct stat of;
	struct stat st;

	if (!fstat(fd, &st) && !anew && parts.count && st.st_dev == of.st_dev &&
	    st.st_ino == of.st_ino && st.st_size == of.st_size &&
	    st.st_mtim.tv_sec == of.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == of.st_mtim.tv_nsec &&
	    st.st_ctim.tv_sec == of.st_ctim.tv_sec &&
	    st.st_ctim.tv_nsec == of.st_ctim.tv_nsec)
		return &parts;
	parts_release(&parts);
	of = st;
	if (size && was_header(fd, 0))
		find(&parts, fd, size);
	return &parts;
}

static const struct part *pick(const struct parts *p, uint32_t pid,
			       size_t number)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->list[i].meta.pid == pid && p->list[i].number == number)
			return &p->list[i];
	return NULL;
}

/* Whether that part is still there: a file may change within one tick of its
 * clock. */
static bool is_still(int fd, const struct part *part)
{
	struct recording_head h;
	struct rkn_meta now;

	return !recording_head_read(fd, part->at, &h) &&
	       !recording_head_meta(&h, &now) && now.pid == part->meta.pid &&
	       now.start_ns == part->meta.start_ns;
}

/* False: there is none of that process and number. */
static bool find_part(int fd, uint64_t size, uint32_t pid, size_t number,
		      struct part *part)
{
	const struct part *found = pick(parts_of(fd, size, false), pid, number);

	if (!found || !is_still(fd, found))
		found = pick(parts_of(fd, size, true), pid, number);
	if (found)
		*part = *found;
	return found;
}

/* The same of the file that `name` would be a part of; -ENOENT: it is none. */
static int open_part(const char *name, int flags, struct part *part)
{
	size_t number;
	uint32_t pid;
	const char *colon = suffix_of(name, &pid, &number);
	uint64_t size;
	char *file;
	int fd;

	if (!colon)
		return -ENOENT;
	file = xstrndup(name, (size_t)(colon - name));
	fd = open_file(file, flags, &size);
	free(file);
	if (fd < 0 || find_part(fd, size, pid, number, part))
		return fd;
	close(fd);
	return -ESRCH;
}

int parts_open(const char *name, int flags, struct part *part)
{
	uint64_t size = 0;
	int fd, whole;

	*part = (struct part){ 0 };
	fd = open_part(name, flags, part);
	if (fd >= 0)
		return fd;
	whole = open_file(name, flags, &size);
	if (whole < 0)
		return whole == -ENOENT ? fd : whole;
	find_first(whole, size, part);
	return whole;
}
