/* SPDX-License-Identifier: MIT */
/*
 * Buffers that a short string does not fill, in a heap where blocks of one
 * length come and go: what the allocator left in them of its lists, whose links
 * lead into the last 8 bytes of a block, holds nothing.
 * expect: leak 100 objects 20000 bytes in lose
 */
#include <string.h>

#include "truth.h"

#define BUFFERS 400
#define LENGTH  200
static char *buffers[BUFFERS];

static NOINLINE char *fill(char *p)
{
	return strcpy(p, "ab");
}

static NOINLINE void lose(void)
{
	fill(MUST(malloc(LENGTH)));
}

static NOINLINE void churn(unsigned lost)
{
	for (unsigned i = 0; i < BUFFERS; i++)
		if (rand() % 2) {
			free(buffers[i]);
			buffers[i] = NULL;
		}
	for (unsigned i = 0; i < BUFFERS; i++) {
		if (i % 4 == 0 && i / 4 < lost)
			lose();
		if (!buffers[i])
			buffers[i] = fill(MUST(malloc(LENGTH)));
	}
}

int main(void)
{
	srand(1);
	for (unsigned round = 0; round < 20; round++)
		churn(round == 19 ? 100 : 0);
	scrub();
	return 0;
}
