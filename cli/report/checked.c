/* SPDX-License-Identifier: MIT */
#include "checked.h"

#include <inttypes.h>

#include "document.h"
#include "units.h"

struct threads {
	uint64_t alive;   /* at the snapshot */
	uint64_t running; /* of them, those that did not stop for it */
};

static struct threads count_threads(const struct model *m)
{
	struct threads t = { 0 };

	for (size_t i = 1; i < m->thread_count; i++) {
		uint32_t flags = m->threads[i].flags;

		if (!(flags & RKN_THREAD_ALIVE))
			continue;
		t.alive++;
		t.running += !(flags & RKN_THREAD_STOPPED);
	}
	return t;
}

static void print_children(FILE *out, size_t children)
{
	if (!children)
		fputs(", no children", out);
	else
		fprintf(out, ", %zu child%s", children,
			children == 1 ? "" : "ren");
}

void checked_print(FILE *out, const struct reading *in,
		   const struct findings *f, const struct verdict *v,
		   const size_t *children)
{
	const struct model *m = in->m;
	const struct threads t = count_threads(m);
	char text[UNITS_SIZE];

	if (f->checked) {
		fprintf(out, "checked: %s",
			units_count(text, v->live_objects, "block"));
		if (m->meta.root_bytes)
			fprintf(out, ", %s of roots",
				units_bytes(text, m->meta.root_bytes));
		if (t.alive)
			fprintf(out, ", %s",
				units_count(text, t.alive, "thread"));
		if (t.running)
			fprintf(out, " (%" PRIu64 " did not stop)", t.running);
		if (children)
			print_children(out, *children);
		fputs(v->complete ? "; nothing left out\n" : "\n", out);
	}
	verdict_print_gaps(out, NULL, m, f);
}

json_t *checked_json(const struct reading *in, const struct findings *f,
		     const struct verdict *v)
{
	const struct model *m = in->m;
	const struct threads t = count_threads(m);
	json_t *o;

	if (!f->checked)
		return json_null();
	o = json_object();
	document_count(o, "blocks", v->live_objects);
	document_known(o, "root_bytes", m->meta.root_bytes, m->meta.root_bytes);
	document_count(o, "threads", t.alive);
	document_count(o, "threads_not_stopped", t.running);
	document_flag(o, "complete", v->complete);
	return o;
}
