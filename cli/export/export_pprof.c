/* SPDX-License-Identifier: MIT */
/*
 * pprof's profile.proto, compressed by gzip.  Field numbers are those of
 * https://github.com/google/pprof/blob/main/proto/profile.proto; the names of
 * values are Go's, so that its readers know what they are.
 */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "die.h"
#include "escape.h"
#include "export.h"
#include "proto.h"
#include "status.h"

enum {
	PROFILE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING = 6,
	PROFILE_TIME = 9,
	PROFILE_DURATION = 10,
	PROFILE_PERIOD_TYPE = 11,
	PROFILE_PERIOD = 12,
	PROFILE_COMMENT = 13,
	PROFILE_DEFAULT = 14
};

#define SAMPLED                                                                \
	"temporary_space and temporary_objects are by samples of what was freed"

struct writer {
	const struct profile *p;
	const struct model *m;
	struct proto out, part, inner;
	struct texts texts;
};

static uint64_t text(struct writer *w, const char *text)
{
	return texts_number(&w->texts, text);
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

static void add_mapping(struct writer *w, size_t number)
{
	const struct rkn_module *module = &w->m->modules[number];
	char *path = escape(model_text(w->m, module->path));
	char id[2 * sizeof(module->build_id) + 1] = "";

	for (uint32_t i = 0;
	     i < module->build_id_size && i < sizeof(module->build_id); i++)
		snprintf(id + 2ul * i, 3, "%02x", module->build_id[i]);
	proto_number(&w->part, 1, number + 1);
	proto_number(&w->part, 2, module->start);
	proto_number(&w->part, 3, module->end);
	proto_number(&w->part, 5, text(w, path));
	proto_number(&w->part, 6, text(w, id));
	/* Functions, files, lines and inlined functions are here: readers look
	 * for no others. */
	for (unsigned has = 7; has <= 10; has++)
		proto_number(&w->part, has, 1);
	proto_part(&w->out, PROFILE_MAPPING, &w->part);
	free(path);
}

/* A module is a mapping, by its number and 1; the program first, as readers
 * expect. */
static void add_mappings(struct writer *w)
{
	const struct model *m = w->m;
	size_t program = 0;

	while (program < m->module_count &&
	       strcmp(model_text(m, m->modules[program].path),
		      model_text(m, m->meta.program)) != 0)
		program++;
	if (program < m->module_count)
		add_mapping(w, program);
	for (size_t i = 0; i < m->module_count; i++)
		if (i != program)
			add_mapping(w, i);
}

/* A frame is a location with one function. */
static void add_frames(struct writer *w)
{
	for (size_t i = 0; i < w->p->frame_count; i++) {
		const struct profile_frame *f = &w->p->frames[i];

		proto_number(&w->part, 1, i + 1);
		if (f->mapping != RKN_NONE)
			proto_number(&w->part, 2, f->mapping + 1ul);
		proto_number(&w->part, 3, f->address);
		proto_number(&w->inner, 1, i + 1);
		proto_number(&w->inner, 2, f->line);
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
	const char *preset = NULL;

	text(w, ""); /* number 0 must be that */
	for (unsigned v = 0; v < PROFILE_VALUES; v++) {
		if (!profile_knows(p, v))
			continue;
		if (!preset)
			preset = profile_kinds[v].pprof;
		add_type(w, PROFILE_TYPE, profile_kinds[v].pprof,
			 profile_kinds[v].bytes ? "bytes" : "count");
	}
	for (size_t i = 0; i < p->stack_count; i++)
		add_sample(w, &p->stacks[i]);
	add_mappings(w);
	add_frames(w);
	add_type(w, PROFILE_PERIOD_TYPE, "space", "bytes");
	proto_number(&w->out, PROFILE_PERIOD, 1);
	proto_number(&w->out, PROFILE_TIME, w->m->meta.start_ns);
	proto_number(&w->out, PROFILE_DURATION, w->m->meta.duration_ns);
	if (profile_knows(p, PROFILE_TEMPORARY_BYTES))
		proto_number(&w->out, PROFILE_COMMENT, text(w, SAMPLED));
	proto_number(&w->out, PROFILE_DEFAULT, text(w, preset));
	for (uint32_t i = 0; i < w->texts.count; i++)
		proto_text(&w->out, PROFILE_STRING, w->texts.list[i]);
}

/* The header of gzip has no time, so that equal profiles are equal files. */
static void write_compressed(FILE *out, const struct proto *p)
{
	unsigned char buffer[64 << 10];
	z_stream z = { .next_in = p->bytes, .avail_in = (uInt)p->size };
	int status;

	if (p->size != z.avail_in)
		die(STATUS_INPUT, "export: the profile exceeds 4 GiB");
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16,
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
	texts_release(&w.texts);
	proto_release(&w.out);
	proto_release(&w.part);
	proto_release(&w.inner);
}
