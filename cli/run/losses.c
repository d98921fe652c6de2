/* SPDX-License-Identifier: MIT */
#include "losses.h"

#include <inttypes.h>
#include <stdio.h>

#include "list.h"
#include "mapped.h"
#include "text_stream.h"
#include "units.h"

/* --- One -------------------------------------------------------------------- */

static void count(uint32_t *n)
{
	*n += *n != UINT32_MAX;
}

void losses_note(struct rkn_meta *meta, const struct findings *f,
		 const struct model *m)
{
	meta->run_cycles = meta->run_leaks = 0;
	meta->run_others = meta->run_possible = 0;
	meta->run_lost_bytes = 0;
	for (size_t i = 0; i < f->count; i++) {
		const struct finding *one = &f->list[i];
		bool lost = one->kind == FINDING_CYCLE ||
			    one->kind == FINDING_LEAK ||
			    one->kind == FINDING_REFERENCE;

		count(one->kind == FINDING_CYCLE      ? &meta->run_cycles
		      : one->kind == FINDING_LEAK     ? &meta->run_leaks
		      : one->kind == FINDING_POSSIBLE ? &meta->run_possible
						      : &meta->run_others);
		/* Is what it is about out of the program's reach? */
		if (lost)
			meta->run_lost_bytes += one->bytes + one->held_bytes;
	}
	mapped_lost(m, &meta->run_lost_mapped);
	meta->flags &= ~(uint32_t)(RKN_META_JUDGED | RKN_META_UNJUDGED);
	meta->flags |= f->checked ? RKN_META_JUDGED : RKN_META_UNJUDGED;
}

int losses_compare(const struct rkn_meta *a, const struct rkn_meta *b)
{
	return ORDER(b->run_lost_bytes, a->run_lost_bytes)
	       ?: ORDER(losses_findings(b), losses_findings(a))
	       ?: ORDER(b->run_possible, a->run_possible)
	       ?: ORDER(b->pid == b->run_pid, a->pid == a->run_pid)
	       ?: (a->pid == b->pid ? ORDER(b->start_ns, a->start_ns)
				    : ORDER(a->start_ns, b->start_ns));
}

char *losses_text(const struct rkn_meta *m)
{
	bool only = !m->run_cycles && !m->run_leaks;
	const struct {
		uint32_t count;
		const char *one, *many;
	} kinds[] = {
		{ m->run_cycles, "orphaned cycle", "orphaned cycles" },
		{ m->run_leaks, "leak", "leaks" },
		{ m->run_others, only ? "finding" : "other finding",
		  only ? "findings" : "other findings" },
	};
	size_t left = 0;
	char bytes[UNITS_SIZE];
	char *line;
	size_t size;
	FILE *out = text_stream_open(&line, &size);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		left += kinds[i].count != 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!kinds[i].count)
			continue;
		fprintf(out, "%" PRIu32 " %s", kinds[i].count,
			kinds[i].count == 1 ? kinds[i].one : kinds[i].many);
		left--;
		fputs(left > 1 ? ", " : left ? " and " : "", out);
	}
	if (m->run_lost_bytes)
		fprintf(out, ", %s", units_bytes(bytes, m->run_lost_bytes));
	if (m->run_lost_mapped)
		fprintf(out, "%s" LOSSES_MAPPED, losses_findings(m) ? "; " : "",
			units_bytes(bytes, m->run_lost_mapped));
	text_stream_close(out);
	return line;
}

/* --- All -------------------------------------------------------------------- */

void losses_add(struct losses_sums *s, const struct rkn_meta *m)
{
	bool finds = losses_findings(m);
	bool passes = !finds && m->flags & RKN_META_JUDGED;

	s->processes++;
	s->finders += finds;
	s->clean += passes && !m->run_lost_mapped;
	s->mappers += passes && m->run_lost_mapped;
	s->unchecked += !finds && !(m->flags & RKN_META_JUDGED);
	s->killed += m->end == RKN_END_SIGNAL;
	s->findings += losses_findings(m);
	s->lost_bytes += m->run_lost_bytes;
	s->lost_mapped += m->run_lost_mapped;
}

static void print_some(FILE *out, const char **separator, uint64_t some,
		       const char *one, const char *many)
{
	if (!some)
		return;
	fprintf(out, "%s%" PRIu64 " %s", *separator, some,
		some == 1 ? one : many);
	*separator = ", ";
}

char *losses_sums_text(const struct losses_sums *s)
{
	const char *separator = "; ";
	char text[UNITS_SIZE];
	char *line;
	size_t size;
	FILE *out = text_stream_open(&line, &size);

	fprintf(out, "%" PRIu64 " of %" PRIu64 " process%s %s findings",
		s->finders, s->processes, s->processes == 1 ? "" : "es",
		s->finders == 1 || s->processes == 1 ? "has" : "have");
	if (s->lost_bytes)
		fprintf(out, ", %s lost", units_bytes(text, s->lost_bytes));
	if (s->lost_mapped)
		fprintf(out,
			s->lost_bytes ? " and %s of mappings"
				      : ", " LOSSES_MAPPED,
			units_bytes(text, s->lost_mapped));
	print_some(out, &separator, s->clean, "is clean", "are clean");
	print_some(out, &separator, s->mappers, "lost only mappings",
		   "lost only mappings");
	print_some(out, &separator, s->unchecked, "was not checked",
		   "were not checked");
	print_some(out, &separator, s->killed, "was ended by a signal",
		   "were ended by a signal");
	text_stream_close(out);
	return line;
}
