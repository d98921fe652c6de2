/* SPDX-License-Identifier: MIT */
/* Makes a page in the middle of a large block one that nobody may touch, which
 * no list of mappings shows; the block holds another behind it. */
#include <sys/mman.h>

#include "hooks.h"

#define SIZE          (8ul << 20)
#define GUARD_INSTALL 102 /* MADV_GUARD_INSTALL, Linux 6.13 */

static char *volatile block;

int main(void)
{
	char *page;

	block = malloc(SIZE);
	page = (char *)(((unsigned long)block + SIZE / 2) & ~4095ul);
	memset(block, 0, SIZE);
	if (madvise(page, 4096, GUARD_INSTALL))
		return puts("no guards"), 0;
	*(void **)(page + 4096) = lose(16);
	lose(100);
	scrub();
	return 0;
}
