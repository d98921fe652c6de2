/* SPDX-License-Identifier: MIT */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>

#include "sys.h"
#include "text.h"

/* The number that is kept is this or a little more, so that neither what the
 * program opens gets another number nor the kernel's table grows. */
#define NUMBER 1023
#define LEAST  64 /* a limit of fewer leaves none to spare */

static int kept = -1;
static struct sys_identity identity;

/* The program may have closed it, and have another file there by now. */
static bool is_kept(void)
{
	struct sys_identity now;

	if (kept < 0)
		return false;
	if (!sys_identify(kept, &now) && now.device == identity.device &&
	    now.inode == identity.inode)
		return true;
	kept = -1;
	return false;
}

bool proc_keep(void)
{
	uint64_t most = sys_limit(RLIMIT_NOFILE);
	long fd, high = -EMFILE;

	if (is_kept() || most < LEAST)
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
