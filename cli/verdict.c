/* SPDX-License-Identifier: MIT */
#include "verdict.h"

#include <inttypes.h>
#include <stdlib.h>

#include "escape.h"

static const struct {
	const char *what;
	const char *why;
} limits[RKN_LIMITS] = {
#define RKN_LIMIT(name, what, why) [RKN_LIMIT_##name] = { what, why },
#include <refknot/limits.def>
#undef RKN_LIMIT
};

void verdict_make(struct verdict *v, const struct findings *f,
		  const struct model *m, unsigned kinds)
{
	struct verdict_gap gaps[VERDICT_GAPS];

	*v = (struct verdict){ .live_objects = m->block_count,
			       .live_bytes = verdict_live_bytes(m) };
	for (size_t i = 0; i < f->count; i++) {
		const struct finding *finding = &f->list[i];
		struct verdict_sum *sum = &v->by_kind[finding->kind];

		v->findings += (kinds >> finding->kind) & 1;
		sum->findings++;
		sum->objects += finding->objects;
		sum->bytes += finding->bytes;
		sum->held_objects += finding->held_objects;
		sum->held_bytes += finding->held_bytes;
	}
	v->complete = !verdict_gaps(gaps, m, f);
}

/* The recording may know better than the table. */
static const char *why(enum rkn_limit_number limit, const struct model *m,
		       const struct findings *f)
{
	const char *said = model_text(m, m->meta.unseen);

	if (limit == RKN_LIMIT_NO_SNAPSHOT && f && f->why)
		return f->why;
	return limit == RKN_LIMIT_BYPASS && *said ? said : limits[limit].why;
}

size_t verdict_gaps(struct verdict_gap *gaps, const struct model *m,
		    const struct findings *f)
{
	size_t n = 0;

	if (m->truncated)
		gaps[n++] = (struct verdict_gap){ "end of the recording", 1,
						  m->error, RKN_LIMITS };
	if (f && !f->checked && !m->limits[RKN_LIMIT_NO_SNAPSHOT])
		gaps[n++] =
		    (struct verdict_gap){ limits[RKN_LIMIT_NO_SNAPSHOT].what, 1,
					  f->why, RKN_LIMIT_NO_SNAPSHOT };
	for (size_t i = 0; i < RKN_LIMITS; i++)
		if (m->limits[i] && limits[i].why)
			gaps[n++] =
			    (struct verdict_gap){ limits[i].what, m->limits[i],
						  why(i, m, f), i };
	return n;
}

void verdict_print_gaps(FILE *out, const char *heading, const struct model *m,
			const struct findings *f)
{
	struct verdict_gap gaps[VERDICT_GAPS];
	size_t n = verdict_gaps(gaps, m, f);

	if (n)
		fprintf(out, "%s\n", heading);
	for (size_t i = 0; i < n; i++) {
		char *why = escape(gaps[i].why);

		fprintf(out, "    %" PRIu64 " %s: %s\n", gaps[i].count,
			gaps[i].what, why);
		free(why);
	}
}

uint64_t verdict_live_bytes(const struct model *m)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < m->block_count; i++)
		bytes += m->blocks[i].size;
	return bytes;
}
