/* SPDX-License-Identifier: MIT */
/*
 * Blocks so large that malloc maps each on its own: one is lost with what its
 * last word holds, one is in use and holds another to the end.
 * expect: leak 1 object 1048576 bytes in make_lost
 * expect: held 1 object 33 bytes
 */
#include "truth.h"

#define WORDS (1048576 / sizeof(void *))

static USED void **kept;

static NOINLINE void make_lost(void)
{
	void **block = MUST(malloc(WORDS * sizeof(*block)));

	block[WORDS - 1] = MUST(malloc(33));
}

static NOINLINE void make_kept(void)
{
	kept = MUST(malloc(WORDS * sizeof(*kept)));
	kept[WORDS - 1] = MUST(malloc(34));
}

int main(void)
{
	make_lost();
	make_kept();
	scrub();
	return 0;
}
