/* SPDX-License-Identifier: MIT */
/*
 * Massif's file, for ms_print and massif-visualizer: nothing at the start, and by
 * call stack what was alive at the peak, whose time is not known and written as
 * the end's, and at the end.
 * https://valgrind.org/docs/manual/ms-manual.html
 */
#include <inttypes.h>
#include <stdlib.h>

#include "die.h"
#include "export.h"
#include "export_command.h"
#include "status.h"

#define TOP "(heap allocation functions) malloc/new/new[], --alloc-fns, etc."

struct writer {
	FILE *out;
	const struct profile *p;
	unsigned number; /* of the next snapshot */
	struct profile_tree tree;
	uint64_t *sums;
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
		large + (small.count != 0), w->sums[node], text);
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
static void begin_snapshot(struct writer *w, uint64_t time, uint64_t bytes,
			   const char *tree)
{
	fprintf(w->out,
		"#-----------\nsnapshot=%u\n#-----------\ntime=%" PRIu64
		"\nmem_heap_B=%" PRIu64 "\nmem_heap_extra_B=0\nmem_stacks_B=0\n"
		"heap_tree=%s\n",
		w->number++, time, bytes, tree);
}

static void write_snapshot(struct writer *w, enum profile_value value,
			   uint64_t time, const char *tree)
{
	uint64_t *large;

	w->sums = profile_tree_sums(&w->tree, value);
	begin_snapshot(w, time, w->sums[0], tree);
	w->least = w->sums[0] / 100 + 1;
	large = large_only(w);
	profile_tree_walk(&w->tree, large, write_node, w);
	free(large);
	free(w->sums);
}

void export_massif(FILE *out, const struct exporting *e)
{
	struct writer w = { .out = out, .p = e->profile };
	uint64_t end = e->in->m->meta.duration_ns / 1000000;

	if (!profile_knows(w.p, PROFILE_LIVE_BYTES))
		die(STATUS_INPUT,
		    "export: what was alive at the end is not known of this recording");
	profile_tree_make_inverted(&w.tree, w.p);
	fputs("desc: --heap-admin=0 --stacks=no (refknot " REFKNOT_VERSION
	      ")\ncmd:",
	      out);
	export_command(out, e->in->m);
	fputs("\ntime_unit: ms\n", out);
	begin_snapshot(&w, 0, 0, "empty");
	if (profile_knows(w.p, PROFILE_PEAK_BYTES))
		write_snapshot(&w, PROFILE_PEAK_BYTES, end, "peak");
	write_snapshot(&w, PROFILE_LIVE_BYTES, end, "detailed");
	profile_tree_release(&w.tree);
}
