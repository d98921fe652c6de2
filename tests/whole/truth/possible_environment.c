/* SPDX-License-Identifier: MIT */
/*
 * Texts that putenv() was given, behind the header of the chunk that they were
 * written into, as gcc's are: in use until the end, by pointers into the middle.
 * expect: possible-leak 1 object 4064 bytes in chunk_write called by put_compiler
 * expect: possible-leak 1 object 4064 bytes in chunk_write called by put_options
 * lsan: refknot is right to doubt: LeakSanitizer takes any pointer into a
 *	block for a reference
 * valgrind: refknot is right: Valgrind has the C library free its table of the
 *	environment (--run-libc-freeres=yes) before it looks, and then calls both
 *	lost; where it does not, both are possibly lost
 */
#include <stdio.h>

#include "truth.h"

struct chunk {
	char *limit;
	struct chunk *before;
	char text[4048];
};

static NOINLINE char *chunk_write(const char *name, int value)
{
	struct chunk *c = MUST(malloc(sizeof(*c)));

	c->limit = (char *)(c + 1);
	c->before = NULL;
	snprintf(c->text, sizeof(c->text), "%s=%d", name, value);
	return c->text;
}

static NOINLINE void put_compiler(void)
{
	putenv(chunk_write("TRUTH_COMPILER", 1));
}

static NOINLINE void put_options(void)
{
	putenv(chunk_write("TRUTH_OPTIONS", 2));
}

int main(void)
{
	put_compiler();
	put_options();
	scrub();
	return 0;
}
