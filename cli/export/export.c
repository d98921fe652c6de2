/* SPDX-License-Identifier: MIT */
#include "export.h"

#include <string.h>

/* clang-format off */
#define WRITER(name, flags) { #name, flags, export_##name },
/* clang-format on */
const struct export_writer export_writers[] = {
	EXPORT_WRITERS(WRITER){ 0 },
};

const struct export_writer *export_find(const char *name)
{
	for (const struct export_writer *w = export_writers; w->name; w++)
		if (!strcmp(w->name, name))
			return w;
	return NULL;
}
