/* SPDX-License-Identifier: MIT */
/*
 * What the programs of corners share: each runs the one that it is told by
 * name, and prints "yes" or "NO" for what it can see itself.
 */
#ifndef CORNERS_H
#define CORNERS_H

#include <stdio.h>
#include <string.h>

#include "scrub.h"

#define CHECK(condition)                                                       \
	printf("%s: %s\n", (condition) ? "yes" : "NO", #condition)

struct corner {
	const char *name;
	void (*run)(void);
};
#define CORNER(corner)                                                         \
	{                                                                      \
		.name = #corner, .run = corner                                 \
	}

static inline int corners_run(const struct corner *corners, size_t count,
			      int argc, char **argv)
{
	for (size_t i = 0; i < count; i++)
		if (argc > 1 && !strcmp(corners[i].name, argv[1]))
			corners[i].run();
	scrub();
	return 0;
}

#define MAIN(corners)                                                          \
	int main(int argc, char **argv)                                        \
	{                                                                      \
		return corners_run(                                            \
		    corners, sizeof(corners) / sizeof(*corners), argc, argv);  \
	}

#endif
