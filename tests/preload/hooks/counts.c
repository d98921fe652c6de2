/* SPDX-License-Identifier: MIT */
/* Argument 1: so many mallocs; 2: so many of them are freed. */
#include "hooks.h"

int main(int argc, char **argv)
{
	int mallocs = argc > 1 ? atoi(argv[1]) : 0;
	int frees = argc > 2 ? atoi(argv[2]) : 0;

	for (int i = 0; i < mallocs; i++) {
		void *p = lose(64);

		if (i < frees)
			free(p);
	}
	scrub();
	return 0;
}
