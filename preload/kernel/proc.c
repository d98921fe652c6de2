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

/* Atomic: any thread may give up privileges, and any may look. Who changes it
 * holds it for that long, and nobody waits; a thread that is forked away then
 * leaves it so, and nothing is kept in the child. */
#define NONE (-1)
#define HELD (-2)
static int kept = NONE;
/* Written by the thread that holds it; of no effect where they are read half. */
static struct sys_identity identity, root;

static bool same(const struct sys_identity *a, const struct sys_identity *noted)
{
	return a->device == READ_ONCE(noted->device) &&
	       a->inode == READ_ONCE(noted->inode);
}

static void note(struct sys_identity *to, const struct sys_identity *id)
{
	WRITE_ONCE(to->device, id->device);
	WRITE_ONCE(to->inode, id->inode);
}

static bool move(int from, int to)
{
	return CHANGE(kept, from, to);
}

static bool identify(const char *path, struct sys_identity *id)
{
	long fd = sys_open(path, O_PATH | O_DIRECTORY, 0);
	bool done = fd >= 0 && !sys_identify((int)fd, id);

	if (fd >= 0)
		sys_close((int)fd);
	return done;
}

/* The descriptor; NONE: none is kept. The program may have closed it, and have
 * another file there by now. */
static int find(void)
{
	int fd = LOAD_ACQUIRE(kept);
	struct sys_identity now;

	if (fd < 0)
		return NONE;
	if (!sys_identify(fd, &now) && same(&now, &identity))
		return fd;
	move(fd, NONE);
	return NONE;
}

/* A duplicate of high number, of /proc as it is now; or -errno. */
static long duplicate(uint64_t most)
{
	struct sys_identity now;
	long fd, high = -EMFILE;

	if (!identify("/", &now))
		return high;
	note(&root, &now);
	fd = sys_open("/proc", O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	if (!sys_identify((int)fd, &now)) {
		note(&identity, &now);
		high = sys_duplicate((int)fd,
				     most > NUMBER ? NUMBER : (int)most - 1);
	}
	sys_close((int)fd);
	return high;
}

COLD bool proc_keep(void)
{
	uint64_t most = sys_limit(RLIMIT_NOFILE);
	long fd;

	if (find() >= 0 || most < LEAST || !move(NONE, HELD))
		return false;
	fd = duplicate(most);
	move(HELD, fd < 0 ? NONE : (int)fd);
	return fd >= 0;
}

COLD void proc_forget(void)
{
	int fd = find();

	if (fd >= 0 && move(fd, NONE))
		sys_close(fd);
}

COLD bool proc_is_where_it_was(void)
{
	struct sys_identity now;

	return identify("/", &now) && same(&now, &root) &&
	       identify("/proc", &now) && same(&now, &identity);
}

/* The path first: what the program has mounted there may know it by the numbers
 * that it has now. */
long proc_open(const char *name, int flags)
{
	static const char own[] = "thread-self/";
	char path[64];
	struct text t = { path, sizeof(path), 0 };
	int below, pid;
	long fd;

	/* The first thread's are its process's, by a shorter way. */
	if (text_begins(name, own) && (pid = sys_pid()) > 0 && pid == sys_tid())
		name += sizeof("thread-") - 1;
	text_add(&t, "/proc/");
	text_add(&t, name);
	fd = sys_open(path, flags, 0);
	below = fd < 0 ? find() : NONE;
	return below < 0 ? fd : sys_open_below(below, name, flags);
}

COLD int proc_pidfd(int fd)
{
	char text[256];
	const char *at = text;
	uint64_t pid;
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
	while (*at && !text_begins(at, "Pid:\t")) {
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	if (!*at)
		return 0;
	at += sizeof("Pid:\t") - 1;
	pid = text_read(&at, 10);
	return pid <= INT_MAX ? (int)pid : 0;
}
