/* SPDX-License-Identifier: MIT */
#include "reading.h"

#include <stdlib.h>

#include "die.h"
#include "escape.h"
#include "status.h"

int reading_load(struct model *m, const char *path)
{
	int error = model_load(m, path);

	if (error) {
		char *shown = escape(m->error);

		warn("%s", shown);
		free(shown);
	}
	return error;
}

void reading_open(struct reading *in, const struct model *m, struct cache *c)
{
	*in = (struct reading){ .m = m, .symbols = symbols_open(m, c) };
	if (!in->symbols)
		die(STATUS_INPUT, "out of memory");
	in->types = block_types_open(m, in->symbols);
	in->names = names_open(m, in->symbols, in->types);
	in->counts = counts_open(m, in->types);
}

void reading_close(struct reading *in)
{
	counts_close(in->counts);
	names_close(in->names);
	block_types_close(in->types);
	symbols_close(in->symbols);
}
