/* SPDX-License-Identifier: MIT */
#include "privileges.h"

#include <grp.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "compiler.h"
#include "environment.h"
#include "proc.h"
#include "process.h"
#include "real.h"

void privileges_change(void)
{
	if (!environment_is_secure() && process_owns_memory())
		process_ready();
}

void privileges_root(struct privileges_root *r)
{
	privileges_change();
	r->keeps = process_page.epoch && process_owns_memory() && proc_keep();
}

void privileges_rooted(const struct privileges_root *r, bool changed)
{
	if (r->keeps && !changed)
		proc_forget();
}

/* Declared by no header. */
int capset(void *a, const void *b);
int pivot_root(const char *a, const char *b);

#define PRIVILEGE(name, parameters, arguments)                                 \
	EXPORT int name parameters                                             \
	{                                                                      \
		real_resolve();                                                \
		privileges_change();                                           \
		return real.name arguments;                                    \
	}
#include "privileges.def"
#undef PRIVILEGE

EXPORT int chroot(const char *path)
{
	struct privileges_root root;
	int result;

	real_resolve();
	privileges_root(&root);
	result = real.chroot(path);
	privileges_rooted(&root, !result);
	return result;
}
