/* SPDX-License-Identifier: MIT */
/* Recordings and live stores: both readers. */
#include "target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "model.h"
#include "sums.h"

/* What the rest of the program takes for granted. */
static void look(const struct model *m)
{
	size_t first, edges = 0;

	input_need(m->strings[0] == '\0' &&
		   m->strings[m->strings_size - 1] == '\0');
	input_need(m->frame_count && m->stack_count && m->thread_count);
	for (size_t i = 1; i < m->frame_count; i++)
		input_need(m->frames[i].parent < i);
	for (size_t i = 0; i < m->stack_count; i++)
		input_need(m->stacks[i].frame < m->frame_count);
	for (size_t i = 0; i < m->block_count; i++) {
		input_need(m->blocks[i].stack < m->stack_count);
		input_need(m->blocks[i].thread < m->thread_count);
		edges += model_edges_of(m, (uint32_t)i, &first);
	}
	input_need(edges == m->edge_count);
	for (size_t i = 0; i < m->edge_count; i++)
		input_need(m->edges[i].to < m->block_count);
	for (size_t i = 0; i < m->root_count; i++)
		input_need(m->roots[i].block < m->block_count);
	for (size_t i = 0; i < m->wide_count; i++)
		input_need(m->wide[i].index <
			   (m->wide[i].kind == RKN_WIDE_EDGE ? m->edge_count
			    : m->wide[i].kind == RKN_WIDE_ROOT
				? m->root_count
				: m->block_count));
	for (size_t i = 0; i < m->place_count; i++)
		input_need(m->places[i].module == RKN_NONE ||
			   m->places[i].module < m->module_count);
	input_need(m->first_count <= m->block_count);
	for (size_t i = 0; i < m->first_count; i++)
		input_need(m->first[i] == RKN_NONE ||
			   m->first[i] < m->place_count);
	for (size_t i = 0; i < m->count_count; i++)
		input_need(
		    m->counts[i].block < m->block_count && m->counts[i].weak &&
		    model_count_of(m, m->counts[i].block) == &m->counts[i]);
	for (size_t i = 0; i < m->event_count; i++)
		input_need(m->events[i].kind <= RKN_EVENT_RENAME);
	for (size_t i = 0; i < m->mark_count; i++)
		input_need(m->marks[i].first + (size_t)m->marks[i].rows <=
			   m->census_count);
	for (size_t i = 0; i < m->module_count; i++)
		input_need(strlen(model_text(m, m->modules[i].path)) <
			   m->strings_size);
	if (m->truncated)
		input_need(!(m->meta.flags & RKN_META_SNAPSHOT) && m->error[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *copy = malloc(size + 1);
	struct rkn_meta meta;
	struct model m;
	int error;

	if (!copy)
		abort();
	memcpy(copy, data, size);
	if (size >= 8 && !memcmp(copy, RKN_MAGIC, 8))
		sums_mend(copy, size);
	error = model_load(&m, input_path(copy, size));
	if (!model_peek(input_path(copy, size), &meta) && !error)
		input_need(meta.pid == m.meta.pid &&
			   meta.run_lost_bytes == m.meta.run_lost_bytes);
	if (error)
		input_need(m.error[0]);
	if (!error || error == -ENODATA)
		look(&m);
	else
		input_need(!m.path && !m.blocks);
	model_release(&m);
	free(copy);
	return 0;
}
