/* SPDX-License-Identifier: MIT */
#include "verdict.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "escape.h"
#include "paint.h"
#include "strays.h"
#include "wrap.h"

static const struct {
	const char *what, *cause, *consequence, *remedy;
} limits[RKN_LIMITS] = {
#define RKN_LIMIT(name, ...) [RKN_LIMIT_##name] = { __VA_ARGS__ },
#include <refknot/limits.def>
#undef RKN_LIMIT
};

/* Of "[free|frees] of [a block|blocks]" the first words for one, else the other.
 * Kept for good: few are ever asked for. */
static const char *what_of(enum rkn_limit_number limit, bool one)
{
	static char *texts[RKN_LIMITS][2];
	const char *text = limits[limit].what;
	char *to;

	if (texts[limit][one])
		return texts[limit][one];
	to = texts[limit][one] = xstrdup(text);
	while (*text) {
		const char *bar = *text == '[' ? strchr(text, '|') : NULL;
		const char *end = bar ? strchr(bar, ']') : NULL;
		size_t size;

		if (!end) {
			*to++ = *text++;
			continue;
		}
		size = one ? (size_t)(bar - text - 1) : (size_t)(end - bar - 1);
		memcpy(to, one ? text + 1 : bar + 1, size);
		to += size;
		text = end + 1;
	}
	*to = '\0';
	return texts[limit][one];
}

static struct verdict_gap gap_of(enum rkn_limit_number limit, uint64_t count,
				 const char *cause, const char *remedy)
{
	return (struct verdict_gap){
		.what = what_of(limit, false),
		.said = what_of(limit, count == 1),
		.count = count,
		.cause = cause,
		.consequence = limits[limit].consequence,
		.remedy = remedy,
		.limit = limit,
	};
}

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

uint64_t verdict_findings(const struct verdict *v, unsigned kinds)
{
	uint64_t count = 0;

	for (int kind = 0; kind < FINDING_KINDS; kind++)
		if (kinds & 1u << kind)
			count += v->by_kind[kind].findings;
	return count;
}

void verdict_lost(const struct verdict *v, unsigned kinds, uint64_t *blocks,
		  uint64_t *bytes)
{
	static const enum finding_kind losing[] = { FINDING_CYCLE,
						    FINDING_REFERENCE,
						    FINDING_LEAK };

	*blocks = *bytes = 0;
	for (size_t i = 0; i < sizeof(losing) / sizeof(*losing); i++) {
		const struct verdict_sum *s = &v->by_kind[losing[i]];

		if (!(kinds & 1u << losing[i]))
			continue;
		*blocks += s->objects + s->held_objects;
		*bytes += s->bytes + s->held_bytes;
	}
}

/* The recording may know better than the table. */
static const char *cause_of(enum rkn_limit_number limit, const struct model *m,
			    const struct findings *f)
{
	const char *said = model_text(m, m->meta.unseen);

	if (limit == RKN_LIMIT_NO_SNAPSHOT && f && f->why)
		return f->why;
	if (limit == RKN_LIMIT_TRUNCATED_STACK && m->any_cuts)
		return "deeper than the recorded depth, or a function on the way has no unwind rules";
	return limit == RKN_LIMIT_BYPASS && *said ? said : limits[limit].cause;
}

static const char *remedy_of(enum rkn_limit_number limit, const struct model *m)
{
	if (limit == RKN_LIMIT_NO_SNAPSHOT &&
	    m->meta.flags & RKN_META_NO_SNAPSHOT)
		return "run it without --no-snapshot";
	if (limit == RKN_LIMIT_TRUNCATED_STACK && m->any_cuts)
		return limits[RKN_LIMIT_DEPTH].remedy;
	return limits[limit].remedy;
}

size_t verdict_gaps(struct verdict_gap *gaps, const struct model *m,
		    const struct findings *f)
{
	size_t n = 0;

	if (m->truncated)
		gaps[n++] = (struct verdict_gap){
			.what = "end of the recording",
			.said = "end of the recording",
			.count = 1,
			.cause = m->error,
			.consequence = "leaks and cycles were not checked",
			.remedy = "",
			.limit = RKN_LIMITS,
		};
	if (f && !f->checked && !m->truncated &&
	    !m->limits[RKN_LIMIT_NO_SNAPSHOT])
		gaps[n++] = gap_of(RKN_LIMIT_NO_SNAPSHOT, 1, f->why, "");
	for (enum rkn_limit_number i = 0; i < RKN_LIMITS; i++) {
		uint64_t count = m->limits[i];

		if (i == RKN_LIMIT_UNKNOWN_FREE)
			count -= strays_told(m);
		if (count && *limits[i].cause)
			gaps[n++] = gap_of(i, count, cause_of(i, m, f),
					   remedy_of(i, m));
	}
	return n;
}

void verdict_print_gaps(FILE *out, const char *heading, const struct model *m,
			const struct findings *f)
{
	struct verdict_gap gaps[VERDICT_GAPS];
	size_t n = verdict_gaps(gaps, m, f);
	size_t columns = paint_width(out), width = columns ? columns : 80;

	if (n && heading)
		fprintf(out, "%s\n", heading);
	for (size_t i = 0; i < n; i++) {
		char *cause = escape(gaps[i].cause);
		char *text = xasprintf("   not seen: %" PRIu64 " %s: %s",
				       gaps[i].count, gaps[i].said, cause);

		wrap_print(out, text, width, VERDICT_INDENT);
		free(text);
		free(cause);
		text = xasprintf("%*s%s%s%s", VERDICT_INDENT, "",
				 gaps[i].consequence,
				 *gaps[i].remedy ? "; " : "", gaps[i].remedy);
		wrap_print(out, text, width, VERDICT_INDENT);
		free(text);
	}
}

uint64_t verdict_live_bytes(const struct model *m)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < m->block_count; i++)
		bytes += m->blocks[i].size;
	return bytes;
}
