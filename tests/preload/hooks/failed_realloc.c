/* SPDX-License-Identifier: MIT */
/* A realloc that fails leaves the block lost where it was made. */
#include <stdint.h>

#include "hooks.h"

static volatile size_t huge = PTRDIFF_MAX;

static NOINLINE void keep_after_failure(void)
{
	void *p = lose(77);

	if (realloc(p, huge))
		abort();
	OPAQUE(p);
}

int main(void)
{
	keep_after_failure();
	scrub();
	return 0;
}
