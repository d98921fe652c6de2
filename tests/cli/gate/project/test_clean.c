/* SPDX-License-Identifier: MIT */
#include "names.h"

int main(void)
{
	struct names n = { 0 };

	for (int i = 0; i < 8; i++)
		names_add(&n, "Ada Lovelace");
	names_clear(&n);
	return n.count;
}
