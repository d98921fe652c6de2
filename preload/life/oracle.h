/* SPDX-License-Identifier: MIT */
/* What the shim and the library with libunwind agree on; see oracle.c. */
#ifndef ORACLE_H
#define ORACLE_H

#include <stdint.h>

/*
 * Writes the return addresses of the present thread's frames, innermost first,
 * from the frame whose stack pointer is `sp` on, at most `most`. Returns how
 * many; 0 if it does not reach that frame. Takes locks and makes system calls.
 */
int refknot_oracle(uint64_t sp, uint64_t *pcs, int most);
#define ORACLE_FUNCTION "refknot_oracle"

/* Whether libunwind has a table for the frame with that return address, so that
 * it does not guess the next one. It asks dl_iterate_phdr, which refknot never
 * calls. */
int refknot_oracle_knows(uint64_t pc);
#define ORACLE_KNOWS   "refknot_oracle_knows"
#define ORACLE_LIBRARY "librefknot_oracle.so"

#endif
