/* SPDX-License-Identifier: MIT */
#include "file_locks.h"

#include <fcntl.h>
#include <string.h>

#include "sys.h"
#include "text.h"

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

COLD bool file_locks_have(struct file_locks *l, uint64_t inode)
{
	char number[24];
	struct text t = { number, sizeof(number), 0 };
	long fd = sys_open("/proc/locks", O_RDONLY, 0), n;
	size_t kept = 0;
	bool found = false;

	if (fd < 0)
		return false;
	text_add(&t, ":");
	text_number(&t, inode);
	text_add(&t, " ");
	while (!found && kept < sizeof(l->lines)) {
		n = sys_read((int)fd, l->lines + kept, sizeof(l->lines) - kept);
		if (n <= 0)
			break;
		n += (long)kept;
		found = find(l->lines, (size_t)n, number);
		for (kept = 0; (long)kept < n; kept++) /* no whole line */
			if (l->lines[n - 1 - (long)kept] == '\n')
				break;
		memmove(l->lines, l->lines + n - kept, kept);
	}
	sys_close((int)fd);
	return found;
}
