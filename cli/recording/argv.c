/* SPDX-License-Identifier: MIT */
#include "argv.h"

#include <string.h>

void argv_init(struct argv *a, const struct model *m)
{
	*a = (struct argv){ m, m->meta.arguments, m->meta.argument_count };
}

const char *argv_next(struct argv *a)
{
	const char *text;

	if (!a->left || a->at >= a->m->strings_size)
		return NULL;
	text = model_text(a->m, (uint32_t)a->at);
	a->at += strlen(text) + 1;
	a->left--;
	return text;
}
