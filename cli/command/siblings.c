/* SPDX-License-Identifier: MIT */
#include "siblings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "escape.h"
#include "parts.h"
#include "shell_word.h"

void siblings_print_more(const char *file, uint64_t more, const char *what,
			 const char *command)
{
	char *path = shell_word(file), *shown = escape(file);

	printf("%s has %" PRIu64 " more process%s%s: refknot %s %s\n", shown,
	       more, more == 1 ? "" : "es", what, command, path);
	free(shown);
	free(path);
}

void siblings_print(const char *title, const struct model *m)
{
	char *file = parts_file(m->path), *name = escape(model_called(m));
	struct parts parts;

	if (!parts_read(&parts, file)) {
		if (parts.count > 1) {
			printf("%s%s[%" PRIu32 "]; ", title, name, m->meta.pid);
			siblings_print_more(file, parts.count - 1, "", "list");
		}
		parts_release(&parts);
	}
	free(name);
	free(file);
}
