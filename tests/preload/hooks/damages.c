/* SPDX-License-Identifier: MIT */
/* Leaves memory of the C library's allocator protected, or damaged, and ends; see
 * test_damages.py. glibc only; what it knows of it stands in chunks.c and heap.c
 * of the shim, too. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE   4096ul
#define REGION (64ul << 20) /* of a part of an arena */
#define NEXT   (2160 / 8)   /* in an arena: the word with the next one */
#define BLOCKS 4000

static void *kept[BLOCKS];

static void fill(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		kept[i] = malloc(1000);
		memset(kept[i], 1, 1000);
	}
}

/* The heap's last pages. */
static void hide(void)
{
	char *from =
	    (char *)(((uintptr_t)kept[BLOCKS - 1] - 40960) & ~(PAGE - 1));

	kept[0] = NULL;
	if (mprotect(from, (size_t)((char *)sbrk(0) - from), PROT_NONE))
		abort();
}

/* A page in the middle. */
static void protect(void)
{
	void *page =
	    (void *)(((uintptr_t)kept[BLOCKS / 2] + PAGE - 1) & ~(PAGE - 1));

	for (int i = 0; i < BLOCKS / 2; i++)
		if (i % 4)
			free(kept[i]);
	if (mprotect(page, PAGE, PROT_READ))
		abort();
}

/* The list of a fast bin becomes a circle: the thread's cache takes seven. */
static void free_twice(void)
{
	void *blocks[9];

	for (int i = 0; i < 9; i++)
		blocks[i] = malloc(24);
	for (int i = 0; i < 9; i++)
		free(blocks[i]);
	free(blocks[7]);
}

static void *begin_arena(void *unused)
{
	(void)unused;
	kept[0] = malloc(1000);
	return NULL;
}

/* The thread's arena, and the part that it lies in. */
static uint64_t *make_arena(uint64_t **part)
{
	pthread_t t;

	if (pthread_create(&t, NULL, begin_arena, NULL) ||
	    pthread_join(t, NULL))
		abort();
	*part = (uint64_t *)((uintptr_t)kept[0] & ~(REGION - 1));
	return (uint64_t *)(uintptr_t)(*part)[0];
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	uint64_t *part, *arena;

	if (strcmp(mode, "hidden") == 0) {
		fill();
		hide();
	} else if (strcmp(mode, "split") == 0) {
		fill();
		protect();
	} else if (strcmp(mode, "twice") == 0) {
		free_twice();
	} else {
		arena = make_arena(&part);
		if (strchr(mode, 'f') && fork()) {
			wait(NULL);
			_exit(0);
		}
		kept[1] = malloc(100);
		if (strchr(mode, 'p'))
			part[1] = (uint64_t)(uintptr_t)part;
		if (strchr(mode, 'a'))
			arena[NEXT] = (uint64_t)(uintptr_t)arena;
		if (strchr(mode, 'w'))
			arena[NEXT] = 0x1234567890;
	}
	_exit(0);
}
