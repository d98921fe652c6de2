/* SPDX-License-Identifier: MIT */
/*
 * A page that was made read-only after the pointer went in: sealed tables.
 * expect: nothing
 * lsan: refknot is right: LeakSanitizer does not search mappings and reports a
 *	leak that is none
 * valgrind: refknot is right: Valgrind does not search what cannot be written
 *	and reports a leak that is none
 */
#include <sys/mman.h>

#include "truth.h"

static USED void **page;

static NOINLINE void make(void)
{
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		abort();
	page[0] = MUST(malloc(100));
}

int main(void)
{
	make();
	scrub();
	return mprotect(page, 4096, PROT_READ);
}
