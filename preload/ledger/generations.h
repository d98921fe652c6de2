/* SPDX-License-Identifier: MIT */
/*
 * Which objects belong to the two younger generations, so that checks of these
 * need not look at all.  The lists may name objects that have ended or are of
 * another generation by now, and one twice: struct store_object has the truth.
 */
#ifndef GENERATIONS_H
#define GENERATIONS_H

#include <stdbool.h>
#include <stdint.h>

#define GENERATIONS        3
#define GENERATIONS_OLDEST (GENERATIONS - 1)
#define GENERATIONS_FROZEN GENERATIONS
#define GENERATIONS_LISTED (1u << 16) /* objects for which each list has room */

/* Forgets all: the store is a new one. */
void generations_reset(void);

/* An object is of that generation now, 0 or 1. Inside refknot. */
void generations_add(int generation, uint32_t number);

/* Whether the lists have all objects up to that generation. */
bool generations_listed(int generation);

/* Object `i` of that generation's list; 0 if the list ends there. */
uint32_t generations_at(int generation, uint32_t i);

/* All objects up to that generation have grown older. Only while none is added.
 */
void generations_empty(int generation);

#endif
