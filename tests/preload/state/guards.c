/* SPDX-License-Identifier: MIT */
/*
 * Makes pages of its blocks fault that are mapped for reading: "guard" or "key",
 * then the block's size in KiB. What else is in the blocks holds; it loses 100
 * bytes, with a third argument in a child that has the blocks from it. Says "NO"
 * where the kernel or the processor has no such thing.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hooks.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#define PAGE 4096

static int key = -1;
static void **volatile blocks[3], **volatile inner[3];

static int hide(char *page)
{
	if (key < 0)
		return madvise(page, PAGE, MADV_GUARD_INSTALL);
	return pkey_mprotect(page, PAGE, PROT_READ | PROT_WRITE, key);
}

/* Pointers before and behind the page, and one to right behind it. */
static int make(int i, size_t size, size_t hidden)
{
	char *block;

	if (posix_memalign((void **)&block, PAGE, size))
		return 1;
	memset(block, 0, size);
	if (hidden)
		*(void **)(block + hidden - 8) = malloc(40);
	*(void **)(block + hidden + PAGE + 64) = malloc(50);
	*(void **)(block + size - 8) = malloc(60);
	blocks[i] = (void *)block;
	inner[i] = malloc(16);
	inner[i][0] = block + hidden + PAGE;
	inner[i][1] = block + 16;
	return hide(block + hidden);
}

int main(int count, char **arguments)
{
	size_t size = count > 2 ? (size_t)atoi(arguments[2]) << 10 : 0;

	if (size < 4 * PAGE)
		return 2;
	if (!strcmp(arguments[1], "key"))
		key = pkey_alloc(0, PKEY_DISABLE_ACCESS);
	if ((!strcmp(arguments[1], "key") && key < 0) || make(0, size, 0) ||
	    make(1, size, PAGE) || make(2, size, size - 2 * PAGE)) {
		puts("NO");
		return 0;
	}
	if (count > 3 && fork()) {
		int status = 1;

		wait(&status);
		return status != 0;
	}
	lose(100);
	return 0;
}
