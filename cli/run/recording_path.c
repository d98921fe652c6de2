/* SPDX-License-Identifier: MIT */
#include "recording_path.h"

#include <errno.h>
#include <fcntl.h>
#include <refknot/format.h>
#include <refknot/store.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"

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

	/* What was written in part tells only the next time why. */
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

/* What the kernel says of a file in it differs from file system to file system. */
static bool is_removed(const char *directory)
{
	struct stat st;

	return !stat(directory, &st) && S_ISDIR(st.st_mode) && !st.st_nlink;
}

int recording_path_check(const char *directory)
{
	int fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600), error;
	char *path;

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		path = xasprintf("%s/.refknot-XXXXXX", directory);
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			unlink(path);
		free(path);
	}
	if (fd < 0)
		return is_removed(directory) ? -ENOENT : -errno;
	error = try_write(fd);
	close(fd);
	return error;
}

static const char *refusal_of_contents(const char *file)
{
	/* What it was may have changed since: never wait for a FIFO. */
	int fd = open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
				O_CLOEXEC);
	char magic[8];
	ssize_t size;

	if (fd < 0)
		return "cannot be read, so it may be something else than a recording; name another file";
	size = read(fd, magic, sizeof(magic));
	close(fd);
	if (!size)
		return NULL;
	if (size == sizeof(magic) &&
	    (!memcmp(magic, RKN_MAGIC, sizeof(magic)) ||
	     !memcmp(magic, STORE_MAGIC, sizeof(magic))))
		return NULL;
	return "is not a recording, so it is not overwritten; name another file, or remove it";
}

/* Where all may write, a name that another user took is not ours to give. */
static bool is_anothers(const char *file, const struct stat *st)
{
	char *directory = recording_path_directory(file);
	struct stat above;
	bool is = st->st_uid != geteuid() && !stat(directory, &above) &&
		  above.st_mode & S_ISVTX;

	free(directory);
	return is;
}

const char *recording_path_refusal(const char *file)
{
	struct stat st;

	if (lstat(file, &st))
		return NULL; /* or else its directory tells why */
	if (S_ISLNK(st.st_mode))
		return "is a symbolic link, which is neither followed nor replaced; name the file itself, or remove the link";
	if (!S_ISREG(st.st_mode))
		return "is not a regular file; name another";
	if (is_anothers(file, &st))
		return "belongs to another user; name another file";
	return refusal_of_contents(file);
}

/* `stem`.rkn, or the first of `stem`.2.rkn ... that is not there; the last one
 * if they all are. */
static char *free_name(const char *stem, const char *suffix)
{
	char *name = xasprintf("%s%s", stem, suffix);
	struct stat st;

	for (unsigned i = 2; i <= LAST_NUMBER && !lstat(name, &st); i++) {
		free(name);
		name = xasprintf("%s.%u%s", stem, i, suffix);
	}
	return name;
}

static char *program_stem(const char *program, uint32_t pid)
{
	const char *base = strrchr(program, '/');
	char *stem;

	base = base ? base + 1 : program;
	stem = xasprintf("%.*s.%u", NAME_BYTES, *base ? base : "program", pid);
	for (char *c = stem; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '_';
	if (*stem == '.') /* *.rkn would not match it */
		*stem = '_';
	return stem;
}

char *recording_path_name(const char *file, const char *program, uint32_t pid,
			  bool main_program)
{
	const char *base, *suffix = RECORDING_PATH_SUFFIX;
	char *stem, *name;

	if (file && main_program)
		return xstrdup(file);
	if (file) {
		base = strrchr(file, '/');
		base = base ? base + 1 : file;
		suffix = strrchr(base, '.');
		if (!suffix || suffix == base)
			suffix = base + strlen(base);
		stem = xasprintf("%.*s.%u", (int)(suffix - file), file, pid);
	} else {
		stem = program_stem(program, pid);
	}
	name = free_name(stem, suffix);
	free(stem);
	return name;
}
