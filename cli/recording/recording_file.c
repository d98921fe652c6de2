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
#include "recording.h"

int model_load(struct model *m, const char *path)
{
	char magic[8] = "", text[MODEL_ERROR_SIZE];
	int64_t n;
	struct stat st;
	int fd, error = -EINVAL;

	memset(m, 0, sizeof(*m));
	m->path = strdup(path);
	if (!m->path) {
		snprintf(m->error, sizeof(m->error), "out of memory");
		return -ENOMEM;
	}
	/* O_NONBLOCK: a FIFO is an error, not a wait. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		error = model_error(m, -errno, "cannot be opened: %s",
				    strerror(errno));
	else if (fstat(fd, &st))
		model_error(m, 0, "cannot be read: %s", strerror(errno));
	else if (S_ISDIR(st.st_mode))
		model_error(m, 0, "is a directory, not a recording");
	else if (!S_ISREG(st.st_mode))
		model_error(m, 0, "is not a regular file");
	else if (!st.st_size)
		model_error(m, 0, "is empty: nothing was recorded in it");
	else if ((n = model_pread(fd, magic, sizeof(magic), 0)) < 0)
		error = model_error(m, (int)n, "cannot be read: %s",
				    strerror((int)-n));
	else if (n > 0 && !memcmp(magic, RKN_MAGIC, (size_t)n))
		error = recording_read(m, fd, (uint64_t)st.st_size);
	else if (n > 0 && !memcmp(magic, STORE_MAGIC, (size_t)n))
		error = store_read(m, fd, (uint64_t)st.st_size);
	else
		model_error(
		    m, 0,
		    "is not a recording of refknot; refknot run PROGRAM makes one");
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

static int recording_file_save(const struct model *m, const char *path,
			       int (*put_at)(const char *name,
					     const char *path))
{
	const char *slash = strrchr(path, '/');
	int directory = slash ? (int)(slash - path + 1) : 0;
	char *name;
	int error, fd, locked;

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
	error = m->packed ? recording_copy(m, fd) : recording_write(m, fd);
	/* While it is locked nobody takes it for a leftover. */
	locked = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (close(fd) && !error)
		error = -errno;
	if (!error)
		error = put_at(name, path);
	if (error)
		unlink(name);
	if (locked >= 0)
		close(locked);
	interrupt_keep(name);
	free(name);
	return error;
}

int model_save(const struct model *m, const char *path)
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
	return recording_file_save(m, path, recording_file_rename);
}

int model_save_new(const struct model *m, const char *path)
{
	struct stat st;

	return !lstat(path, &st)
		   ? -EEXIST
		   : recording_file_save(m, path, recording_file_rename_new);
}
