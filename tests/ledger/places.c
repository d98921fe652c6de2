/* SPDX-License-Identifier: MIT */
/*
 * Objects where they are not expected: behind the end of a block that shrinks,
 * in pages that may not be read, deep in large blocks, in other threads and in
 * forked children.  As in corners.c one a run, by name; see test_places.py.
 */
#include <pthread.h>
#include <refknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "corners.h"

#define MIB (1ul << 20)

static void *volatile kept[128];

static NOINLINE int *counted(void *p, const char *type)
{
	int *count = p;

	*count = 1;
	refknot_object_counted(p, type, count);
	return count;
}

/* The memory of what lies behind the new end is given back to the kernel. */
static void shrinks(void)
{
	for (size_t i = 0; i < 16; i++) {
		char *p = malloc(64 * MIB);
		int *outer = counted(p, "Outer");

		counted(p + 60 * MIB + i * 1024, "Part");
		*outer = 2;
		kept[i] = realloc(p, MIB);
		CHECK(refknot_getrefcount(kept[i]) == 2);
		CHECK(refknot_get_objects(-1, NULL, NULL) == i + 1);
	}
}

/* The object stays, the counter that it has at the block's end does not. */
static void loses_counter(void)
{
	char *p = malloc(64 * MIB);
	int *count = (int *)(p + 60 * MIB);

	*count = 5;
	refknot_object_counted(p, "Cut", count);
	CHECK(refknot_getrefcount(p) == 5);
	kept[0] = p = realloc(p, MIB);
	CHECK(refknot_getrefcount(p) == 1);
}

/* One in the middle of each of many blocks, wherever they happen to lie. */
static void large_blocks(void)
{
	for (size_t i = 0; i < 64; i++) {
		char *p = kept[i] = malloc(MIB);

		refknot_object(p + MIB / 2 + i * 1024, "Part");
	}
	for (size_t i = 0; i < 64; i++) {
		kept[i] = realloc(kept[i], 2 * MIB);
		CHECK(refknot_is_tracked((char *)kept[i] + MIB / 2 + i * 1024));
	}
	for (size_t i = 0; i < 64; i++)
		free(kept[i]);
	CHECK(refknot_get_objects(-1, NULL, NULL) == 0);
}

static const struct corner corners[] = {
	CORNER(shrinks),
	CORNER(loses_counter),
	CORNER(large_blocks),
};

int main(int argc, char **argv)
{
	return corners_run(corners, sizeof(corners) / sizeof(*corners), argc,
			   argv);
}
