/* SPDX-License-Identifier: MIT */
#include "file_locks.h"

#include <fcntl.h>
#include <string.h>

#include "sys.h"
#include "text.h"

/* Is `text` somewhere in the line? */
static bool has(const char *line, size_t size, const char *text)
{
	size_t length = strlen(text);

	for (; size >= length; line++, size--)
		if (memcmp(line, text, length) == 0)
			return true;
	return false;
}

/* "1: POSIX  ADVISORY  READ 4711 fe:01:1234 0 EOF", for one. */
static bool find(const char *lines, size_t size, const char *inode)
{
	while (size) {
		size_t n = 0;

		while (n < size && lines[n] != '\n')
			n++;
		if (has(lines, n, " POSIX ") && has(lines, n, inode))
			return true;
		n += n < size;
		lines += n;
		size -= n;
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
