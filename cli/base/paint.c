/* SPDX-License-Identifier: MIT */
#include "paint.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *const escapes[] = {
	[PAINT_PLAIN] = "\033[0m",  [PAINT_BAD] = "\033[1;31m",
	[PAINT_DOUBT] = "\033[33m", [PAINT_GOOD] = "\033[32m",
	[PAINT_STRONG] = "\033[1m", [PAINT_FAINT] = "\033[2m",
};

/* What paint_decide() found for a stream. */
static FILE *decided_for;
static bool decided;
static size_t decided_width;

void paint_decide(FILE *out)
{
	decided = paint_wanted(out);
	decided_width = paint_width(out);
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

#define LEAST 40 /* columns: less would be all breaks */

size_t paint_width(FILE *out)
{
	struct winsize size;

	if (out == decided_for)
		return decided_width;
	if (!isatty(fileno(out)) || ioctl(fileno(out), TIOCGWINSZ, &size) ||
	    !size.ws_col)
		return 0;
	return size.ws_col < LEAST ? LEAST : size.ws_col;
}

const char *paint(bool colour, enum paint p)
{
	return colour ? escapes[p] : "";
}
