/* SPDX-License-Identifier: MIT */
/*
 * The names that the program gives to types, fields, marks and regions, each
 * once, in the store.  It takes no lock and may run inside malloc and in a
 * signal handler.
 */
#ifndef PRELOAD_NAMES_H
#define PRELOAD_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "store.h"

#define NAMES_MORE 1u /* means all names that found no room */

/* Forgets all: the store is a new one. */
int names_make(void); /* 0 or -errno */

/* strcmp() for a name's few bytes: shorter than its call. */
static inline bool names_same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* The number of `text`; 0 for NULL and "". Without room it is NAMES_MORE, and
 * `limits` (by enum rkn_limit_number) counts that. */
uint32_t names_number(const char *text, uint64_t *limits);

/* The number of `text`; 0 if it has none yet. */
uint32_t names_find(const char *text);

/* For a number that names_number() gave: its record is ready. */
static inline struct store_name *names_record(uint32_t number)
{
	return (struct store_name *)store_at(
		   store.header->tables[STORE_NAMES].offset) +
	       number;
}
/* Its text, which lives as long as the store; "" for 0. */
const char *names_text(uint32_t number);

#endif
