/* SPDX-License-Identifier: MIT */
/*
 * Linked so that 2 MiB lie between any two segments: the table for a stack is
 * far from the code, and from the data. One function leaks for two callers. In
 * the room between code and table the program maps memory of its own, which
 * holds a block; a static variable holds another.
 * expect: leak 2 objects 80 bytes in make called by load
 * expect: leak 3 objects 120 bytes in make called by save
 * lsan: refknot is right: the mapping is live memory that holds a block, and
 * LeakSanitizer does not look there.
 */
#include <sys/mman.h>

#include "truth.h"

#define BETWEEN (1 << 20) /* bytes from the code */

static USED void *kept;

static NOINLINE void make(void)
{
	volatile char *block = MUST(malloc(40));

	block[0] = 1;
}

static NOINLINE void load(void)
{
	for (int i = 0; i < 2; i++)
		make();
}

static NOINLINE void save(void)
{
	for (int i = 0; i < 3; i++)
		make();
}

static NOINLINE void keep(void)
{
	char *code = (char *)((size_t)make & ~4095ul);
	void **room =
	    mmap(code + BETWEEN, 4096, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (room != (void *)(code + BETWEEN))
		abort();
	room[1] = MUST(malloc(50));
	kept = MUST(malloc(60));
}

int main(void)
{
	load();
	save();
	keep();
	scrub();
	return 0;
}
