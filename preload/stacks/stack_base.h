/* SPDX-License-Identifier: MIT */
#ifndef STACK_BASE_H
#define STACK_BASE_H

#include <stdint.h>

/*
 * Returns the lowest stack address in use: `low`, as long as a frame of the
 * program's is there; else the first frame. For when main() has returned, what
 * it left is still there wherever the C library's functions between there and
 * here have not written. `low` is where ending_exit() has put six registers,
 * below its return address.
 */
uint64_t stack_base_low(uint64_t low);

#endif
