/* SPDX-License-Identifier: MIT */
/*
 * DHAT's JSON, version 2, for Valgrind's dh_view.html.  Of what was allocated in the
 * whole run it has the peak, the end and lifetimes (bklt), if all of these are
 * known; of another value, which `verb` names, only that as the total.  Accesses are
 * not recorded (bkacc).  With lifetimes the unit of time is one allocation, for
 * clocks are not asked when a block is freed.
 */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "export_command.h"
#include "export_json.h"
#include "instants.h"
#include "lives.h"
#include "text_stream.h"

/* "Alive at the end", of the title. */
static void write_verb(FILE *out, enum profile_value value)
{
	const char *title = profile_kinds[value].title;

	fprintf(out, "%c%.*s", toupper(*title), (int)(strcspn(title, ",") - 1),
		title + 1);
}

static void write_command(FILE *out, const struct model *m)
{
	size_t size;
	char *text;
	FILE *words = text_stream_open(&text, &size);

	export_command(words, m);
	text_stream_close(words);
	export_json_text(out, *text ? text + 1 : text);
	free(text);
}

/* --- Lifetimes -------------------------------------------------------------------- */

#define SHORT (1u << RKN_LIFE_SHIFT) /* allocations that a short life lasts */

/* What a call stack has beside its total. */
struct life {
	struct instant_sum most; /* each at any time that is known by stack */
	struct instant_sum now;  /* at the one that is looked at */
	double lived;            /* allocations, of all its blocks together */
};

static bool has_lives(const struct exporting *e)
{
	return e->value == PROFILE_ALLOCATED_BYTES &&
	       profile_knows(e->profile, PROFILE_PEAK_BYTES) &&
	       profile_knows(e->profile, PROFILE_LIVE_BYTES) &&
	       profile_knows(e->profile, PROFILE_TEMPORARY_BYTES);
}

static void add_instant(struct life *lives, const struct profile *p,
			const struct instant_sum *sums, size_t stacks)
{
	for (size_t i = 0; i < p->stack_count; i++)
		lives[i].now = (struct instant_sum){ 0 };
	for (size_t i = 0; i < stacks; i++) {
		if (p->of[i] == RKN_NONE)
			continue;
		lives[p->of[i]].now.blocks += sums[i].blocks;
		lives[p->of[i]].now.bytes += sums[i].bytes;
	}
	for (size_t i = 0; i < p->stack_count; i++) {
		struct life *l = &lives[i];

		if (l->most.blocks < l->now.blocks)
			l->most.blocks = l->now.blocks;
		if (l->most.bytes < l->now.bytes)
			l->most.bytes = l->now.bytes;
	}
}

static void add_most(struct life *lives, const struct profile *p,
		     const struct model *m)
{
	struct instant_sum *sums = xcalloc(m->stack_count + 1, sizeof(*sums));
	size_t count;
	struct instant *list = instants_list(m, &count);

	for (size_t i = 0; i < count; i++) {
		instants_sums(m, &list[i], sums);
		add_instant(lives, p, sums, m->stack_count);
	}
	free(list);
	free(sums);
}

/* What was freed by its mean, which is of samples; what is alive until the end. */
static void add_lived(struct life *lives, const struct profile *p,
		      const struct model *m)
{
	for (uint32_t i = 0; i < m->stack_count; i++) {
		const struct rkn_lives *l = lives_of(m, i);

		if (l && p->of[i] != RKN_NONE)
			lives[p->of[i]].lived +=
			    lives_mean(m, l) * (double)m->stacks[i].frees;
	}
	for (size_t b = 0; b < m->block_count; b++)
		if (m->blocks[b].birth < instants_births(m))
			lives[p->of[m->blocks[b].stack]].lived +=
			    (double)(instants_births(m) - m->blocks[b].birth);
}

/* By stack of the profile, for the caller to free. */
static struct life *make_lives(const struct exporting *e)
{
	struct life *lives =
	    xcalloc(e->profile->stack_count + 1, sizeof(*lives));

	add_most(lives, e->profile, e->in->m);
	add_lived(lives, e->profile, e->in->m);
	return lives;
}

static void write_pair(FILE *out, const char *name, uint64_t bytes,
		       uint64_t blocks)
{
	fprintf(out, "\"%sb\":%" PRIu64 ",\"%sbk\":%" PRIu64 ",", name, bytes,
		name, blocks);
}

static void write_life(FILE *out, const struct profile_stack *s,
		       const struct life *l)
{
	fprintf(out, "\"tl\":%.0f,", round(l->lived));
	write_pair(out, "m", l->most.bytes, l->most.blocks);
	write_pair(out, "g", s->value[PROFILE_PEAK_BYTES],
		   s->value[PROFILE_PEAK_BLOCKS]);
	write_pair(out, "e", s->value[PROFILE_LIVE_BYTES],
		   s->value[PROFILE_LIVE_BLOCKS]);
}

/* --- The file --------------------------------------------------------------------- */

/* `lives` NULL: they are not known. */
static void write_points(FILE *out, const struct profile *p,
			 enum profile_value value, const struct life *lives)
{
	const char *between = "";

	for (size_t i = 0; i < p->stack_count; i++) {
		const struct profile_stack *s = &p->stacks[i];

		if (!s->value[value] && !s->value[value + 1])
			continue;
		fprintf(out, "%s{", between);
		write_pair(out, "t", s->value[value], s->value[value + 1]);
		if (lives)
			write_life(out, s, &lives[i]);
		fputs("\"fs\":[", out);
		for (size_t d = 0; d < s->count; d++) {
			if (d)
				putc(',', out);
			export_json_number(out, p->path[s->first + d] + 1ul);
		}
		fputs("]}", out);
		between = ",\n";
	}
}

static void write_frames(FILE *out, const struct profile *p)
{
	fputs("\"[root]\"", out);
	for (size_t i = 0; i < p->frame_count; i++) {
		char *text = profile_frame_text(&p->frames[i]);

		fputs(",\n", out);
		export_json_text(out, text);
		free(text);
	}
}

static void write_times(FILE *out, const struct model *m, bool lives)
{
	const struct rkn_point *peak = instants_peak(m);

	if (lives)
		fprintf(out,
			"\"tu\":\"allocations\",\"Mtu\":\"M allocations\","
			"\"tuth\":%u,\"tg\":%" PRIu64 ",\"te\":%" PRIu64,
			SHORT, peak ? peak->births : 0, instants_births(m));
	else
		fprintf(out, "\"tu\":\"us\",\"Mtu\":\"s\",\"te\":%" PRIu64,
			m->meta.duration_ns / 1000);
}

void export_dhat(FILE *out, const struct exporting *e)
{
	struct life *lives = has_lives(e) ? make_lives(e) : NULL;

	fputs("{\"dhatFileVersion\":2,\"mode\":\"heap\",\"verb\":\"", out);
	write_verb(out, e->value);
	fprintf(out, "\",\"bklt\":%s,\"bkacc\":false,",
		lives ? "true" : "false");
	write_times(out, e->in->m, lives);
	fputs(",\"cmd\":", out);
	write_command(out, e->in->m);
	fprintf(out, ",\"pid\":%" PRIu32 ",\n\"pps\":[", e->in->m->meta.pid);
	write_points(out, e->profile, e->value, lives);
	fputs("],\n\"ftbl\":[", out);
	write_frames(out, e->profile);
	fputs("]}\n", out);
	free(lives);
}
