/* SPDX-License-Identifier: MIT */
/*
 * How often the program may have made memory unreadable: a thread believes the
 * kernel's answer, that a page can be read, until then.  The calls that make
 * memory unreadable are hooked (mappings.c, calls.c).  Threads open and close
 * pages with a key by an instruction, which no hook sees: once there are any,
 * no answer is believed.
 */
#ifndef SEALS_H
#define SEALS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"

struct seals {
	uint64_t count;
	bool keys; /* pages may have them */
};
extern HIDDEN struct seals seals;

/* Call it before such a call, for what interrupts that, and behind it, for a
 * thread that asked the kernel meanwhile. */
static inline void seals_change(void)
{
	__atomic_fetch_add(&seals.count, 1, __ATOMIC_SEQ_CST);
}

/* Before pages get a key. */
void seals_use_keys(void);

#define SEALS_GUARD 102 /* MADV_GUARD_INSTALL, newer than some headers */

/* Whether that system call may make memory unreadable. */
bool seals_concern(long number, const long *arguments);

/* Whether the page with that address can be read: by an earlier answer, or else
 * by the kernel's. For a thread that is inside refknot. */
bool seals_can_read(uint64_t address);

/*
 * Reads `width` bytes (1, 2, 4 or 8, aligned) there. False if they cannot be
 * read after all, because of a system call that no hook saw, and refknot's
 * handler replaced the default (fatal.c): it goes on behind the read, as
 * seals_skip() says.
 */
bool seals_read(uint64_t address, unsigned width, uint64_t *value);
/* Whether the fault in that handler's context came from such a read; then the
 * context goes on behind the read. */
bool seals_skip(void *context);

#endif
