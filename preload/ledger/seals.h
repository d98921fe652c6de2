/* SPDX-License-Identifier: MIT */
/*
 * How often the program may have made memory unreadable: whoever was told by
 * the kernel that a page can be read believes it until then.  The calls that do
 * so are hooked (mappings.c, calls.c).  Threads open and close the pages that
 * have a key by an instruction, which nobody sees: once there are any, nothing
 * is believed.
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

/* Before such a call, for what interrupts it, and behind it, for who asked the
 * kernel meanwhile. */
static inline void seals_change(void)
{
	__atomic_fetch_add(&seals.count, 1, __ATOMIC_SEQ_CST);
}

/* Before pages get a key. */
void seals_use_keys(void);

#define SEALS_GUARD 102 /* MADV_GUARD_INSTALL, newer than some headers */

/* May that system call make memory unreadable? */
bool seals_concern(long number, const long *arguments);

/* Of the page with that address: what an earlier call was told, or else the
 * kernel. For a thread that is inside refknot. */
bool seals_can_read(uint64_t address);

/*
 * Read `width` bytes (1, 2, 4 or 8, aligned) there. False: they cannot be read
 * after all, for a system call that nobody saw, and refknot's handler stood in
 * for the default (fatal.c): it goes on behind the read, as seals_skip() says.
 */
bool seals_read(uint64_t address, unsigned width, uint64_t *value);
/* Did the fault that a handler was called for come from such a read? */
bool seals_skip(void *context);

#endif
