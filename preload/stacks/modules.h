/* SPDX-License-Identifier: MIT */
/*
 * The modules (executable and libraries) that code addresses are in, noted in
 * the store when first met. Takes no lock; may run inside malloc.
 */
#ifndef MODULES_H
#define MODULES_H

#include <refknot/format.h>
#include <stdbool.h>
#include <stdint.h>

/* The module with code or data at `address`: its index in the store's table of
 * modules; RKN_NONE if there is none. What lies between two of its segments
 * does not count. */
uint32_t modules_find(uint64_t address);

/* Whether `pc` is in the dynamic loader. */
int modules_is_loader(uint64_t pc);

/* Whether `pc` is in the C library. */
int modules_is_libc(uint64_t pc);

/* Where the mappings of the module around `address` end; 0 if there is none. */
uint64_t modules_end(uint64_t address);

/*
 * The writable segment whose pages hold `address`: *start .. *end is the
 * module's part. The rest of its first and last page is of the file around it.
 * False if there is none, or it is not known.
 */
bool modules_segment(uint64_t address, uint64_t *start, uint64_t *end);

/* The next module behind *number (0: the first) that is not loaded any more;
 * sets *number to its number. NULL if there is none. */
const struct rkn_module *modules_next_gone(uint32_t *number);
/* Forgets that module: what is loaded there later gets another number. */
void modules_forget(uint32_t number);

#endif
