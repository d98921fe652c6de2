/* SPDX-License-Identifier: MIT */
/*
 * The modules (executable and libraries) that code addresses lie in, noted in
 * the store when first met.  No lock; may run inside malloc.
 */
#ifndef MODULES_H
#define MODULES_H

#include <refknot/format.h>
#include <stdbool.h>
#include <stdint.h>

/* The module with code or data at `address`: its index in the store's table of
 * modules. RKN_NONE: none; what lies between two of its segments is not its. */
uint32_t modules_find(uint64_t address);

/* Is `pc` in the dynamic loader? */
int modules_is_loader(uint64_t pc);

/* Is `pc` in the C library? */
int modules_is_libc(uint64_t pc);

/* Where the mappings of the module around `address` end; 0: none. */
uint64_t modules_end(uint64_t address);

/*
 * The writable segment whose pages hold `address`: *start .. *end as its module
 * has it. The rest of its first and last page is of the file around it. False:
 * none, or not known.
 */
bool modules_segment(uint64_t address, uint64_t *start, uint64_t *end);

/* The next that is not loaded any more behind *number, which is then its own; the
 * first behind 0. NULL: none. */
const struct rkn_module *modules_next_gone(uint32_t *number);
/* It is not looked at any more: what is loaded there later has another number. */
void modules_forget(uint32_t number);

#endif
