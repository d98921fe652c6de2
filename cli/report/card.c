/* SPDX-License-Identifier: MIT */
#include "card.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "place.h"

void card_line(const struct printer *p, const char *label, const char *format,
	       ...)
{
	va_list arguments;

	fprintf(p->out, "   %-*s", CARD_LABEL, label);
	va_start(arguments, format);
	vfprintf(p->out, format, arguments);
	va_end(arguments);
	fputc('\n', p->out);
}

char *card_place(const struct location *l, size_t column)
{
	char *function = place_function(l);
	char *source = place_source(l);
	char *module = source ? NULL : place_module(l);
	char *text = xasprintf("%-*s  %s", (int)column, function,
			       source   ? source
			       : module ? module
					: "");

	free(function);
	free(source);
	free(module);
	return text;
}
