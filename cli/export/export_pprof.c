/* SPDX-License-Identifier: MIT */
/*
 * pprof's profile.proto, compressed by gzip.  Field numbers are those of
 * https://github.com/google/pprof/blob/main/proto/profile.proto; the names of
 * values are Go's, so that its readers know what they are.
 */
#include <errno.h>
#include <string.h>

#include <zlib.h>

#include "die.h"
#include "export.h"
#include "hash.h"
#include "list.h"
#include "proto.h"

enum { PROFILE_TYPE = 1,
       PROFILE_SAMPLE = 2,
       PROFILE_MAPPING = 3,
       PROFILE_LOCATION = 4,
       PROFILE_FUNCTION = 5,
       PROFILE_STRING = 6,
       PROFILE_TIME = 9,
       PROFILE_DURATION = 10,
       PROFILE_PERIOD_TYPE = 11,
       PROFILE_PERIOD = 12,
       PROFILE_DEFAULT = 14 };

struct known_text {
	const char *text;
	uint64_t number;
	UT_hash_handle hh;
};

struct writer {
	const struct profile *p;
	const struct model *m;
	struct proto out, part, inner;
	struct known_text *texts;
	uint64_t text_count;
};

/* The number of a text, which must live as long as the writer. */
static uint64_t text(struct writer *w, const char *text)
{
	struct known_text *k;

	HASH_FIND_STR(w->texts, text, k);
	if (k)
		return k->number;
	k = xcalloc(1, sizeof(*k));
	k->text = text;
	k->number = w->text_count++;
	HASH_ADD_KEYPTR(hh, w->texts, text, strlen(text), k);
	proto_text(&w->out, PROFILE_STRING, text);
	return k->number;
}

/* A ValueType. */
static void add_type(struct writer *w, unsigned field, const char *type,
		     const char *unit)
{
	proto_number(&w->part, 1, text(w, type));
	proto_number(&w->part, 2, text(w, unit));
	proto_part(&w->out, field, &w->part);
}

static void add_sample(struct writer *w, const struct profile_stack *s)
{
	const struct profile *p = w->p;
	uint64_t values[PROFILE_VALUES], *ids, any = 0;
	size_t n = 0;

	for (unsigned v = 0; v < PROFILE_VALUES; v++)
		if (profile_knows(p, v))
			any |= values[n++] = s->value[v];
	if (!any)
		return;
	ids = xcalloc(s->count, sizeof(*ids));
	for (size_t i = 0; i < s->count; i++)
		ids[i] = p->path[s->first + i] + 1;
	proto_numbers(&w->part, 1, ids, s->count);
	proto_numbers(&w->part, 2, values, n);
	proto_part(&w->out, PROFILE_SAMPLE, &w->part);
	free(ids);
}

/* Modules are mappings, by their number in the model and 1; 0: none. */
static uint64_t mapping_of(const struct writer *w, const char *module)
{
	for (size_t i = 0; module && i < w->m->module_count; i++)
		if (!strcmp(model_text(w->m, w->m->modules[i].path), module))
			return i + 1;
	return 0;
}

static void add_mappings(struct writer *w)
{
	for (size_t i = 0; i < w->m->module_count; i++) {
		const struct rkn_module *module = &w->m->modules[i];

		proto_number(&w->part, 1, i + 1);
		proto_number(&w->part, 2, module->start);
		proto_number(&w->part, 3, module->end);
		proto_number(&w->part, 5,
			     text(w, model_text(w->m, module->path)));
		for (unsigned has = 7; has <= 10; has++)
			proto_number(&w->part, has, 1);
		proto_part(&w->out, PROFILE_MAPPING, &w->part);
	}
}

/* A frame is a location with one function. */
static void add_frames(struct writer *w)
{
	for (size_t i = 0; i < w->p->frame_count; i++) {
		const struct profile_frame *f = &w->p->frames[i];
		uint64_t mapping = mapping_of(w, f->module);

		proto_number(&w->inner, 1, i + 1);
		proto_number(&w->inner, 2, f->line);
		proto_number(&w->part, 1, i + 1);
		if (mapping) {
			const struct rkn_module *module =
			    &w->m->modules[mapping - 1];

			proto_number(&w->part, 2, mapping);
			proto_number(&w->part, 3, module->base + f->offset);
		}
		proto_part(&w->part, 4, &w->inner);
		proto_part(&w->out, PROFILE_LOCATION, &w->part);
		proto_number(&w->part, 1, i + 1);
		proto_number(&w->part, 2, text(w, f->name));
		proto_number(&w->part, 3, text(w, f->name));
		if (f->file)
			proto_number(&w->part, 4, text(w, f->file));
		proto_part(&w->out, PROFILE_FUNCTION, &w->part);
	}
}

static void add_profile(struct writer *w)
{
	const struct profile *p = w->p;

	text(w, ""); /* number 0 must be that */
	for (unsigned v = 0; v < PROFILE_VALUES; v++)
		if (profile_knows(p, v))
			add_type(w, PROFILE_TYPE, profile_kinds[v].pprof,
				 profile_kinds[v].bytes ? "bytes" : "count");
	for (size_t i = 0; i < p->stack_count; i++)
		add_sample(w, &p->stacks[i]);
	add_mappings(w);
	add_frames(w);
	add_type(w, PROFILE_PERIOD_TYPE, "space", "bytes");
	proto_number(&w->out, PROFILE_PERIOD, 1);
	proto_number(&w->out, PROFILE_TIME, w->m->meta.start_ns);
	proto_number(&w->out, PROFILE_DURATION, w->m->meta.duration_ns);
	proto_number(&w->out, PROFILE_DEFAULT,
		     text(w, profile_kinds[PROFILE_LIVE_BYTES].pprof));
}

/* Without a time, so that equal profiles are equal files. */
static void write_compressed(FILE *out, const struct proto *p)
{
	unsigned char buffer[64 << 10];
	z_stream z = { .next_in = p->bytes, .avail_in = (uInt)p->size };
	int status;

	if (p->size != z.avail_in)
		die(STATUS_INPUT, "export: the profile exceeds 4 GiB");
	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16,
			 MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		die(STATUS_INPUT, "out of memory");
	do {
		z.next_out = buffer;
		z.avail_out = sizeof(buffer);
		status = deflate(&z, Z_FINISH);
		fwrite(buffer, 1, sizeof(buffer) - z.avail_out, out);
	} while (status == Z_OK);
	deflateEnd(&z);
}

void export_pprof(FILE *out, const struct exporting *e)
{
	struct writer w = { .p = e->profile, .m = e->in->m };

	add_profile(&w);
	write_compressed(out, &w.out);
	HASH_FREE(w.texts);
	proto_release(&w.out);
	proto_release(&w.part);
	proto_release(&w.inner);
}
