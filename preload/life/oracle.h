/* SPDX-License-Identifier: MIT */
/* What the shim and the library with libunwind agree on; see oracle.c. */
#ifndef ORACLE_H
#define ORACLE_H

#include <stdint.h>

/*
 * Return addresses of the present thread's frames, innermost first, from the
 * frame whose stack pointer is `sp` on: at most `most`. How many; 0 when that
 * frame is not reached. Takes locks and makes system calls.
 */
int refknot_oracle(uint64_t sp, uint64_t *pcs, int most);
#define ORACLE_FUNCTION "refknot_oracle"

/* Has libunwind a table for the frame with that return address, so that it
 * does not guess the next one? By dl_iterate_phdr, which refknot never asks. */
int refknot_oracle_knows(uint64_t pc);
#define ORACLE_KNOWS   "refknot_oracle_knows"
#define ORACLE_LIBRARY "librefknot_oracle.so"

#endif
