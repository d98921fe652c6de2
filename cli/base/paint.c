/* SPDX-License-Identifier: MIT */
#include "paint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const escapes[] = {
	[PAINT_PLAIN] = "\033[0m", [PAINT_BAD] = "\033[1;31m",
	[PAINT_GOOD] = "\033[32m", [PAINT_STRONG] = "\033[1m",
	[PAINT_FAINT] = "\033[2m",
};

/* What paint_decide() found for a stream. */
static FILE *decided_for;
static bool decided;

void paint_decide(FILE *out)
{
	decided = paint_wanted(out);
	decided_for = out;
}

bool paint_wanted(FILE *out)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (out == decided_for)
		return decided;
	if ((no && *no) || !term || !strcmp(term, "dumb"))
		return false;
	return isatty(fileno(out));
}

const char *paint(bool colour, enum paint p)
{
	return colour ? escapes[p] : "";
}
