/* SPDX-License-Identifier: MIT */
/*
 * V8's heap snapshot, as DevTools' Memory tab and memlab read it: what is alive,
 * who points at whom, and the call stacks.
 *
 * Node 0 is the root. From it lead a shortcut to each variable or other root, and
 * an element to "(lost)". That leads to one block of each component that nothing
 * leads to, those of findings first: else they would retain nothing there. What
 * keeps nothing, by holding.h, is of type weak, so that retained sizes are
 * refknot's. A block's id comes from its birth, so that the Comparison view of two
 * snapshots of one process knows it again.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "die.h"
#include "export_json.h"
#include "export_needs.h"
#include "field_names.h"
#include "heap_graph.h"
#include "status.h"

#define NODE_FIELDS 7
#define MOST        UINT32_MAX /* the format's numbers have 32 bits */

/* As META lists them. */
enum node_type { NODE_OBJECT = 3, NODE_NATIVE = 8, NODE_SYNTHETIC = 9 };
enum edge_type {
	EDGE_ELEMENT = 1,
	EDGE_PROPERTY = 2,
	EDGE_SHORTCUT = 5,
	EDGE_WEAK = 6
};

#define META                                                                   \
	"\"meta\":{\"node_fields\":[\"type\",\"name\",\"id\",\"self_size\","   \
	"\"edge_count\",\"trace_node_id\",\"detachedness\"],"                  \
	"\"node_types\":[[\"hidden\",\"array\",\"string\",\"object\","         \
	"\"code\",\"closure\",\"regexp\",\"number\",\"native\","               \
	"\"synthetic\",\"concatenated string\",\"sliced string\",\"symbol\","  \
	"\"bigint\",\"object shape\"],\"string\",\"number\",\"number\","       \
	"\"number\",\"number\",\"number\"],"                                   \
	"\"edge_fields\":[\"type\",\"name_or_index\",\"to_node\"],"            \
	"\"edge_types\":[[\"context\",\"element\",\"property\",\"internal\","  \
	"\"hidden\",\"shortcut\",\"weak\"],\"string_or_number\",\"node\"],"    \
	"\"trace_function_info_fields\":[\"function_id\",\"name\","            \
	"\"script_name\",\"script_id\",\"line\",\"column\"],"                  \
	"\"trace_node_fields\":[\"id\",\"function_info_index\",\"count\","     \
	"\"size\",\"children\"],"                                              \
	"\"sample_fields\":[\"timestamp_us\",\"last_assigned_id\"],"           \
	"\"location_fields\":[\"object_index\",\"script_id\",\"line\","        \
	"\"column\"]}"

struct writer {
	FILE *out;
	const struct exporting *e;
	const struct model *m;
	struct heap_graph graph;
	struct profile_tree tree;
	struct texts texts;
	struct field_names fields;
	bool comma;
};

/* --- Nodes ------------------------------------------------------------------ */

#define NODE_LOST  1u
#define NODE_ROOTS 2u

static uint64_t node_of_block(const struct writer *w, uint32_t block)
{
	return (uint64_t)NODE_ROOTS + w->graph.root_count + block;
}

static void number(struct writer *w, uint64_t value)
{
	if (w->comma)
		putc(',', w->out);
	export_json_number(w->out, value < MOST ? value : MOST);
	w->comma = true;
}

static void node(struct writer *w, enum node_type type, uint32_t name,
		 uint64_t id, uint64_t size, uint64_t edges, uint64_t trace)
{
	number(w, type);
	number(w, name);
	number(w, id);
	number(w, size);
	number(w, edges);
	number(w, trace);
	number(w, 0);
	putc('\n', w->out);
}

/* Odd numbers are of births, even ones of all else. */
static uint64_t id_of_block(const struct writer *w, uint32_t block)
{
	uint64_t birth = w->m->blocks[block].birth;

	return birth && birth < MOST / 2 ? 2 * birth + 1
					 : 2 * node_of_block(w, block) + 2;
}

static void write_roots(struct writer *w)
{
	uint64_t id = 2 * NODE_ROOTS + 2;

	for (size_t i = 0, end; i < w->graph.word_count; i = end, id += 2) {
		end = heap_graph_words_end(&w->graph, i);
		node(w, NODE_SYNTHETIC, w->graph.words[i].name, id, 0, end - i,
		     0);
	}
}

static void write_block(struct writer *w, uint32_t block, uint64_t edges)
{
	const struct reading *in = w->e->in;
	const struct rkn_block *b = &w->m->blocks[block];
	uint32_t stack = w->e->profile->of[b->stack];
	bool known = names_object_at(in->names, block) ||
		     block_types_of(in->types, block).type;

	node(w, known ? NODE_OBJECT : NODE_NATIVE,
	     texts_number(&w->texts, names_block_type(in->names, block)),
	     id_of_block(w, block), b->size, edges,
	     stack == RKN_NONE ? 0 : w->tree.of[stack] + 1);
}

static void write_nodes(struct writer *w)
{
	struct heap_pointers p = { .end = w->m->edges };

	node(w, NODE_SYNTHETIC, texts_number(&w->texts, ""), 2, 0,
	     w->graph.root_count + 1ul, 0);
	node(w, NODE_SYNTHETIC, texts_number(&w->texts, "(lost)"), 4, 0,
	     w->graph.lost_count, 0);
	write_roots(w);
	for (uint32_t b = 0; b < w->m->block_count; b++) {
		p = heap_pointers_of(&w->graph, b, p.end);
		write_block(w, b, heap_pointers_count(&w->graph, p));
	}
}

/* --- Edges ------------------------------------------------------------------ */

static void edge(struct writer *w, enum edge_type type, uint64_t name,
		 uint64_t to)
{
	number(w, type);
	number(w, name);
	number(w, to * NODE_FIELDS);
	putc('\n', w->out);
}

static void write_pointer(struct writer *w, const struct rkn_edge *e,
			  bool keeps, bool declared)
{
	uint64_t to = node_of_block(w, e->to), offset = 0;
	const char *field = "(declared)";

	if (!declared) {
		offset = model_edge_from(w->m, e);
		field = field_names_find(&w->fields, e->from, offset);
	}
	if (!keeps && !*field)
		field = "(weak)";
	if (*field)
		edge(w, keeps ? EDGE_PROPERTY : EDGE_WEAK,
		     texts_number(&w->texts, field), to);
	else
		edge(w, EDGE_ELEMENT, offset / sizeof(uint64_t), to);
}

static uint64_t count_edges(const struct heap_graph *g)
{
	return g->root_count + 1 + g->lost_count + g->word_count +
	       heap_graph_pointers(g);
}

static void write_words(struct writer *w)
{
	uint64_t element = 0;

	for (size_t i = 0; i < w->graph.word_count; i++) {
		const struct root_word *word = &w->graph.words[i];
		uint64_t to = node_of_block(w, word->block);

		if (i && word->name != word[-1].name)
			element = 0;
		if (word->weak)
			edge(w, EDGE_WEAK, texts_number(&w->texts, "(weak)"),
			     to);
		else
			edge(w, EDGE_ELEMENT, element++, to);
	}
}

static void write_edges(struct writer *w)
{
	struct heap_pointers p = { .end = w->m->edges };
	const struct rkn_edge *e;
	uint64_t root = NODE_ROOTS;

	for (size_t i = 0; i < w->graph.word_count;
	     i = heap_graph_words_end(&w->graph, i))
		edge(w, EDGE_SHORTCUT, w->graph.words[i].name, root++);
	edge(w, EDGE_ELEMENT, 0, NODE_LOST);
	for (size_t i = 0; i < w->graph.lost_count; i++)
		edge(w, EDGE_ELEMENT, i, node_of_block(w, w->graph.lost[i]));
	write_words(w);
	for (uint32_t b = 0; b < w->m->block_count; b++) {
		p = heap_pointers_of(&w->graph, b, p.end);
		while ((e = heap_pointers_next(&w->graph, &p)))
			write_pointer(w, e, p.keeps, p.declared);
	}
}

/* --- Call stacks ------------------------------------------------------------- */

static void write_function(struct writer *w, uint64_t id, const char *name,
			   const char *file, unsigned line)
{
	number(w, id);
	number(w, texts_number(&w->texts, name));
	number(w, texts_number(&w->texts, file ? file : ""));
	number(w, 0);
	number(w, line);
	number(w, 0);
	putc('\n', w->out);
}

static void write_functions(struct writer *w)
{
	const struct profile *p = w->e->profile;

	write_function(w, 1, "(root)", NULL, 0);
	for (size_t i = 0; i < p->frame_count; i++)
		write_function(w, i + 2, p->frames[i].name, p->frames[i].file,
			       p->frames[i].line);
}

static void write_step(uint32_t step, bool begins, bool more, void *data)
{
	struct writer *w = data;
	const struct profile_node *n = &w->tree.nodes[step];

	if (!begins) {
		putc(']', w->out);
		return;
	}
	w->comma = more;
	number(w, step + 1ul);
	number(w, n->frame == RKN_NONE ? 0 : n->frame + 1ul);
	number(w, n->value[PROFILE_LIVE_BLOCKS]);
	number(w, n->value[PROFILE_LIVE_BYTES]);
	fputs(",[", w->out);
}

static void write_tree(struct writer *w)
{
	uint64_t *live = profile_tree_sums(&w->tree, PROFILE_LIVE_BLOCKS);

	profile_tree_walk(&w->tree, live, write_step, w);
	free(live);
}

/* --- The whole file ---------------------------------------------------------- */

static void section(struct writer *w, const char *name)
{
	fprintf(w->out, "],\n\"%s\":[", name);
	w->comma = false;
}

static void write_strings(struct writer *w)
{
	for (uint32_t i = 0; i < w->texts.count; i++) {
		if (i)
			fputs(",\n", w->out);
		export_json_text(w->out, w->texts.list[i]);
	}
}

/* Before anything is written. */
static void check(const struct writer *w)
{
	size_t large = 0;

	export_needs_pointers(w->e->in);
	for (size_t b = 0; b < w->m->block_count; b++)
		large += w->m->blocks[b].size > MOST;
	if (large)
		warn(
		    "export: a heap snapshot has no sizes of 4 GiB and more: %zu block%s as just below",
		    large, large == 1 ? " counts" : "s count");
}

static void release(struct writer *w)
{
	texts_release(&w->texts);
	field_names_release(&w->fields);
	profile_tree_release(&w->tree);
	heap_graph_close(&w->graph);
}

void export_heapsnapshot(FILE *out, const struct exporting *e)
{
	struct writer w = {
		.out = out, .e = e, .m = e->in->m, .fields.types = e->in->types
	};
	uint64_t nodes;

	check(&w);
	heap_graph_open(&w.graph, e->in, e->findings, &w.texts);
	profile_tree_make(&w.tree, e->profile);
	nodes = node_of_block(&w, (uint32_t)w.m->block_count);
	if (nodes * NODE_FIELDS >= MOST)
		die(STATUS_INPUT,
		    "export: %zu blocks are more than a heap snapshot can have",
		    w.m->block_count);
	fprintf(out,
		"{\"snapshot\":{" META ",\"node_count\":%" PRIu64
		",\"edge_count\":%" PRIu64
		",\"trace_function_count\":%zu},\n\"nodes\":[",
		nodes, count_edges(&w.graph), e->profile->frame_count + 1);
	write_nodes(&w);
	section(&w, "edges");
	write_edges(&w);
	section(&w, "trace_function_infos");
	write_functions(&w);
	section(&w, "trace_tree");
	write_tree(&w);
	section(&w, "samples");
	section(&w, "locations");
	section(&w, "strings");
	write_strings(&w);
	fputs("]}\n", out);
	release(&w);
}
