/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "called.h"
#include "chunk_arrays.h"
#include "list.h"
#include "recording.h"

int model_error(struct model *m, int error, const char *format, ...)
{
	va_list arguments;
	int n = snprintf(m->error, sizeof(m->error), "%s: ", m->path);

	/* A path of any length leaves room for the reason. */
	if (n < 0 || (size_t)n > sizeof(m->error) / 2)
		n = snprintf(m->error, sizeof(m->error), "...%s: ",
			     m->path + strlen(m->path) - sizeof(m->error) / 3);
	va_start(arguments, format);
	vsnprintf(m->error + n, sizeof(m->error) - (size_t)n, format,
		  arguments);
	va_end(arguments);
	return error;
}

int64_t model_pread(int fd, void *to, uint64_t size, uint64_t offset)
{
	uint64_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, (char *)to + done, size - done,
				  (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (uint64_t)n;
	}
	return (int64_t)done;
}

void model_release(struct model *m)
{
	free(m->path);
	for (int type = 1; type < PARTS; type++)
		free(chunk_array_of(m, type).records);
	memset(m, 0, sizeof(*m));
}

void model_set_duration(struct model *m, uint64_t ns)
{
	struct rkn_point *end =
	    m->point_count > 1 ? &m->points[m->point_count - 1] : NULL;

	if (end && ns < end[-1].time_ns)
		ns = end[-1].time_ns;
	m->meta.duration_ns = ns;
	if (end && end->flags & RKN_POINT_END)
		end->time_ns = ns;
}

bool model_knows(const struct model *m, enum rkn_chunk_type type)
{
	return !m->cut || type < m->cut;
}

const char *model_text(const struct model *m, uint32_t offset)
{
	return offset < m->strings_size ? m->strings + offset : "";
}

const char *model_argument(const struct model *m, struct model_arguments *a)
{
	uint64_t at = a->number ? a->at : m->meta.arguments;
	const char *text;

	if (a->number >= m->meta.argument_count || at >= m->strings_size)
		return NULL;
	text = model_text(m, (uint32_t)at);
	a->at = at + strlen(text) + 1;
	a->number++;
	return text;
}

const char *model_called(const struct model *m)
{
	const char *script = model_text(m, m->meta.script);

	return *script ? script : model_started_as(m);
}

const char *model_started_as(const struct model *m)
{
	return called_name(
	    m->meta.argument_count ? model_text(m, m->meta.arguments) : "",
	    model_text(m, m->meta.program));
}

/* First edge with from >= b. */
static size_t first_edge(const struct model *m, uint32_t b)
{
	return LOWER_BOUND(m->edge_count, i, m->edges[i].from < b);
}

size_t model_edges_of(const struct model *m, uint32_t b, size_t *first)
{
	*first = first_edge(m, b);
	return (b == UINT32_MAX ? m->edge_count : first_edge(m, b + 1)) -
	       *first;
}

static const struct rkn_wide *find_wide(const struct model *m, uint32_t kind,
					size_t index)
{
	const struct rkn_wide *list = m->wide;
	size_t at = LOWER_BOUND(m->wide_count, i,
				list[i].kind < kind || (list[i].kind == kind &&
							list[i].index < index));

	return at < m->wide_count && list[at].kind == kind &&
		       list[at].index == index
		   ? &list[at]
		   : NULL;
}

bool model_knows_place(const struct model *m, enum rkn_wide_kind kind,
		       uint32_t block, uint64_t offset)
{
	const struct rkn_wide key = { .kind = kind,
				      .index = block,
				      .to_offset = offset };

	return m->wide_count && bsearch(&key, m->wide, m->wide_count,
					sizeof(key), chunk_arrays_compare_wide);
}

const struct rkn_place *model_first_of(const struct model *m, uint32_t block)
{
	return block < m->first_count && m->first[block] != RKN_NONE
		   ? &m->places[m->first[block]]
		   : NULL;
}

const struct rkn_count *model_count_of(const struct model *m, uint32_t block)
{
	size_t i = LOWER_BOUND(m->count_count, k, m->counts[k].block < block);

	return i < m->count_count && m->counts[i].block == block ? &m->counts[i]
								 : NULL;
}

uint64_t model_edge_from(const struct model *m, const struct rkn_edge *e)
{
	const struct rkn_wide *w =
	    e->from_word == RKN_SEE_WIDE
		? find_wide(m, RKN_WIDE_EDGE, (size_t)(e - m->edges))
		: NULL;

	return 8 * (w ? w->from_word : e->from_word);
}

/* `to_offset` of an edge or root, or what says it where that is too small. */
static uint64_t to_of(const struct model *m, enum rkn_wide_kind kind,
		      size_t index, uint32_t to_offset)
{
	const struct rkn_wide *w =
	    to_offset == RKN_SEE_WIDE ? find_wide(m, kind, index) : NULL;

	return w ? w->to_offset : to_offset;
}

uint64_t model_edge_to(const struct model *m, const struct rkn_edge *e)
{
	return to_of(m, RKN_WIDE_EDGE, (size_t)(e - m->edges), e->to_offset);
}

uint64_t model_root_to(const struct model *m, const struct rkn_root *r)
{
	return to_of(m, RKN_WIDE_ROOT, (size_t)(r - m->roots), r->to_offset);
}

const char *model_name(const struct model *m, uint32_t number)
{
	return number < m->name_count ? model_text(m, m->names[number].text)
				      : "";
}

/* First reference with to >= o. */
static size_t first_reference(const struct model *m, uint32_t o)
{
	return LOWER_BOUND(m->reference_count, i, m->references[i].to < o);
}

size_t model_references_of(const struct model *m, uint32_t o, size_t *first)
{
	*first = first_reference(m, o);
	return first_reference(m, o + 1) - *first;
}

uint32_t model_block_at(const struct model *m, uint64_t address)
{
	size_t after =
	    LOWER_BOUND(m->block_count, i, m->blocks[i].address <= address);
	const struct rkn_block *b;

	if (!after)
		return RKN_NONE;
	b = &m->blocks[after - 1];
	return address - b->address < b->size || address == b->address
		   ? (uint32_t)(after - 1)
		   : RKN_NONE;
}

uint32_t model_events_of(const struct model *m, uint32_t object, size_t *first)
{
	const struct rkn_object *o = &m->objects[object];
	size_t count = o->events;

	*first =
	    o->first_event < m->event_count ? o->first_event : m->event_count;
	if (count > m->event_count - *first)
		count = m->event_count - *first;
	return (uint32_t)count;
}
