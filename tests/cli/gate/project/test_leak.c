/* SPDX-License-Identifier: MIT */
/* Eight times, as one pointer may be left in a register by chance. */
#include "names.h"

int main(void)
{
	struct names n = { 0 };

	for (int i = 0; i < 8; i++)
		names_add(&n, "Grace Hopper");
	names_forget(&n);
	return n.count;
}
