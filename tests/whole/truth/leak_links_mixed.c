/* SPDX-License-Identifier: MIT */
/*
 * The same with all lengths, moved by realloc, too: chunks are split and merged,
 * and links of those that are gone are left in the middle of blocks.
 * expect: leak 500 objects 325875 bytes in make called by lose
 */
#include <string.h>

#include "truth.h"

#define BUFFERS 2000
static char *buffers[BUFFERS];

static NOINLINE char *make(size_t length)
{
	char *p = MUST(malloc(length));

	if (length > 2)
		strcpy(p, "ab");
	return p;
}

static NOINLINE void lose(unsigned i)
{
	make(i % 16 ? 2 + i % 400 : 2001);
}

static size_t some_length(void)
{
	return (size_t)rand() % (rand() % 4 ? 300 : 3000) + 1;
}

static NOINLINE void drop(unsigned i)
{
	if (rand() % 4) {
		free(buffers[i]);
		buffers[i] = NULL;
	} else if (buffers[i]) {
		buffers[i] = MUST(realloc(buffers[i], some_length()));
	}
}

static NOINLINE void churn(bool last)
{
	for (unsigned i = 0; i < BUFFERS; i++)
		if (rand() % 2)
			drop(i);
	for (unsigned i = 0; i < BUFFERS; i++) {
		if (last && i % 4 == 0)
			lose(i);
		if (!buffers[i])
			buffers[i] = make(some_length());
	}
}

int main(void)
{
	srand(8);
	for (unsigned round = 0; round < 30; round++)
		churn(round == 29);
	scrub();
	return 0;
}
