/* SPDX-License-Identifier: MIT */
/* corpus PATH...: the target on the inputs there. */
#include "variants.h"

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		variants_replay(argv[i], 1);
	return argc < 2;
}
