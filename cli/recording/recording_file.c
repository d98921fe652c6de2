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

#include "recording.h"

/* O_NONBLOCK: a FIFO is an error, not a wait. */
static int recording_file_open(struct model *m, uint64_t *size)
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

static int recording_file_read(struct model *m, int fd, uint64_t size)
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
static void recording_file_forget(struct model *m)
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
	fd = recording_file_open(m, &size);
	if (fd < 0) {
		recording_file_forget(m);
		return fd;
	}
	error = recording_file_read(m, fd, size);
	close(fd);
	if (error && error != -ENODATA)
		recording_file_forget(m);
	return error;
}

/* What a rename must not replace: a link, a device, a pipe, a socket. */
static int recording_file_check_target(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? 0 : -EEXIST;
}

/* A file of its own, 0600, beside `path`; *name is for the caller to free. */
static int recording_file_create_beside(const char *path, char **name)
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
	char *name = NULL;
	int error, fd;

	fd = recording_file_create_beside(path, &name);
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
	int error = recording_file_check_target(path);

	return error ? error
		     : recording_file_save(m, path, recording_file_rename);
}

int model_save_new(const struct model *m, const char *path)
{
	struct stat st;

	return !lstat(path, &st)
		   ? -EEXIST
		   : recording_file_save(m, path, recording_file_rename_new);
}
