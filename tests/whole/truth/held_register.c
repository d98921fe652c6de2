/* SPDX-License-Identifier: MIT */
/*
 * A register that calls preserve, of a thread that waits in the kernel, holds
 * the block. leak_register.c is the same without the register.
 * expect: nothing
 * valgrind: refknot is right: Valgrind calls the loader's own table of the
 *	waiting thread's variables possibly lost, as libc points past its head
 */
#define KEEP "mov %%rax, %%r12"
#define WAIT WAIT_IN_KERNEL
#include "register_thread.h"
