/* SPDX-License-Identifier: MIT */
#include "export_command.h"

#include <stdlib.h>

#include "escape.h"

void export_command(FILE *out, const struct model *m)
{
	struct model_arguments a = { 0 };
	const char *text;

	while ((text = model_argument(m, &a))) {
		char *shown = escape(text);

		fprintf(out, " %s", shown);
		free(shown);
	}
}
