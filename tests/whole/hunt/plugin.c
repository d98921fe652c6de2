/* SPDX-License-Identifier: MIT */
/* What behaviour loads and unloads: it allocates when it comes and goes. */
#include <stdlib.h>

#include "scrub.h"

void *plugin_make(size_t size);
void plugin_free(void *block);

static void *volatile own;
static _Thread_local void *volatile variables[8];

__attribute__((constructor)) static void come(void)
{
	own = malloc(333);
}

__attribute__((destructor)) static void go(void)
{
	free(own);
	own = NULL;
}

NOINLINE void *plugin_make(size_t size)
{
	variables[0] = NULL;
	return malloc(size);
}

NOINLINE void plugin_free(void *block)
{
	free(block);
}
