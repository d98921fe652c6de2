/* SPDX-License-Identifier: MIT */
/*
 * What plugs.c opens. With OWN it brings an allocator of its own, which hands
 * out one array in turn.
 */
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default"), noinline))

#ifdef OWN
static _Alignas(16) char arena[1 << 16];
static size_t used;

EXPORT void *malloc(size_t size)
{
	void *p = arena + used;

	used += (size + 15) & ~(size_t)15;
	return p;
}

EXPORT void free(void *p)
{
	if ((char *)p < arena || (char *)p >= arena + sizeof(arena))
		abort();
}
#endif

static char *early;

/* What is bound when it is opened is bound then. */
__attribute__((constructor)) static void opened(void)
{
	early = malloc(222);
}

char *plug_takes(char *theirs);
EXPORT char *plug_takes(char *theirs)
{
	free(theirs);
	return early;
}

void plug_loses(void);
EXPORT void plug_loses(void)
{
	memset(malloc(333), 1, 333);
}

char *plug_gives(size_t size);
EXPORT char *plug_gives(size_t size)
{
	return memset(malloc(size), 0, size);
}

void plug_frees(char *p);
EXPORT void plug_frees(char *p)
{
	free(p);
}
