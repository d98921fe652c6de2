/* SPDX-License-Identifier: MIT */
#include "walk.h"

void walk_begin(struct walk *w, const struct model *m, struct symbols *s,
		uint32_t stack)
{
	*w = (struct walk){ .m = m, .s = s, .next = m->stacks[stack].frame };
	w->frame = w->next;
	w->left = symbols_innermost(s, stack, &w->list);
}

const struct location *walk_next(struct walk *w)
{
	while (!w->left && w->next) {
		w->frame = w->next;
		w->next = w->m->frames[w->frame].parent;
		w->left = symbols_frame(w->s, w->frame, &w->list);
	}
	if (!w->left)
		return NULL;
	w->left--;
	return w->list++;
}
