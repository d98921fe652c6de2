/* SPDX-License-Identifier: MIT */
/*
 * Graphviz, and the same graphs as GraphML (http://graphml.graphdrawing.org),
 * which Gephi, yEd and networkx read.
 */
#include <inttypes.h>

#include "die.h"
#include "export.h"
#include "export_needs.h"
#include "sketch.h"
#include "status.h"
#include "subject.h"
#include "units.h"
#include "xml.h"

/* What is to be drawn. */
static void make(struct sketch *s, const struct exporting *e)
{
	struct subject what;

	export_needs_pointers(e->in);
	if (!e->of) {
		sketch_types(s, e->in);
		return;
	}
	subject_find(&what, e->in, e->of);
	if (what.kind == SUBJECT_FINDING)
		sketch_finding(s, e->in, &what.findings.list[what.finding]);
	else if (what.kind == SUBJECT_BLOCK && what.block != RKN_NONE)
		sketch_near(s, e->in, what.block);
	else
		die(STATUS_INPUT,
		    what.kind == SUBJECT_MANY
			? "export: \"%s\" could mean several things; `refknot show` lists them"
			: "export: \"%s\" is neither a finding nor an object that is alive; `refknot report` and `refknot objects` list them",
		    e->of);
	subject_release(&what);
}

/* --- Graphviz ------------------------------------------------------------------ */

static void write_quoted(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		if (*text == '\n')
			fputs("\\n", out);
		else
			putc(*text, out);
	}
	putc('"', out);
}

static const char *const looks[] = {
	[SKETCH_PLAIN] = "",
	[SKETCH_ROOT] = ",shape=ellipse,style=dashed",
	[SKETCH_LOST] = ",color=red",
	[SKETCH_MEANT] = ",penwidth=3",
};

static char *label_of(const struct sketch_node *n)
{
	char bytes[UNITS_SIZE], count[UNITS_SIZE];

	if (n->look == SKETCH_ROOT)
		return xstrdup(n->name);
	units_bytes(bytes, n->bytes);
	if (n->address)
		return xasprintf("%s\n%#" PRIx64 ", %s", n->name, n->address,
				 bytes);
	return xasprintf("%s\n%s, %s", n->name,
			 units_count(count, n->objects, "object"), bytes);
}

/* ".next", ".next of 12", "12 pointers". */
static char *edge_label(const struct sketch_edge *e)
{
	if (e->count == 1)
		return xstrdup(e->field ? e->field : "");
	if (e->field)
		return xasprintf("%s of %" PRIu64, e->field, e->count);
	return xasprintf("%" PRIu64 " pointers", e->count);
}

static void write_edge(FILE *out, const struct sketch_edge *e)
{
	char *label = edge_label(e);

	fprintf(out, "\tn%" PRIu32 " -> n%" PRIu32 " [label=", e->from, e->to);
	write_quoted(out, label);
	fprintf(out, "%s];\n", e->weak ? ",style=dashed" : "");
	free(label);
}

void export_dot(FILE *out, const struct exporting *e)
{
	struct sketch s;

	make(&s, e);
	fprintf(out, "digraph refknot {\n\tnode [shape=box];\n");
	for (size_t i = 0; i < s.node_count; i++) {
		char *label = label_of(&s.nodes[i]);

		fprintf(out, "\tn%zu [label=", i);
		write_quoted(out, label);
		fprintf(out, "%s];\n", looks[s.nodes[i].look]);
		free(label);
	}
	for (size_t i = 0; i < s.edge_count; i++)
		write_edge(out, &s.edges[i]);
	if (s.cut)
		fprintf(out,
			"\tmore [label=\"there are more\",shape=plaintext];\n");
	fprintf(out, "}\n");
	sketch_release(&s);
}

/* --- GraphML ------------------------------------------------------------------- */

/* What nodes and edges have. */
static const struct {
	const char *id, *of, *name, *type;
} keys[] = {
	{ "name", "node", "label", "string" },
	{ "objects", "node", "objects", "long" },
	{ "bytes", "node", "bytes", "long" },
	{ "kind", "node", "kind", "string" },
	{ "field", "edge", "label", "string" },
	{ "pointers", "edge", "weight", "long" },
	{ "weak", "edge", "weak", "boolean" },
};

static const char *const kinds[] = {
	[SKETCH_PLAIN] = "block",
	[SKETCH_ROOT] = "root",
	[SKETCH_LOST] = "lost",
	[SKETCH_MEANT] = "meant",
};

static void add_data(struct xml *w, const char *key, const char *text)
{
	xml_start(w, "data");
	xml_attribute(w, "key", key);
	xml_text(w, text);
	xml_end(w);
}

static void add_count(struct xml *w, const char *key, uint64_t count)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, count);
	add_data(w, key, text);
}

#define NODE_ID 24
static void node_id(char id[NODE_ID], size_t number)
{
	snprintf(id, NODE_ID, "n%zu", number);
}

static void add_node(struct xml *w, const struct sketch_node *n, size_t number)
{
	char id[NODE_ID];

	node_id(id, number);
	xml_start(w, "node");
	xml_attribute(w, "id", id);
	add_data(w, "name", n->name);
	add_count(w, "objects", n->objects);
	add_count(w, "bytes", n->bytes);
	add_data(w, "kind", kinds[n->look]);
	xml_end(w);
}

static void add_edge(struct xml *w, const struct sketch_edge *e)
{
	char id[NODE_ID];

	xml_start(w, "edge");
	node_id(id, e->from);
	xml_attribute(w, "source", id);
	node_id(id, e->to);
	xml_attribute(w, "target", id);
	add_data(w, "field", e->field ? e->field : "");
	add_count(w, "pointers", e->count);
	add_data(w, "weak", e->weak ? "true" : "false");
	xml_end(w);
}

void export_graphml(FILE *out, const struct exporting *e)
{
	struct sketch s;
	struct xml *w;

	make(&s, e);
	w = xml_open(out);
	xml_start(w, "graphml");
	xml_attribute(w, "xmlns", "http://graphml.graphdrawing.org/xmlns");
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		xml_start(w, "key");
		xml_attribute(w, "id", keys[i].id);
		xml_attribute(w, "for", keys[i].of);
		xml_attribute(w, "attr.name", keys[i].name);
		xml_attribute(w, "attr.type", keys[i].type);
		xml_end(w);
	}
	xml_start(w, "graph");
	xml_attribute(w, "edgedefault", "directed");
	for (size_t i = 0; i < s.node_count; i++)
		add_node(w, &s.nodes[i], i);
	for (size_t i = 0; i < s.edge_count; i++)
		add_edge(w, &s.edges[i]);
	xml_end(w);
	xml_end(w);
	xml_close(w);
	sketch_release(&s);
}
