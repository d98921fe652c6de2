/* SPDX-License-Identifier: MIT */
#include "text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "die.h"
#include "interrupt.h"
#include "status.h"

/* One byte more than is allowed is read: then there are too many. */
static char *read_all(int fd, size_t *size)
{
	char *text = xmalloc(TEXT_FILE_MOST + 2);
	ssize_t n = 1;

	*size = 0;
	while (n > 0 && *size <= TEXT_FILE_MOST) {
		n = read(fd, text + *size, TEXT_FILE_MOST + 1 - *size);
		if (n > 0)
			*size += (size_t)n;
	}
	text[*size] = '\0';
	if (n >= 0)
		return text;
	free(text);
	return NULL;
}

char *text_file_read(const char *path, const char *what)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	char *text = NULL;
	size_t size;

	if (fd >= 0 && fstat(fd, &st))
		die(STATUS_INPUT, "%s: %s", path, strerror(errno));
	if (fd >= 0 && !S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) &&
	    !(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
		die(STATUS_INPUT,
		    "%s is neither a regular file, a pipe nor /dev/null; name %s",
		    path, what);
	if (fd >= 0) /* of a pipe, as <(...) makes it: wait for its writer */
		fcntl(fd, F_SETFL, 0);
	if (fd >= 0)
		text = read_all(fd, &size);
	if (!text)
		die(STATUS_INPUT, "%s cannot be read as %s: %s", path, what,
		    strerror(errno));
	close(fd);
	if (size > TEXT_FILE_MOST)
		die(STATUS_INPUT, "%s is too long for %s (16 MiB at most)",
		    path, what);
	if (strlen(text) != size)
		die(STATUS_INPUT, "%s is not text: byte %zu is zero; name %s",
		    path, strlen(text), what);
	return text;
}

/* As the file that is there, else as any new file of the user's. */
static mode_t mode_for(const char *path)
{
	struct stat st;
	mode_t mask;

	if (!stat(path, &st))
		return st.st_mode & 0777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

int text_file_create(struct text_file *f, const char *path)
{
	struct stat st;
	int fd, error;

	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return -EINVAL;
	/* Through a link to the file that is meant. */
	f->path = realpath(path, NULL);
	if (!f->path)
		f->path = xstrdup(path);
	f->draft = xasprintf("%s.XXXXXX", f->path);
	interrupt_remove(f->draft);
	fd = mkostemp(f->draft, O_CLOEXEC);
	f->out =
	    fd < 0 || fchmod(fd, mode_for(f->path)) ? NULL : fdopen(fd, "w");
	if (f->out)
		return 0;
	error = -errno;
	if (fd >= 0) {
		unlink(f->draft);
		close(fd);
	}
	interrupt_keep(f->draft);
	free(f->path);
	free(f->draft);
	return error;
}

int text_file_commit(struct text_file *f)
{
	bool failed = ferror(f->out);
	int error = 0;

	errno = EIO;
	if (fclose(f->out) || failed || rename(f->draft, f->path))
		error = -errno;
	if (error)
		unlink(f->draft);
	interrupt_keep(f->draft);
	free(f->path);
	free(f->draft);
	return error;
}
