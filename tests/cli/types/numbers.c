/* SPDX-License-Identifier: MIT */
/*
 * Blocks that begin with all kinds of words. Prints of each its address and the two
 * numbers in it that may be counts, or "no".
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void work(void)
{
}

static void (*const constant[])(void) = { work, work };
static void (*variable[])(void) = { work, work };

static void *keep[64];
static size_t kept;
static FILE *out;

static void make(size_t size, uint64_t a, uint64_t b, uint64_t c,
		 const char *counts)
{
	const uint64_t words[3] = { a, b, c };
	void *block = malloc(size);

	memcpy(block, words, size < sizeof(words) ? size : sizeof(words));
	keep[kept++] = block;
	fprintf(out, "%p %s\n", block, counts);
}

static uint64_t ints(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

int main(int argc, char **argv)
{
	const uint64_t table = (uintptr_t)constant;
	const uint64_t other = (uintptr_t)variable;
	uint64_t heap;

	out = fopen(argv[argc - 1], "w");
	if (!out)
		return 1;
	make(24, 0, 0, 0, "no");
	heap = (uintptr_t)keep[0];
	/* As libstdc++ has them. */
	make(16, table, ints(2, 1), 0, "2 1");
	make(24, table, ints(1, 1), heap, "1 1");
	make(24, table, ints(0, 3), 0, "0 3");
	make(24, table, ints(100000, 4095), 0, "65535 4095");
	make(24, table, ints(1, 4096), 0, "no");
	make(24, table, ints(0x80000000, 1), 0, "no");
	make(24, table, heap, 1, "no");
	make(24, other, ints(2, 1), 0, "no");
	make(24, heap, ints(2, 1), 0, "no");
	/* As libc++ has them. */
	make(24, table, 0, 0, "1 1");
	make(32, table, 4, 2, "5 3");
	make(24, table, UINT64_MAX, 0, "0 1");
	make(24, table, 65533, 65533, "65534 65534");
	make(24, table, 65534, 0, "no");
	make(24, table, 0, 65534, "no");
	make(24, table, 0, UINT64_MAX, "no");
	make(24, table, 0, heap, "no");
	make(16, table, 0, 0, "no");
	make(24, other, 0, 0, "no");
	/* As Rust has them. */
	make(16, 1, 1, 0, "1 1");
	make(24, 65534, 65534, heap, "65534 65534");
	make(24, 0, 2, heap, "0 2");
	make(24, 65535, 1, 0, "no");
	make(24, 1, 65535, 0, "no");
	make(24, 1, 0, 0, "no");
	make(24, heap, 1, 0, "no");
	make(24, 1, heap, 0, "no");
	make(8, 1, 0, 0, "no");
	fclose(out);
	(void)other;
	return 0;
}
