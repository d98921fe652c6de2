/* SPDX-License-Identifier: MIT */
#include "recording_path.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <refknot/format.h>
#include <refknot/store.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "parts.h"

#define NAME_BYTES  200 /* of a program in a file name, leaving room for more */
#define TRIAL_BYTES 65536
#define LAST_NUMBER 999 /* of a name, as the shim has it */

char *recording_path_directory(const char *file)
{
	const char *slash = file ? strrchr(file, '/') : NULL;

	if (!slash)
		return xstrdup(".");
	if (slash == file)
		return xstrdup("/");
	return xasprintf("%.*s", (int)(slash - file), file);
}

/* Some file systems are full only when something is written. */
static int try_write(int fd)
{
	char *bytes = xcalloc(1, TRIAL_BYTES);
	int error = 0;
	ssize_t n;

	/* After a write in part, only the next call says why. */
	for (size_t done = 0; !error && done < TRIAL_BYTES; done += (size_t)n) {
		n = write(fd, bytes, TRIAL_BYTES - done);
		if (n <= 0)
			error = n ? -errno : -ENOSPC;
	}
	free(bytes);
	return error;
}

const char *recording_path_reason(int error)
{
	if (error == -EFBIG)
		return "files are limited to too small a size; raise that limit (ulimit -f)";
	return strerror(-error);
}

int recording_path_check(const char *directory)
{
	int fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600), error;
	struct stat st;
	char *path;

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		path = xasprintf("%s/.refknot-XXXXXX", directory);
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			unlink(path);
		free(path);
	}
	if (fd < 0) {
		error = errno;
		/* Whether the directory was removed: file systems differ in the
		 * errno that they give for that. */
		return !stat(directory, &st) && S_ISDIR(st.st_mode) &&
			       !st.st_nlink
			   ? -ENOENT
			   : -error;
	}
	error = try_write(fd);
	close(fd);
	return error;
}

const char *recording_path_refusal(const char *file)
{
	char magic[8], *directory;
	struct stat st, above;
	bool anothers;
	ssize_t size;
	int fd;

	if (!*file)
		return "is empty; name a file";
	if (file[strlen(file) - 1] == '/' ||
	    (!stat(file, &st) && S_ISDIR(st.st_mode)))
		return "is a directory; name a file in it";
	if (parts_is_part(file))
		return "would be the name of a recording in another file; name another";
	if (lstat(file, &st))
		return NULL; /* what is wrong shows when it is written */
	if (S_ISLNK(st.st_mode))
		return "is a symbolic link, which is neither followed nor replaced; name the file itself, or remove the link";
	if (!S_ISREG(st.st_mode))
		return "is not a regular file; name another";
	/* Where all may write, a name that another user took is not ours to
	 * give. */
	directory = recording_path_directory(file);
	anothers = st.st_uid != geteuid() && !stat(directory, &above) &&
		   above.st_mode & S_ISVTX;
	free(directory);
	if (anothers)
		return "belongs to another user; name another file";
	/* What it was may have changed since: never wait for a FIFO. */
	fd = open(file,
		  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return "cannot be read, so it may be something else than a recording; name another file";
	size = read(fd, magic, sizeof(magic));
	close(fd);
	if (!size || (size == sizeof(magic) &&
		      (!memcmp(magic, RKN_MAGIC, sizeof(magic)) ||
		       !memcmp(magic, STORE_MAGIC, sizeof(magic)))))
		return NULL;
	return "is not a recording, so it is not overwritten; name another file, or remove it";
}

char *recording_path_name(const char *program, uint32_t pid)
{
	const char *slash = strrchr(program, '/');
	const char *base = slash ? slash + 1 : program;
	char *stem, *name;
	struct stat st;

	stem = xasprintf("%.*s.%u", NAME_BYTES, *base ? base : "program", pid);
	for (char *c = stem; *c; c++)
		*c = iscntrl((unsigned char)*c) ? '_' : *c;
	if (*stem == '.') /* *.rkn would not match it */
		*stem = '_';
	name = xasprintf("%s" RECORDING_PATH_SUFFIX, stem);
	for (unsigned i = 2; i <= LAST_NUMBER && !lstat(name, &st); i++) {
		free(name);
		name = xasprintf("%s.%u" RECORDING_PATH_SUFFIX, stem, i);
	}
	free(stem);
	return name;
}
