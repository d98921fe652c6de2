/* SPDX-License-Identifier: MIT */
/* libFuzzer's entry into both readers; replay.c calls it without libFuzzer. */
#include "fuzz_recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model.h"
#include "sums.h"

static int file(const unsigned char *data, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 0) ||
	    pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	return fd;
}

static void need(bool what)
{
	if (!what)
		abort();
}

/* What the rest of the program takes for granted. */
static void look(const struct model *m)
{
	size_t first, edges = 0;

	need(m->strings[0] == '\0' && m->strings[m->strings_size - 1] == '\0');
	need(m->frame_count && m->stack_count && m->thread_count);
	for (size_t i = 1; i < m->frame_count; i++)
		need(m->frames[i].parent < i);
	for (size_t i = 0; i < m->stack_count; i++)
		need(m->stacks[i].frame < m->frame_count);
	for (size_t i = 0; i < m->block_count; i++) {
		need(m->blocks[i].stack < m->stack_count);
		need(m->blocks[i].thread < m->thread_count);
		edges += model_edges_of(m, (uint32_t)i, &first);
	}
	need(edges == m->edge_count);
	for (size_t i = 0; i < m->edge_count; i++)
		need(m->edges[i].to < m->block_count);
	for (size_t i = 0; i < m->root_count; i++)
		need(m->roots[i].block < m->block_count);
	for (size_t i = 0; i < m->module_count; i++)
		need(strlen(model_text(m, m->modules[i].path)) <
		     m->strings_size);
	if (m->truncated)
		need(!(m->meta.flags & RKN_META_SNAPSHOT) && m->error[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *copy = malloc(size + 1);
	char path[64];
	struct model m;
	int error;

	if (!copy)
		abort();
	memcpy(copy, data, size);
	if (size >= 8 && !memcmp(copy, RKN_MAGIC, 8))
		sums_mend(copy, size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file(copy, size));
	error = model_load(&m, path);
	if (error)
		need(m.error[0]);
	if (!error || error == -ENODATA)
		look(&m);
	else
		need(!m.path && !m.blocks);
	model_release(&m);
	free(copy);
	return 0;
}
