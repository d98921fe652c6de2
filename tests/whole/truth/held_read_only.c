/* SPDX-License-Identifier: MIT */
/*
 * Pages that were made read-only after the pointer went in: sealed tables, and
 * code that a program has made, with the constants beside it.
 * expect: nothing
 * lsan: refknot is right: LeakSanitizer does not search mappings and reports a
 *	leak that is none
 * valgrind: refknot is right: Valgrind does not search what cannot be written
 *	and reports a leak that is none
 */
#include <sys/mman.h>

#include "truth.h"

static USED void **pages[2];

static NOINLINE void make(void ***page)
{
	*page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (*page == MAP_FAILED)
		abort();
	(*page)[0] = MUST(malloc(100));
}

int main(void)
{
	make(&pages[0]);
	make(&pages[1]);
	scrub();
	return mprotect(pages[0], 4096, PROT_READ) |
	       mprotect(pages[1], 4096, PROT_READ | PROT_EXEC);
}
