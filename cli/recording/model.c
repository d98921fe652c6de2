/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <refknot/store.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "called.h"
#include "chunk_arrays.h"
#include "recording.h"

int model_error(struct model *m, int error, const char *format, ...)
{
	va_list arguments;
	int n = snprintf(m->error, sizeof(m->error), "%s: ", m->path);

	/* A path of any length leaves room for the reason. */
	if (n < 0 || (size_t)n > sizeof(m->error) / 2)
		n = snprintf(m->error, sizeof(m->error), "...%s: ",
			     m->path + strlen(m->path) - sizeof(m->error) / 3);
	va_start(arguments, format);
	vsnprintf(m->error + n, sizeof(m->error) - (size_t)n, format,
		  arguments);
	va_end(arguments);
	return error;
}

int64_t model_pread(int fd, void *to, uint64_t size, uint64_t offset)
{
	uint64_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, (char *)to + done, size - done,
				  (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (uint64_t)n;
	}
	return (int64_t)done;
}

/* O_NONBLOCK: a FIFO is an error, not a wait. */
static int open_file(struct model *m, uint64_t *size)
{
	int fd = open(m->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return model_error(m, -errno, "cannot be opened: %s",
				   strerror(errno));
	if (fstat(fd, &st)) {
		model_error(m, 0, "cannot be read: %s", strerror(errno));
	} else if (S_ISDIR(st.st_mode)) {
		model_error(m, 0, "is a directory, not a recording");
	} else if (!S_ISREG(st.st_mode)) {
		model_error(m, 0, "is not a regular file");
	} else if (!st.st_size) {
		model_error(m, 0, "is empty: nothing was recorded in it");
	} else {
		*size = (uint64_t)st.st_size;
		return fd;
	}
	close(fd);
	return -EINVAL;
}

static int read_file(struct model *m, int fd, uint64_t size)
{
	char magic[8] = "";
	int64_t n = model_pread(fd, magic, sizeof(magic), 0);

	if (n < 0)
		return model_error(m, (int)n, "cannot be read: %s",
				   strerror((int)-n));
	if (n > 0 && !memcmp(magic, RKN_MAGIC, (size_t)n))
		return recording_read(m, fd, size);
	if (n > 0 && !memcmp(magic, STORE_MAGIC, (size_t)n))
		return store_read(m, fd, size);
	return model_error(
	    m, -EINVAL,
	    "is not a recording of refknot: its first bytes are others");
}

/* Keeps m->error. */
static void empty(struct model *m)
{
	char error[MODEL_ERROR_SIZE];

	memcpy(error, m->error, sizeof(error));
	model_release(m);
	memcpy(m->error, error, sizeof(error));
}

int model_load(struct model *m, const char *path)
{
	uint64_t size = 0;
	int fd, error;

	memset(m, 0, sizeof(*m));
	m->path = strdup(path);
	if (!m->path) {
		snprintf(m->error, sizeof(m->error), "out of memory");
		return -ENOMEM;
	}
	fd = open_file(m, &size);
	if (fd < 0) {
		empty(m);
		return fd;
	}
	error = read_file(m, fd, size);
	close(fd);
	if (error && error != -ENODATA)
		empty(m);
	return error;
}

void model_release(struct model *m)
{
	free(m->path);
	free(m->strings);
	free(m->modules);
	free(m->frames);
	free(m->stacks);
	free(m->threads);
	free(m->blocks);
	free(m->edges);
	free(m->roots);
	free(m->names);
	free(m->objects);
	free(m->references);
	free(m->events);
	free(m->errors);
	free(m->regions);
	free(m->marks);
	free(m->census);
	free(m->wide);
	free(m->frees);
	memset(m, 0, sizeof(*m));
}

/* What a rename must not replace: a link, a device, a pipe, a socket. */
static int check_target(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? 0 : -EEXIST;
}

/* A file of its own, 0600, beside `path`; *name is for the caller to free. */
static int open_beside(const char *path, char **name)
{
	const char *slash = strrchr(path, '/');
	int directory = slash ? (int)(slash - path + 1) : 0;
	int fd;

	if (asprintf(name, "%.*s.refknot-XXXXXX", directory, path) < 0) {
		*name = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(*name, O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	fchmod(fd, 0600);             /* whatever the umask took away */
	flock(fd, LOCK_EX | LOCK_NB); /* see owner.h */
	return fd;
}

static int put(const char *name, const char *path)
{
	return rename(name, path) ? -errno : 0;
}

static int put_new(const char *name, const char *path)
{
	int fd;

	if (!renameat2(AT_FDCWD, name, AT_FDCWD, path, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* This file system cannot: an empty file of ours takes the name. */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		  0600);
	if (fd < 0)
		return -errno;
	close(fd);
	return put(name, path);
}

static int save(const struct model *m, const char *path,
		int (*put_at)(const char *name, const char *path))
{
	char *name = NULL;
	int error, fd;

	fd = open_beside(path, &name);
	if (fd < 0) {
		free(name);
		return fd;
	}
	error = recording_write(m, fd);
	if (close(fd) && !error)
		error = -errno;
	if (!error)
		error = put_at(name, path);
	if (error)
		unlink(name);
	free(name);
	return error;
}

int model_save(const struct model *m, const char *path)
{
	int error = check_target(path);

	return error ? error : save(m, path, put);
}

int model_save_new(const struct model *m, const char *path)
{
	struct stat st;

	return !lstat(path, &st) ? -EEXIST : save(m, path, put_new);
}

bool model_knows(const struct model *m, enum rkn_chunk_type type)
{
	return !m->cut || type < m->cut;
}

const char *model_text(const struct model *m, uint32_t offset)
{
	return offset < m->strings_size ? m->strings + offset : "";
}

const char *model_called(const struct model *m)
{
	return called_name(
	    m->meta.argument_count ? model_text(m, m->meta.arguments) : "",
	    model_text(m, m->meta.program));
}

/* First edge with from >= b. */
static size_t first_edge(const struct model *m, uint32_t b)
{
	size_t low = 0, high = m->edge_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->edges[middle].from < b)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t model_edges_of(const struct model *m, uint32_t b, size_t *first)
{
	*first = first_edge(m, b);
	return (b == UINT32_MAX ? m->edge_count : first_edge(m, b + 1)) -
	       *first;
}

static const struct rkn_wide *find_wide(const struct model *m, uint32_t kind,
					size_t index)
{
	size_t low = 0, high = m->wide_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct rkn_wide *w = &m->wide[middle];

		if (w->kind < kind || (w->kind == kind && w->index < index))
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->wide_count && m->wide[low].kind == kind &&
		       m->wide[low].index == index
		   ? &m->wide[low]
		   : NULL;
}

bool model_knows_place(const struct model *m, enum rkn_wide_kind kind,
		       uint32_t block, uint64_t offset)
{
	const struct rkn_wide key = { .kind = kind,
				      .index = block,
				      .to_offset = offset };

	return m->wide_count && bsearch(&key, m->wide, m->wide_count,
					sizeof(key), chunk_arrays_compare_wide);
}

uint64_t model_edge_from(const struct model *m, const struct rkn_edge *e)
{
	const struct rkn_wide *w = NULL;

	if (e->from_word == RKN_SEE_WIDE)
		w = find_wide(m, RKN_WIDE_EDGE, (size_t)(e - m->edges));
	return 8 * (w ? w->from_word : e->from_word);
}

uint64_t model_edge_to(const struct model *m, const struct rkn_edge *e)
{
	const struct rkn_wide *w = NULL;

	if (e->to_offset == RKN_SEE_WIDE)
		w = find_wide(m, RKN_WIDE_EDGE, (size_t)(e - m->edges));
	return w ? w->to_offset : e->to_offset;
}

uint64_t model_root_to(const struct model *m, const struct rkn_root *r)
{
	const struct rkn_wide *w = NULL;

	if (r->to_offset == RKN_SEE_WIDE)
		w = find_wide(m, RKN_WIDE_ROOT, (size_t)(r - m->roots));
	return w ? w->to_offset : r->to_offset;
}

const char *model_name(const struct model *m, uint32_t number)
{
	return number < m->name_count ? model_text(m, m->names[number].text)
				      : "";
}

/* First reference with to >= o. */
static size_t first_reference(const struct model *m, uint32_t o)
{
	size_t low = 0, high = m->reference_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->references[middle].to < o)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t model_references_of(const struct model *m, uint32_t o, size_t *first)
{
	*first = first_reference(m, o);
	return first_reference(m, o + 1) - *first;
}

uint32_t model_block_at(const struct model *m, uint64_t address)
{
	size_t low = 0, high = m->block_count;
	const struct rkn_block *b;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->blocks[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return RKN_NONE;
	b = &m->blocks[low - 1];
	return address - b->address < b->size || address == b->address
		   ? (uint32_t)(low - 1)
		   : RKN_NONE;
}
