/* SPDX-License-Identifier: MIT */
/*
 * A vector register of a thread that computes holds the block.
 * expect: nothing
 * valgrind: refknot is right: Valgrind searches the general registers alone,
 *	and calls the loader's own table of the thread's variables possibly lost
 */
#define KEEP "movq %%rax, %%xmm7"
#define WAIT WAIT_IN_LOOP
#include "register_thread.h"
