/* SPDX-License-Identifier: MIT */
#include "holder.h"

#include <stdio.h>
#include <stdlib.h>

#include "root_names.h"

static const char *const root_kinds[] = {
	[RKN_ROOT_DATA] = "data",         [RKN_ROOT_STACK] = "stack",
	[RKN_ROOT_REGISTER] = "register", [RKN_ROOT_TLS] = "tls",
	[RKN_ROOT_MAP] = "map",           [RKN_ROOT_INHERITED] = "inherited",
	[RKN_ROOT_LOADER] = "loader",     [RKN_ROOT_DECLARED] = "declared",
};

static void set_variable(struct holder *h, const struct rkn_root *root,
			 const struct reading *in)
{
	char *text = root_variable(in, root, true);

	snprintf(h->variable, sizeof(h->variable), "%s", text ? text : "");
	free(text);
}

static void set_root(struct holder *h, const struct rkn_root *root,
		     const struct reading *in)
{
	const struct model *m = in->m;

	h->kind = root_kinds[root->kind];
	h->to_offset = model_root_to(m, root);
	h->address = root->where;
	if (root->kind == RKN_ROOT_DATA && root->owner < m->module_count) {
		h->module = model_text(m, m->modules[root->owner].path);
		if (!symbols_data(in->symbols, root->owner, root->where,
				  h->symbol, sizeof(h->symbol)))
			h->symbol[0] = '\0';
	} else if ((root->kind == RKN_ROOT_STACK ||
		    root->kind == RKN_ROOT_REGISTER ||
		    root->kind == RKN_ROOT_TLS) &&
		   root->owner < m->thread_count) {
		h->tid = m->threads[root->owner].tid;
	}
	set_variable(h, root, in);
}

bool holder_find(struct holder *h, const struct finding *f,
		 const struct reading *in)
{
	const struct model *m = in->m;

	*h = (struct holder){ .block = RKN_NONE };
	if (f->held_by_root != RKN_NONE) {
		set_root(h, &m->roots[f->held_by_root], in);
	} else if (f->held_by_edge != RKN_NONE) {
		const struct rkn_edge *edge = &m->edges[f->held_by_edge];

		h->kind = "block";
		h->to_offset = model_edge_to(m, edge);
		h->block = edge->from;
		h->offset = model_edge_from(m, edge);
		h->address = m->blocks[edge->from].address + h->offset;
	}
	return h->kind;
}

void holder_of_root(struct holder *h, uint32_t root, const struct reading *in)
{
	*h = (struct holder){ .block = RKN_NONE };
	set_root(h, &in->m->roots[root], in);
}
