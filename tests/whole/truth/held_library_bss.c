/* SPDX-License-Identifier: MIT */
/*
 * A variable of a library that was opened at run time holds the block.
 * expect: nothing
 */
#include <dlfcn.h>

#include "truth.h"

static NOINLINE void make(const char *path)
{
	void *library = dlopen(path, RTLD_NOW);
	void **slot = library ? dlsym(library, "library_slot") : NULL;

	if (!slot)
		abort();
	*slot = MUST(malloc(100));
}

int main(int argc, char **argv)
{
	(void)argc;
	make(argv[1]);
	scrub();
	return 0;
}
