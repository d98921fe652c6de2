/* SPDX-License-Identifier: MIT */
#include "file_locks.h"

#include <fcntl.h>
#include <string.h>

#include "sys.h"
#include "text.h"

/* --- /proc/locks -------------------------------------------------------------- */

/* Where `text`, which has two bytes at least, is in what stands from `at` to
 * `end`; NULL: nowhere. */
static const char *search(const char *at, const char *end, const char *text)
{
	const size_t length = strlen(text);

	for (end -= length; at <= end; at++)
		if (at[0] == text[0] && at[1] == text[1] &&
		    memcmp(at, text, length) == 0)
			return at;
	return NULL;
}

/* "1: POSIX  ADVISORY  READ 4711 fe:01:1234 0 EOF", for one. Few lines have the
 * inode, so that is looked for first. */
static bool find(const char *lines, size_t size, const char *inode)
{
	const char *line, *end = lines + size, *at = lines;

	while ((at = search(at, end, inode))) {
		for (line = at; line > lines && line[-1] != '\n'; line--)
			;
		if (search(line, at, " POSIX "))
			return true;
		at++;
	}
	return false;
}

COLD bool file_locks_listed(struct file_locks *l, uint64_t inode)
{
	struct text t = { l->number, sizeof(l->number), 0 };
	long fd = sys_open("/proc/locks", O_RDONLY, 0), n;
	size_t kept = 0;
	bool found = false;

	if (fd < 0)
		return false;
	text_add(&t, ":");
	text_number(&t, inode);
	text_add(&t, " ");
	while (!found && kept < sizeof(l->room)) {
		n = sys_read((int)fd, l->room + kept, sizeof(l->room) - kept);
		if (n <= 0)
			break;
		n += (long)kept;
		found = find(l->room, (size_t)n, l->number);
		for (kept = 0; (long)kept < n; kept++) /* no whole line */
			if (l->room[n - 1 - (long)kept] == '\n')
				break;
		memmove(l->room, l->room + n - kept, kept);
	}
	sys_close((int)fd);
	return found;
}

/* --- This process's descriptors ------------------------------------------------ */

static bool is_open_as(struct stat *st, const char *name,
		       const struct sys_identity *file)
{
	long modes;
	int fd;

	if (text_digit(*name, 10) < 0)
		return false;
	fd = (int)text_read(&name, 10);
	if (sys_stat(fd, st) || st->st_ino != file->inode ||
	    st->st_dev != file->device)
		return false;
	modes = sys_modes(fd); /* a filter may forbid to ask */
	return modes < 0 || !(modes & O_PATH);
}

/* Whether a descriptor of it is open, or may be. */
static NOINLINE bool is_open(struct file_locks *l,
			     const struct sys_identity *file)
{
	long fd = sys_open("/proc/thread-self/fd", O_RDONLY | O_DIRECTORY, 0);
	long size = -1;
	bool found = false;

	while (fd >= 0 && !found &&
	       (size = sys_directory((int)fd, l->room, sizeof(l->room))) > 0)
		for (long at = 0; at < size && !found;) {
			const struct sys_entry *e =
			    (const void *)(l->room + at);

			at += e->size;
			found = is_open_as(&l->st, e->name, file);
		}
	if (fd >= 0)
		sys_close((int)fd);
	return found || size < 0;
}

COLD bool file_locks_have(struct file_locks *l, const struct sys_identity *file)
{
	return is_open(l, file) && file_locks_listed(l, file->inode);
}
