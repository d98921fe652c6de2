/* SPDX-License-Identifier: MIT */
/* Streams into a text, as open_memstream() has them; they die when out of
 * memory. */
#ifndef TEXT_STREAM_H
#define TEXT_STREAM_H

#include <stdio.h>

#include "die.h"
#include "status.h"

/* *text and *size are set when it is closed; the caller frees *text. */
static inline FILE *text_stream_open(char **text, size_t *size)
{
	FILE *out = open_memstream(text, size);

	if (!out)
		die(STATUS_INPUT, "out of memory");
	return out;
}

static inline void text_stream_close(FILE *out)
{
	if (fclose(out))
		die(STATUS_INPUT, "out of memory");
}

#endif
