/* SPDX-License-Identifier: MIT */
/*
 * V8's heap snapshot, as DevTools' Memory tab and memlab read it: what is alive,
 * who points at whom, and the call stacks.
 *
 * Node 0 is the root. From it lead a shortcut to each variable or other root, and
 * an element to "(lost)", which leads to one block of each component that nothing
 * leads to: without it they would retain nothing there. Weak references are
 * of type weak. A block's id comes from its birth, so that the Comparison view of
 * two snapshots of one process knows it again.
 */
#include <inttypes.h>
#include <string.h>

#include "export_json.h"
#include "fields.h"
#include "hash.h"
#include "holding.h"
#include "list.h"
#include "root_names.h"

#define NODE_FIELDS 7
#define MOST	    UINT32_MAX /* the format's numbers have 32 bits */

/* As `meta` below lists them. */
enum node_type { NODE_OBJECT = 3, NODE_NATIVE = 8, NODE_SYNTHETIC = 9 };
enum edge_type { EDGE_ELEMENT = 1, EDGE_PROPERTY = 2, EDGE_SHORTCUT = 5,
		 EDGE_WEAK = 6 };

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

struct known_text {
	uint32_t number;
	uint32_t root; /* 1 + the root node of this name; 0: there is none */
	UT_hash_handle hh;
	char text[];
};

/* A variable, or another root, by its name: the words in it. */
struct root_node {
	const struct known_text *name;
	uint32_t *roots; /* indices into m->roots */
	size_t count;
};

struct writer {
	FILE *out;
	const struct exporting *e;
	const struct model *m;
	struct holding holding;
	struct profile_tree tree;
	struct known_text *texts;
	struct known_text **listed; /* by number */
	size_t text_count;
	struct root_node *roots;
	size_t root_count;
	uint32_t *lost; /* a block of each component that ways begin at */
	size_t lost_count;
	bool comma;
};

static struct known_text *intern(struct writer *w, const char *text)
{
	struct known_text *k;

	HASH_FIND_STR(w->texts, text, k);
	if (k)
		return k;
	k = xcalloc(1, sizeof(*k) + strlen(text) + 1);
	strcpy(k->text, text);
	k->number = (uint32_t)w->text_count;
	HASH_ADD_STR(w->texts, text, k);
	*LIST_ADD(w->listed, w->text_count) = k;
	return k;
}

/* --- What is written -------------------------------------------------------- */

/* Words of one variable are one node. */
static void find_roots(struct writer *w)
{
	for (uint32_t i = 0; i < w->m->root_count; i++) {
		char *name = root_name(w->e->in, &w->m->roots[i]);
		struct known_text *k = intern(w, name);
		struct root_node *r;

		free(name);
		if (!k->root) {
			*LIST_ADD(w->roots, w->root_count) =
			    (struct root_node){ .name = k };
			k->root = (uint32_t)w->root_count;
		}
		r = &w->roots[k->root - 1];
		*LIST_ADD(r->roots, r->count) = i;
	}
}

static void find_lost(struct writer *w)
{
	const struct holding *h = &w->holding;
	uint8_t *seen = xcalloc(h->components, 1);

	for (uint32_t b = 0; b < w->m->block_count; b++) {
		uint32_t c = holding_source(h, b);

		if (c == UINT32_MAX || seen[c]++)
			continue;
		*LIST_ADD(w->lost, w->lost_count) = b;
	}
	free(seen);
}

/* --- Nodes ------------------------------------------------------------------ */

#define NODE_LOST  1u
#define NODE_ROOTS 2u

static uint64_t node_of_block(const struct writer *w, uint32_t block)
{
	return NODE_ROOTS + w->root_count + block;
}

static void number(struct writer *w, uint64_t value)
{
	fprintf(w->out, "%s%" PRIu64, w->comma ? "," : "",
		value < MOST ? value : MOST);
	w->comma = true;
}

static void node(struct writer *w, enum node_type type, const char *name,
		 uint64_t id, uint64_t size, uint64_t edges, uint64_t trace)
{
	number(w, type);
	number(w, intern(w, name)->number);
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

static void write_nodes(struct writer *w)
{
	const struct model *m = w->m;
	const struct profile *p = w->e->profile;
	size_t first;

	node(w, NODE_SYNTHETIC, "", 2, 0, w->root_count + 1, 0);
	node(w, NODE_SYNTHETIC, "(lost)", 4, 0, w->lost_count, 0);
	for (size_t i = 0; i < w->root_count; i++)
		node(w, NODE_SYNTHETIC, w->roots[i].name->text,
		     2 * (NODE_ROOTS + i) + 2, 0, w->roots[i].count, 0);
	for (uint32_t b = 0; b < m->block_count; b++) {
		uint32_t stack = p->of[m->blocks[b].stack];
		bool known = names_object_at(w->e->in->names, b) ||
			     block_types_of(w->e->in->types, b).type;

		node(w, known ? NODE_OBJECT : NODE_NATIVE,
		     names_block_type(w->e->in->names, b), id_of_block(w, b),
		     m->blocks[b].size, model_edges_of(m, b, &first),
		     stack == RKN_NONE ? 0 : w->tree.of[stack] + 1);
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

static void write_pointer(struct writer *w, const struct rkn_edge *e)
{
	const struct reading *in = w->e->in;
	uint64_t offset = model_edge_from(w->m, e);
	uint64_t to = node_of_block(w, e->to);
	char *field = field_of_block(in->types, e->from, offset);
	bool weak = counts_is_weak(in->counts, e);

	if (weak || (field && *field))
		edge(w, weak ? EDGE_WEAK : EDGE_PROPERTY,
		     intern(w, field ? field : "weak")->number, to);
	else
		edge(w, EDGE_ELEMENT, offset / sizeof(uint64_t), to);
	free(field);
}

static void write_root(struct writer *w, const struct root_node *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct rkn_root *root = &w->m->roots[r->roots[i]];
		uint64_t to = node_of_block(w, root->block);

		if (holding_is_weak(&w->holding, r->roots[i]))
			edge(w, EDGE_WEAK, intern(w, "weak")->number, to);
		else
			edge(w, EDGE_ELEMENT, i, to);
	}
}

static void write_edges(struct writer *w)
{
	for (size_t i = 0; i < w->root_count; i++)
		edge(w, EDGE_SHORTCUT, w->roots[i].name->number,
		     NODE_ROOTS + i);
	edge(w, EDGE_ELEMENT, 0, NODE_LOST);
	for (size_t i = 0; i < w->lost_count; i++)
		edge(w, EDGE_ELEMENT, i, node_of_block(w, w->lost[i]));
	for (size_t i = 0; i < w->root_count; i++)
		write_root(w, &w->roots[i]);
	for (size_t i = 0; i < w->m->edge_count; i++)
		write_pointer(w, &w->m->edges[i]);
}

/* --- Call stacks ------------------------------------------------------------- */

static char names_root[] = "(root)";

static void write_functions(struct writer *w)
{
	const struct profile *p = w->e->profile;
	struct profile_frame root = { .name = names_root };

	for (size_t i = 0; i <= p->frame_count; i++) {
		const struct profile_frame *f = i ? &p->frames[i - 1] : &root;

		number(w, i + 1);
		number(w, intern(w, f->name)->number);
		number(w, intern(w, f->file ? f->file : "")->number);
		number(w, 0);
		number(w, f->line);
		number(w, 0);
		putc('\n', w->out);
	}
}

/* The children of each node are a list: the first of them, and the next one of
 * the same parent; 0 ends it, for the root is nobody's child. */
struct family {
	uint32_t *child, *next;
};

static void write_node(struct writer *w, uint32_t i)
{
	const struct profile_node *n = &w->tree.nodes[i];

	fprintf(w->out, "%u,%u,%" PRIu64 ",%" PRIu64 ",[", i + 1,
		n->frame == RKN_NONE ? 0 : n->frame + 1,
		n->value[PROFILE_LIVE_BLOCKS],
		n->value[PROFILE_LIVE_BYTES] < MOST
		    ? n->value[PROFILE_LIVE_BYTES]
		    : MOST);
}

/* Down to the first child, else to the next brother, else up. */
static void write_tree(struct writer *w)
{
	size_t count = w->tree.count;
	struct family f = { xcalloc(count, sizeof(*f.child)),
			    xcalloc(count, sizeof(*f.next)) };
	uint32_t at = 0;

	for (uint32_t i = (uint32_t)count; i-- > 1;) {
		uint32_t parent = w->tree.nodes[i].parent;

		f.next[i] = f.child[parent];
		f.child[parent] = i;
	}
	write_node(w, at);
	if (count == 1)
		putc(']', w->out);
	while (f.child[at] || at) {
		if (f.child[at]) {
			at = f.child[at];
			write_node(w, at);
			continue;
		}
		putc(']', w->out);
		while (at && !f.next[at]) {
			at = w->tree.nodes[at].parent;
			putc(']', w->out);
		}
		if (!at)
			break;
		at = f.next[at];
		putc(',', w->out);
		write_node(w, at);
	}
	free(f.child);
	free(f.next);
}

/* --- The whole file ---------------------------------------------------------- */

static void section(struct writer *w, const char *name)
{
	fprintf(w->out, "],\n\"%s\":[", name);
	w->comma = false;
}

static void write_strings(struct writer *w)
{
	for (size_t i = 0; i < w->text_count; i++) {
		if (i)
			fputs(",\n", w->out);
		export_json_text(w->out, w->listed[i]->text);
	}
}

static void release(struct writer *w)
{
	for (size_t i = 0; i < w->root_count; i++)
		free(w->roots[i].roots);
	free(w->roots);
	free(w->lost);
	free(w->listed);
	HASH_FREE(w->texts);
	profile_tree_release(&w->tree);
	holding_close(&w->holding);
}

void export_heapsnapshot(FILE *out, const struct exporting *e)
{
	struct writer w = { .out = out, .e = e, .m = e->in->m };
	uint64_t nodes;

	if (w.m->blocks_cut || !e->findings->checked)
		die(STATUS_INPUT,
		    "export: what is alive and who holds it is not known: %s",
		    e->findings->why);
	holding_open(&w.holding, w.m, e->in->counts);
	profile_tree_make(&w.tree, e->profile);
	find_roots(&w);
	find_lost(&w);
	nodes = node_of_block(&w, (uint32_t)w.m->block_count);
	if (nodes * NODE_FIELDS >= MOST)
		die(STATUS_INPUT,
		    "export: %zu blocks are more than a heap snapshot can have",
		    w.m->block_count);
	fprintf(out,
		"{\"snapshot\":{" META ",\"node_count\":%" PRIu64
		",\"edge_count\":%" PRIu64
		",\"trace_function_count\":%zu},\n\"nodes\":[",
		nodes,
		w.root_count + 1 + w.lost_count + w.m->root_count +
		    w.m->edge_count,
		e->profile->frame_count + 1);
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
