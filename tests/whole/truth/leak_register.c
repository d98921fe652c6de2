/* SPDX-License-Identifier: MIT */
/*
 * As held_register.c, but no register holds the block: the proof that nothing
 * else does there.
 * expect: leak 1 object 100 bytes in make_block
 * valgrind: refknot is right: Valgrind calls the loader's own table of the
 *	waiting thread's variables possibly lost, as libc points past its head
 */
#define KEEP "nop"
#define WAIT WAIT_IN_KERNEL
#include "register_thread.h"
