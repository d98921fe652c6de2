/* SPDX-License-Identifier: MIT */
#include "document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "argv.h"
#include "die.h"
#include "json_text.h"
#include "status.h"
#include "verdict.h"

#define SECOND 1e9 /* nanoseconds */
#define DIGITS 12  /* of a real number */

void document_set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value))
		die(STATUS_INPUT, "out of memory");
}

void document_append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		die(STATUS_INPUT, "out of memory");
}

static void set_count(json_t *object, const char *key, uint64_t count)
{
	document_set(object, key, json_count(count));
}

/* null unless `known`. */
static void set_known(json_t *object, const char *key, uint64_t count,
		      bool known)
{
	document_set(object, key, known ? json_count(count) : json_null());
}

static json_t *arguments(const struct model *m)
{
	json_t *list = json_array();
	struct argv a;
	const char *text;

	argv_init(&a, m);
	while ((text = argv_next(&a)))
		document_append(list, json_text(text));
	return list;
}

static void set_end(json_t *process, const struct rkn_meta *meta)
{
	if (meta->end == RKN_END_EXIT)
		document_set(process, "exit_code",
			     json_integer(meta->end_value));
	else if (meta->end == RKN_END_SIGNAL)
		document_set(process, "signal", json_integer(meta->end_value));
}

static json_t *process(const struct model *m)
{
	json_t *o = json_object();

	set_count(o, "pid", m->meta.pid);
	document_set(o, "argv", arguments(m));
	set_end(o, &m->meta);
	set_count(o, "allocations", m->meta.allocations);
	set_count(o, "frees", m->meta.frees);
	set_known(o, "live_blocks", m->block_count, !m->blocks_cut);
	set_known(o, "live_bytes", verdict_live_bytes(m), !m->blocks_cut);
	set_count(o, "peak_bytes", m->meta.peak_bytes);
	document_set(o, "duration_s",
		     m->meta.end == RKN_END_UNKNOWN
			 ? json_null()
			 : json_real((double)m->meta.duration_ns / SECOND));
	return o;
}

static json_t *snapshot_at(uint32_t flags)
{
	if (!(flags & RKN_META_SNAPSHOT))
		return json_null();
	if (flags & RKN_META_AT_SIGNAL)
		return json_string("signal");
	return json_string(flags & RKN_META_AT_CALL ? "call" : "exit");
}

static json_t *recording(const struct model *m, const struct symbols *s)
{
	json_t *o = json_object();
	const char *message;
	struct stat st = { 0 };

	stat(m->path, &st);
	document_set(o, "path", json_text(m->path));
	document_set(o, "program", json_text(model_text(m, m->meta.program)));
	set_count(o, "file_bytes", (uint64_t)st.st_size);
	set_count(o, "own_bytes", m->meta.own_bytes);
	message = model_text(m, m->meta.message);
	document_set(o, "message", *message ? json_text(message) : json_null());
	document_set(o, "snapshot_at", snapshot_at(m->meta.flags));
	document_set(o, "snapshot_s",
		     json_real((double)m->meta.snapshot_ns / SECOND));
	set_count(o, "stacks", m->stack_count ? m->stack_count - 1 : 0);
	set_count(o, "stacks_verified", m->limits[RKN_LIMIT_STACK_VERIFIED]);
	set_count(o, "stacks_different", m->limits[RKN_LIMIT_STACK_DIFFERS]);
	set_count(o, "threads", m->thread_count ? m->thread_count - 1 : 0);
	set_count(o, "modules", m->module_count);
	set_count(o, "modules_without_symbols", symbols_missing(s, NULL));
	return o;
}

static json_t *gaps(const struct model *m, const struct findings *f)
{
	struct verdict_gap list[VERDICT_GAPS];
	size_t n = verdict_gaps(list, m, f);
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();

		document_set(o, "what", json_text(list[i].what));
		set_count(o, "count", list[i].count);
		document_set(o, "why", json_text(list[i].why));
		document_append(array, o);
	}
	return array;
}

json_t *document_new(const struct model *m, struct symbols *s,
		     const struct findings *f)
{
	json_t *o = json_object();

	document_set(o, "schema", json_text("refknot-report/1"));
	document_set(o, "recording", recording(m, s));
	document_set(o, "process", process(m));
	document_set(o, "types", json_array());
	document_set(o, "regions", json_array());
	document_set(o, "complete", gaps(m, f));
	return o;
}

static void add_type(json_t *types, const struct group *g, bool history)
{
	json_t *o = json_object();

	document_set(o, "type", json_text(g->key));
	set_count(o, "live", g->live);
	set_count(o, "bytes", g->bytes);
	document_set(o, "allocated",
		     history ? json_count(g->allocated) : json_null());
	document_set(o, "freed", history ? json_count(g->freed) : json_null());
	document_append(types, o);
}

void document_add_types(json_t *document, const struct groups *g, size_t limit)
{
	json_t *types = json_object_get(document, "types");
	size_t shown = limit && limit < g->count ? limit : g->count;

	for (size_t i = 0; i < shown; i++)
		add_type(types, &g->list[i], g->history);
	if (shown < g->count) {
		struct group other = groups_sum(g, shown, "(other)");

		add_type(types, &other, g->history);
		free(other.key);
	}
}

void documents_init(struct documents *d, size_t asked)
{
	d->list = json_array();
	d->several = asked > 1;
}

void documents_add(struct documents *d, json_t *document)
{
	document_append(d->list, document);
}

void documents_write(struct documents *d, FILE *out)
{
	json_t *o = json_incref(json_array_get(d->list, 0));

	if (o && d->several) {
		json_decref(o);
		o = json_object();
		document_set(o, "schema", json_text("refknot-reports/1"));
		document_set(o, "reports", json_incref(d->list));
	}
	if (o &&
	    !json_write(o, JSON_INDENT(1) | JSON_REAL_PRECISION(DIGITS), out))
		die(STATUS_INPUT, "the report cannot be written: %s",
		    strerror(errno));
	json_decref(o);
	json_decref(d->list);
}
