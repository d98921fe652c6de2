/* SPDX-License-Identifier: MIT */
/*
 * V8's sampling heap profile: a tree of functions, each with what it allocated
 * itself.  DevTools' Memory tab loads it, if the file's name ends with
 * .heapprofile.
 */
#include "document.h"
#include "export_json.h"
#include "json_text.h"

static json_t *call_frame(const struct profile *p, uint32_t frame)
{
	const struct profile_frame *f = frame == RKN_NONE ? NULL
							  : &p->frames[frame];
	json_t *o = json_object();

	document_text(o, "functionName", f ? f->name : "(root)");
	document_text(o, "scriptId", "0");
	document_text(o, "url", f && f->file ? f->file : "");
	/* From 0. */
	document_set(o, "lineNumber",
		     json_integer(f && f->line ? (json_int_t)f->line - 1 : -1));
	document_set(o, "columnNumber", json_integer(-1));
	return o;
}

void export_heapprofile(FILE *out, const struct exporting *e)
{
	const struct profile *p = e->profile;
	json_t *document = json_object(), *samples = json_array(), **nodes;
	struct profile_tree t;

	profile_tree_make(&t, p);
	nodes = xcalloc(t.count, sizeof(*nodes));
	for (size_t i = 0; i < t.count; i++) {
		const struct profile_node *n = &t.nodes[i];

		nodes[i] = json_object();
		document_set(nodes[i], "callFrame", call_frame(p, n->frame));
		document_count(nodes[i], "selfSize", n->value[e->value]);
		document_count(nodes[i], "id", i + 1);
		document_set(nodes[i], "children", json_array());
		if (i)
			document_append(json_object_get(nodes[n->parent],
							"children"),
					nodes[i]);
		if (n->value[e->value]) {
			json_t *sample = json_object();

			document_count(sample, "size", n->value[e->value]);
			document_count(sample, "nodeId", i + 1);
			document_count(sample, "ordinal", i);
			document_append(samples, sample);
		}
	}
	document_set(document, "head", nodes[0]);
	document_set(document, "samples", samples);
	free(nodes);
	profile_tree_release(&t);
	export_json(out, document);
}
