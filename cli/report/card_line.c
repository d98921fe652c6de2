/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "die.h"
#include "paint.h"
#include "place.h"
#include "wrap.h"

void card_line(const struct printer *p, const char *label, const char *format,
	       ...)
{
	va_list arguments;

	fprintf(p->out, "%*s%s%-*s%s", CARD_LEFT, "",
		paint(p->colour, PAINT_FAINT), CARD_LABEL, label,
		paint(p->colour, PAINT_PLAIN));
	va_start(arguments, format);
	vfprintf(p->out, format, arguments);
	va_end(arguments);
	fputc('\n', p->out);
}

char *card_place(const struct location *l, size_t column)
{
	char *function = place_function(l);
	char *where = place_source(l), *module, *text;
	size_t columns = wrap_columns(function, strlen(function));
	size_t space = columns < column ? column - columns : 0;

	/* A function without a name is called so itself. */
	if (!where && l->function) {
		module = place_module(l);
		where =
		    xasprintf("%s+0x%" PRIx64, module ? module : "", l->offset);
		free(module);
	}
	text = where ? xasprintf("%s%*s  %s", function, (int)space, "", where)
		     : xstrdup(function);
	free(function);
	free(where);
	return text;
}

char *card_type(const char *type)
{
	size_t length = strlen(type), depth = 0, n = 0;
	char *text = xmalloc(4 * length + 1), *to = text;

	if (length <= CARD_TYPE) {
		memcpy(text, type, length + 1);
		return text;
	}
	for (; type[n]; n++) {
		depth -= type[n] == '>' && depth;
		if (!depth)
			*to++ = type[n];
		if (type[n] != '<' || depth++)
			continue;
		memcpy(to, "...", 3);
		to += 3;
	}
	*to = '\0';
	return text;
}
