/* SPDX-License-Identifier: MIT */
#include "regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "xmalloc.h"

static bool is_made_up(int fd)
{
	static const long types[] = { PROC_SUPER_MAGIC, SYSFS_MAGIC,
				      DEBUGFS_MAGIC, TRACEFS_MAGIC };
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return true;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((long)fs.f_type == types[i])
			return true;
	return false;
}

int regular_file_open(const char *path)
{
	struct stat st;
	int fd;

	if (stat(path, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	/* It may be another by now. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && !is_made_up(fd))
		return fd;
	close(fd);
	return -EINVAL;
}

char *regular_file_read(const char *path, size_t most, size_t *size)
{
	int fd = regular_file_open(path);
	char *text = NULL;
	struct stat st;
	ssize_t n = 1;

	*size = 0;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) || (uint64_t)st.st_size > most) {
		*size = most + 1;
	} else {
		text = xmalloc((size_t)st.st_size + 1);
		while (n > 0 && *size < (size_t)st.st_size) {
			n = read(fd, text + *size, (size_t)st.st_size - *size);
			*size += n > 0 ? (size_t)n : 0;
		}
	}
	close(fd);
	return text;
}
