/* SPDX-License-Identifier: MIT */
/* FNV-1a, of 64 bits: numbers that are kept in files and must stay the same. */
#ifndef FNV_H
#define FNV_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME  UINT64_C(0x100000001b3)

static inline uint64_t fnv_byte(uint64_t hash, unsigned char byte)
{
	return (hash ^ byte) * FNV_PRIME;
}

/* Also hashes that it ends: "ab" "c" is not "a" "bc". */
static inline uint64_t fnv_bytes(uint64_t hash, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = fnv_byte(hash, (unsigned char)text[i]);
	return hash * FNV_PRIME;
}

static inline uint64_t fnv_text(uint64_t hash, const char *text)
{
	return fnv_bytes(hash, text, strlen(text));
}

#endif
