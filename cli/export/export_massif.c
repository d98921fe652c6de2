/* SPDX-License-Identifier: MIT */
/*
 * Massif's file, for ms_print and massif-visualizer: a snapshot for each point of
 * the timeline, with call stacks those of key frames, the peak and the end. A
 * recording that has no timeline has the start, the peak, whose time is written as
 * the end's, and the end.
 * https://valgrind.org/docs/manual/ms-manual.html
 */
#include <inttypes.h>
#include <stdlib.h>

#include "die.h"
#include "export.h"
#include "export_command.h"
#include "instants.h"
#include "status.h"

#define TOP "(heap allocation functions) malloc/new/new[], --alloc-fns, etc."

struct writer {
	FILE *out;
	const struct profile *p;
	unsigned number; /* of the next snapshot */
	struct profile_tree tree;
	uint64_t *sums;
	uint64_t
	    others; /* bytes of stacks that a key frame has not one by one */
	uint64_t least; /* bytes of what is written by itself */
	int depth;
};

/* Children below the threshold are summed up, as Massif does it. */
struct small {
	size_t count;
	uint64_t bytes;
};

static bool is_small(const struct writer *w, uint32_t node)
{
	return w->sums[node] < w->least;
}

static struct small small_children(const struct writer *w, uint32_t node,
				   size_t *large)
{
	struct small s = { 0 };

	*large = 0;
	for (uint32_t i = w->tree.child[node]; i; i = w->tree.next[i]) {
		bool small = is_small(w, i);

		s.count += small && w->sums[i];
		s.bytes += small ? w->sums[i] : 0;
		*large += !small;
	}
	return s;
}

static void write_node(uint32_t node, bool begins, bool more, void *data)
{
	struct writer *w = data;
	uint32_t frame = w->tree.nodes[node].frame;
	struct small small;
	size_t large;
	char *text;

	(void)more;
	small = small_children(w, node, &large);
	if (!begins) {
		/* Behind the others. */
		if (!node && w->others)
			fprintf(
			    w->out,
			    " n0: %" PRIu64
			    " in more places, all below massif's threshold (1.00%%)\n",
			    w->others);
		if (small.count)
			fprintf(
			    w->out,
			    "%*sn0: %" PRIu64
			    " in %zu place%s, %sbelow massif's threshold (1.00%%)\n",
			    w->depth, "", small.bytes, small.count,
			    small.count == 1 ? "" : "s",
			    small.count == 1 ? "" : "all ");
		w->depth--;
		return;
	}
	text = frame == RKN_NONE ? xstrdup(TOP)
				 : profile_frame_text(&w->p->frames[frame]);
	fprintf(w->out, "%*sn%zu: %" PRIu64 " %s\n", w->depth++, "",
		large + (small.count != 0) + (!node && w->others),
		w->sums[node], text);
	free(text);
}

/* Per node: its sum, if it is not small. */
static uint64_t *large_only(const struct writer *w)
{
	uint64_t *large = xcalloc(w->tree.count, sizeof(*large));

	for (uint32_t i = 0; i < w->tree.count; i++)
		large[i] = is_small(w, i) ? 0 : w->sums[i];
	return large;
}

/* What the allocator adds, and stacks, were not measured: that is 0, as with
 * Massif's options. */
static void begin_snapshot(struct writer *w, uint64_t time_ns, uint64_t bytes,
			   const char *tree)
{
	fprintf(w->out,
		"#-----------\nsnapshot=%u\n#-----------\ntime=%" PRIu64
		"\nmem_heap_B=%" PRIu64 "\nmem_heap_extra_B=0\nmem_stacks_B=0\n"
		"heap_tree=%s\n",
		w->number++, time_ns / 1000000, bytes, tree);
}

/* Of w->sums, which it frees. A tree's root is what the snapshot has. */
static void write_tree(struct writer *w, uint64_t time_ns, const char *tree)
{
	uint64_t *large;

	begin_snapshot(w, time_ns, w->sums[0], tree);
	w->least = w->sums[0] / 100 + 1;
	large = large_only(w);
	profile_tree_walk(&w->tree, large, write_node, w);
	free(large);
	free(w->sums);
}

static void write_value(struct writer *w, enum profile_value value,
			uint64_t time_ns, const char *tree)
{
	w->sums = profile_tree_sums(&w->tree, value);
	write_tree(w, time_ns, tree);
}

static void write_key(struct writer *w, const struct model *m,
		      const struct rkn_key *key)
{
	const struct rkn_key_row *row = m->key_rows + key->first;

	w->sums = xcalloc(w->tree.count, sizeof(*w->sums));
	for (uint32_t i = 0; i < key->rows; i++, row++)
		if (row->stack == RKN_NONE || w->p->of[row->stack] == RKN_NONE)
			w->others += row->bytes;
		else
			w->sums[w->tree.of[w->p->of[row->stack]]] += row->bytes;
	profile_tree_add_up(&w->tree, w->sums);
	w->sums[0] += w->others;
	write_tree(w, key->point.time_ns, "detailed");
	w->others = 0;
}

static void write_point(struct writer *w, const struct rkn_point *p)
{
	if (p->flags & RKN_POINT_PEAK &&
	    profile_knows(w->p, PROFILE_PEAK_BYTES))
		write_value(w, PROFILE_PEAK_BYTES, p->time_ns, "peak");
	else if (!(p->flags & RKN_POINT_END))
		begin_snapshot(w, p->time_ns, p->bytes, "empty");
}

/* A key frame stands for a point of its time. */
static void write_timeline(struct writer *w, const struct model *m)
{
	const struct rkn_point plain[] = {
		{ 0 },
		{ .time_ns = m->meta.duration_ns,
		  .flags = RKN_POINT_PEAK | RKN_POINT_END },
	};
	const bool known = instants_known(m);
	const struct rkn_point *p = known ? m->points : plain;
	const struct rkn_key *key = m->keys, *end = key + m->key_count;

	for (size_t i = 0; i < (known ? m->point_count : 2); i++, p++) {
		bool is_key = false;

		for (; key < end && key->point.time_ns <= p->time_ns; key++) {
			write_key(w, m, key);
			is_key = key->point.time_ns == p->time_ns &&
				 key->point.births == p->births;
		}
		if (!is_key || p->flags)
			write_point(w, p);
	}
	write_value(w, PROFILE_LIVE_BYTES, m->meta.duration_ns, "detailed");
}

void export_massif(FILE *out, const struct exporting *e)
{
	struct writer w = { .out = out, .p = e->profile };

	if (!profile_knows(w.p, PROFILE_LIVE_BYTES))
		die(STATUS_INPUT,
		    "export: what was alive at the end is not known of this recording");
	profile_tree_make_inverted(&w.tree, w.p);
	fputs(
	    "desc: --heap-admin=0 --stacks=no --time-unit=ms (refknot " REFKNOT_VERSION
	    ")\ncmd:",
	    out);
	export_command(out, e->in->m);
	fputs("\ntime_unit: ms\n", out);
	write_timeline(&w, e->in->m);
	profile_tree_release(&w.tree);
}
