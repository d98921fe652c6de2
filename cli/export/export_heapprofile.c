/* SPDX-License-Identifier: MIT */
/*
 * V8's sampling heap profile: a tree of functions, each with the bytes that it
 * allocated itself.  DevTools' Memory tab loads it, if the file's name ends with
 * .heapprofile.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "export_json.h"

struct writer {
	FILE *out;
	const struct profile *p;
	struct profile_tree tree;
	enum profile_value value;
};

static void write_node(uint32_t node, bool begins, bool more, void *data)
{
	const struct writer *w = data;
	const struct profile_node *n = &w->tree.nodes[node];
	const struct profile_frame root = { 0 }, *f = &root;

	if (!begins) {
		fputs("]}", w->out);
		return;
	}
	if (n->frame != RKN_NONE)
		f = &w->p->frames[n->frame];
	fprintf(w->out, "%s{\"callFrame\":{\"functionName\":", more ? "," : "");
	export_json_text(w->out, f->name ? f->name : "(root)");
	fputs(",\"scriptId\":\"0\",\"url\":", w->out);
	export_json_text(w->out, f->file ? f->file : "");
	/* Lines count from 0. */
	fprintf(w->out,
		",\"lineNumber\":%ld,\"columnNumber\":-1},\"selfSize\":%" PRIu64
		",\"id\":%" PRIu32 ",\n\"children\":[",
		(long)f->line - 1, n->value[w->value], node + 1);
}

static void write_samples(const struct writer *w)
{
	bool more = false;

	for (uint32_t i = 0; i < w->tree.count; i++) {
		uint64_t size = w->tree.nodes[i].value[w->value];

		if (!size)
			continue;
		fprintf(w->out,
			"%s{\"size\":%" PRIu64 ",\"nodeId\":%" PRIu32
			",\"ordinal\":%" PRIu32 "}",
			more ? ",\n" : "", size, i + 1, i + 1);
		more = true;
	}
}

void export_heapprofile(FILE *out, const struct exporting *e)
{
	struct writer w = { .out = out, .p = e->profile, .value = e->value };
	uint64_t *sums;

	profile_tree_make(&w.tree, e->profile);
	sums = profile_tree_sums(&w.tree, e->value);
	fputs("{\"head\":", out);
	profile_tree_walk(&w.tree, sums, write_node, &w);
	fputs(",\n\"samples\":[", out);
	write_samples(&w);
	fputs("]}\n", out);
	free(sums);
	profile_tree_release(&w.tree);
}
