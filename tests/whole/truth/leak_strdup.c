/* SPDX-License-Identifier: MIT */
/*
 * A text that the C library allocated for us.
 * expect: leak 1 object 6 bytes in copy_text
 */
#include <string.h>

#include "truth.h"

static NOINLINE void copy_text(const char *text)
{
	volatile char *copy = MUST(strdup(text));

	copy[0] = 'H';
}

int main(void)
{
	copy_text("hello");
	scrub();
	return 0;
}
