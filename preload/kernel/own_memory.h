/* SPDX-License-Identifier: MIT */
/*
 * Private memory of refknot's own.  It holds copies of the program's
 * registers and addresses, so it must never be searched for pointers: every
 * piece is known here.
 */
#ifndef OWN_MEMORY_H
#define OWN_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed memory, kept for good; NULL if there is none. May run inside malloc.
 */
void *own_memory_map(size_t size);

/* At the first start: maps at once what large pieces are to take, whole pages; they
 * are mapped one by one where that fails. */
void own_memory_reserve(size_t size);

/* Makes whole pages zeros again, and gives back their memory where that can be. */
void own_memory_empty(void *p, size_t size);

/* A table of zeros that stays at one address: made if `table` is NULL, else
 * emptied. NULL if there is no memory. */
void *own_memory_table(void *table, size_t size);

/* Memory for a while: own_memory_end() frees what own_memory_map() gave since own_memory_begin().
 * Only while no other thread runs. */
struct own_memory_while {
	uint32_t count;
	uint64_t next, last, large;
};
struct own_memory_while own_memory_begin(void);
void own_memory_end(const struct own_memory_while *w);

/* Until it is called again, that is refknot's own, too; `size` 0: none. */
void own_memory_note(const void *p, size_t size);

/* Bytes of addresses that this library takes, in whole pages. */
uint64_t own_memory_library_bytes(void);
/* Whether an address is in it: code is refknot's then. */
bool own_memory_in_library(uint64_t address);

/* Whether [start, end) overlaps own memory or this library; then *from .. *to
 * is the first such part of it. */
bool own_memory_find(uint64_t start, uint64_t end, uint64_t *from,
		     uint64_t *to);

#endif
