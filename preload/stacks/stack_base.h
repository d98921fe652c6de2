/* SPDX-License-Identifier: MIT */
#ifndef STACK_BASE_H
#define STACK_BASE_H

#include <stdint.h>

/*
 * When main() has returned, nothing that lies below the first frame is in use,
 * and what the C library's functions between there and here have not written
 * holds what main() left. `low`: where ending_exit() has put six registers,
 * with its return address above. Where the stack in use begins: there, as long
 * as any frame of the program's is on it.
 */
uint64_t stack_base_low(uint64_t low);

#endif
