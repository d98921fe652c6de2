/* SPDX-License-Identifier: MIT */
/* A recording's file: opened and read in either form, or replaced. */
#include <errno.h>
#include <fcntl.h>
#include <refknot/store.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interrupt.h"
#include "list.h"
#include "parts.h"
#include "recording.h"

/* What is in the way of reading `fd`, the file of m->path. */
static int refuse(struct model *m, int fd)
{
	struct stat st;

	if (fd == -ESRCH)
		return model_error(m, fd,
				   "the file has no recording of that process");
	if (fd < 0)
		return model_error(m, fd, "cannot be opened: %s",
				   strerror(-fd));
	if (fstat(fd, &st))
		model_error(m, 0, "cannot be read: %s", strerror(errno));
	else if (S_ISDIR(st.st_mode))
		model_error(m, 0, "is a directory, not a recording");
	else if (!S_ISREG(st.st_mode))
		model_error(m, 0, "is not a regular file");
	else if (!st.st_size)
		model_error(m, 0, "is empty: nothing was recorded in it");
	else
		return 0;
	return -EINVAL;
}

static int read_either(struct model *m, int fd, const struct part *part)
{
	char magic[8] = "";
	int64_t n = model_pread(fd, magic, sizeof(magic), part->at);

	if (n < 0)
		return model_error(m, (int)n, "cannot be read: %s",
				   strerror((int)-n));
	/* Where a damaged part began is known by the file's other parts. */
	if (part->at || (n > 0 && !memcmp(magic, RKN_MAGIC, (size_t)n)))
		return recording_read(m, fd, part->at, part->size);
	if (n > 0 && !memcmp(magic, STORE_MAGIC, (size_t)n))
		return store_read(m, fd, part->size);
	return model_error(
	    m, -EINVAL,
	    "is not a recording of refknot; refknot run PROGRAM makes one");
}

int model_load(struct model *m, const char *path)
{
	char text[MODEL_ERROR_SIZE];
	struct part part;
	int fd, error;

	memset(m, 0, sizeof(*m));
	m->path = strdup(path);
	if (!m->path) {
		snprintf(m->error, sizeof(m->error), "out of memory");
		return -ENOMEM;
	}
	fd = parts_open(path, O_RDONLY, &part);
	error = refuse(m, fd);
	m->size = part.size;
	if (!error)
		error = read_either(m, fd, &part);
	if (fd >= 0)
		close(fd);
	if (error && error != -ENODATA) { /* keeps m->error */
		memcpy(text, m->error, sizeof(text));
		model_release(m);
		memcpy(m->error, text, sizeof(text));
	}
	return error;
}

static int recording_file_rename(const char *name, const char *path)
{
	return rename(name, path) ? -errno : 0;
}

static int recording_file_rename_new(const char *name, const char *path)
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
	return recording_file_rename(name, path);
}

static int write_part(const struct model *m, struct model_file *f)
{
	uint64_t size = 0;
	int error = m->packed ? recording_copy(m, f->fd, &size)
			      : recording_write(m, f->fd, f->end, &size);

	if (error)
		return error;
	*LIST_ADD(f->parts, f->count) =
	    (struct model_file_part){ f->end, m->meta.pid };
	f->end += size;
	return 0;
}

static int recording_file_begin(struct model_file *f, const struct model *m,
				const char *path,
				int (*put_at)(const char *name,
					      const char *path))
{
	const char *slash = strrchr(path, '/');
	int directory = slash ? (int)(slash - path + 1) : 0;
	struct model_file made = { .spoilt = f->spoilt };
	char *name;
	int error, fd;

	/* A file of its own, 0600, beside `path`. */
	if (asprintf(&name, "%.*s.refknot-XXXXXX", directory, path) < 0)
		return -ENOMEM;
	interrupt_remove(name);
	fd = mkostemp(name, O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		error = -errno;
		interrupt_keep(name);
		free(name);
		return error;
	}
	fchmod(fd, 0600);             /* whatever the umask took away */
	flock(fd, LOCK_EX | LOCK_NB); /* see owner.h */
	made.fd = fd;
	error = write_part(m, &made);
	/* While it is locked nobody takes it for a leftover. */
	made.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (close(fd) && !error)
		error = -errno;
	if (!error && made.fd < 0)
		error = -errno;
	if (!error)
		error = put_at(name, path);
	interrupt_keep(name);
	if (error) {
		unlink(name);
		if (made.fd >= 0)
			close(made.fd);
		free(made.parts);
	} else {
		made.path = xstrdup(path);
		*f = made;
	}
	free(name);
	return error;
}

int model_file_begin(struct model_file *f, const struct model *m,
		     const char *path)
{
	struct stat st;

	/* What a rename must not replace: a link, a device, a pipe, a socket. */
	if (!lstat(path, &st)) {
		if (S_ISDIR(st.st_mode))
			return -EISDIR;
		if (!S_ISREG(st.st_mode))
			return -EEXIST;
	} else if (errno != ENOENT) {
		return -errno;
	}
	return recording_file_begin(f, m, path, recording_file_rename);
}

int model_file_begin_new(struct model_file *f, const struct model *m,
			 const char *path)
{
	struct stat st;

	return !lstat(path, &st) ? -EEXIST
				 : recording_file_begin(
				       f, m, path, recording_file_rename_new);
}

/* Some file systems say only when a file is closed that it was not written. */
static int written(int fd)
{
	int other = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return other < 0 || close(other) ? -errno : 0;
}

/* Whether its name is still its own. */
static bool is_there(const struct model_file *f)
{
	struct stat mine, now;

	return !fstat(f->fd, &mine) && !lstat(f->path, &now) &&
	       mine.st_dev == now.st_dev && mine.st_ino == now.st_ino;
}

int model_file_add(struct model_file *f, const struct model *m, char **name)
{
	uint64_t end = f->end;
	int error = is_there(f) ? write_part(m, f) : -ESTALE;
	size_t same = 1;

	if (!error) {
		error = written(f->fd);
		f->count -= error != 0;
	}
	if (error) {
		/* A part of it would be the last of the file. */
		if (error == -ESTALE)
			return error;
		f->end = end;
		lseek(f->fd, (off_t)end, SEEK_SET);
		return ftruncate(f->fd, (off_t)end) ? -errno : error;
	}
	for (size_t i = 0; i + 1 < f->count; i++)
		same += f->parts[i].pid == m->meta.pid;
	*name = parts_called(f->path, m->meta.pid, same);
	return 0;
}

int model_file_note(const struct model_file *f, const struct rkn_meta *meta)
{
	return recording_note(f->fd, f->parts[f->count - 1].at, meta);
}

void model_file_complete(const struct model_file *f)
{
	if (f->path)
		recording_complete(f->fd);
}

void model_file_end(struct model_file *f)
{
	if (f->path)
		close(f->fd);
	free(f->path);
	free(f->parts);
	*f = (struct model_file){ 0 };
}

int model_save(const struct model *m, const char *path)
{
	struct model_file f = { 0 };
	int error = model_file_begin(&f, m, path);

	model_file_end(&f);
	return error;
}
