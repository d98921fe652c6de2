/* SPDX-License-Identifier: MIT */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>

#include "sys.h"
#include "text.h"

/* The number that is kept is this or a little more, so that neither what the
 * program opens gets another number nor the kernel's table grows. */
#define NUMBER 1023
#define LEAST  64 /* a limit of fewer leaves none to spare */

static int kept = -1;
static struct sys_identity identity, root;

static bool same(const struct sys_identity *a, const struct sys_identity *b)
{
	return a->device == b->device && a->inode == b->inode;
}

static bool identify(const char *path, struct sys_identity *id)
{
	long fd = sys_open(path, O_PATH | O_DIRECTORY, 0);
	bool done = fd >= 0 && !sys_identify((int)fd, id);

	if (fd >= 0)
		sys_close((int)fd);
	return done;
}

/* The program may have closed it, and have another file there by now. */
static bool is_kept(void)
{
	struct sys_identity now;

	if (kept < 0)
		return false;
	if (!sys_identify(kept, &now) && same(&now, &identity))
		return true;
	kept = -1;
	return false;
}

bool proc_keep(void)
{
	uint64_t most = sys_limit(RLIMIT_NOFILE);
	long fd, high = -EMFILE;

	if (is_kept() || most < LEAST || !identify("/", &root))
		return false;
	fd = sys_open("/proc", O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return false;
	if (!sys_identify((int)fd, &identity))
		high = sys_duplicate((int)fd,
				     most > NUMBER ? NUMBER : (int)most - 1);
	sys_close((int)fd);
	kept = high < 0 ? -1 : (int)high;
	return kept >= 0;
}

void proc_forget(void)
{
	if (is_kept())
		sys_close(kept);
	kept = -1;
}

bool proc_is_where_it_was(void)
{
	struct sys_identity now;

	return identify("/", &now) && same(&now, &root) &&
	       identify("/proc", &now) && same(&now, &identity);
}

/* The path first: what the program has mounted there may know it by the numbers
 * that it has now. */
long proc_open(const char *name, int flags)
{
	char path[64];
	struct text t = { path, sizeof(path), 0 };
	long fd;

	text_add(&t, "/proc/");
	text_add(&t, name);
	fd = sys_open(path, flags, 0);
	return fd < 0 && is_kept() ? sys_open_below(kept, name, flags) : fd;
}

/* "Pid:\t1234" begins a line of `text`; 0: no line. */
static int pid_in(const char *text)
{
	static const char name[] = "Pid:\t";
	const size_t size = sizeof(name) - 1;
	int pid = 0;

	while (*text && strncmp(text, name, size) != 0) {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	for (text += *text ? size : 0;
	     *text >= '0' && *text <= '9' && pid < INT_MAX / 10; text++)
		pid = pid * 10 + (*text - '0');
	return pid;
}

int proc_pidfd(int fd)
{
	char text[256];
	struct text t = { text, sizeof(text), 0 };
	long from, size = 0;

	text_add(&t, "self/fdinfo/");
	text_number(&t, (uint64_t)fd);
	from = proc_open(text, O_RDONLY);
	if (from >= 0) {
		size = sys_read((int)from, text, sizeof(text) - 1);
		sys_close((int)from);
	}
	text[size > 0 ? size : 0] = '\0';
	return pid_in(text);
}
