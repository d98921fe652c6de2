/* SPDX-License-Identifier: MIT */
#include "privileges.h"

#include <grp.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "compiler.h"
#include "libc.h"
#include "proc.h"
#include "process.h"
#include "real.h"

COLD void privileges_enter(struct privileges *p, enum hides hides)
{
	p->hides = hides;
	p->keeps = !libc_is_secure() && process_owns_memory() &&
		   process_ready() && hides && proc_keep();
}

COLD void privileges_leave(const struct privileges *p, bool done)
{
	/* What is kept keeps the program from unmounting it. */
	if (p->keeps &&
	    (!done || (p->hides == HIDES_ROOT && proc_is_where_it_was())))
		proc_forget();
}

/* Declared by no header. */
int capset(void *a, const void *b);
int pivot_root(const char *a, const char *b);

#define PRIVILEGE(name, parameters, arguments, hides)                          \
	EXPORT int name parameters                                             \
	{                                                                      \
		struct privileges p;                                           \
		int result;                                                    \
                                                                               \
		real_resolve();                                                \
		privileges_enter(&p, hides);                                   \
		result = real.name arguments;                                  \
		privileges_leave(&p, !result);                                 \
		return result;                                                 \
	}
#include "privileges.def"
#undef PRIVILEGE
