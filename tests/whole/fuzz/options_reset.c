/* SPDX-License-Identifier: MIT */
#include "options_reset.h"

#include <stdlib.h>

static void reset_table(const struct poptOption *o)
{
	for (; o->longName || o->shortName || o->arg; o++)
		switch (o->argInfo & POPT_ARG_MASK) {
		case POPT_ARG_INCLUDE_TABLE:
			reset_table(o->arg);
			break;
		case POPT_ARG_CALLBACK: /* it begins anew by itself */
			break;
		case POPT_ARG_STRING:
			if (!o->arg)
				break;
			free(*(char **)o->arg);
			*(char **)o->arg = NULL;
			break;
		case POPT_ARG_INT: /* --gen: all generations */
			*(int *)o->arg = -1;
			break;
		default:
			*(int *)o->arg = 0;
			break;
		}
}

void options_reset(const struct command *c)
{
	if (c && c->options)
		reset_table(c->options);
}
