/* SPDX-License-Identifier: MIT */
/* A shared mapping of five pages of a file that has three: the second page holds a
 * block, and those behind the file's end cannot be read. */
#include <sys/mman.h>
#include <unistd.h>

#include "hooks.h"

#define PAGE 4096

int main(void)
{
	FILE *file = tmpfile();
	char *pages;

	if (!file || ftruncate(fileno(file), 3 * PAGE))
		return 1;
	pages = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		     fileno(file), 0);
	if (pages == MAP_FAILED)
		return 1;
	*(void **)(pages + PAGE) = lose(16);
	lose(100);
	scrub();
	return 0;
}
