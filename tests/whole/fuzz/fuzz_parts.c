/* SPDX-License-Identifier: MIT */
/* The recordings in a file: where they are, what they are called. */
#include "target.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input.h"
#include "model.h"
#include "parts.h"

/* What its name leads to. */
static void look(const struct parts *p, size_t i, const char *path)
{
	char *name = parts_name(p, i, path);
	const struct part *part = &p->list[i];
	struct part found;
	struct model m;
	int fd = parts_open(name, O_RDONLY, &found), error;

	input_need(fd >= 0 && found.at == part->at &&
		   found.size == part->size &&
		   !memcmp(&found.meta, &part->meta, sizeof(found.meta)));
	close(fd);
	error = model_load(&m, name);
	input_need(error || m.size == part->size);
	if (error)
		input_need(m.error[0]);
	model_release(&m);
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = input_path(data, size);
	struct parts p;
	uint64_t at = 0;

	if (parts_read(&p, path))
		return 0;
	input_need(p.count);
	for (size_t i = 0; i < p.count; i++) {
		input_need(p.list[i].at == at && p.list[i].size);
		at += p.list[i].size;
		look(&p, i, path);
	}
	input_need(at == size);
	parts_release(&p);
	return 0;
}
