/* SPDX-License-Identifier: MIT */
#include "document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "callers.h"
#include "die.h"
#include "fields.h"
#include "json_text.h"
#include "json_writer.h"
#include "outstanding.h"
#include "peak.h"
#include "place.h"
#include "status.h"
#include "verdict.h"
#include "walk.h"

#define SECOND 1e9 /* nanoseconds */

void document_set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new_nocheck(object, key, value))
		die(STATUS_INPUT, "out of memory");
}

void document_append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		die(STATUS_INPUT, "out of memory");
}

void document_count(json_t *object, const char *key, uint64_t count)
{
	document_set(object, key, json_count(count));
}

void document_known(json_t *object, const char *key, bool known, uint64_t count)
{
	document_set(object, key, known ? json_count(count) : json_null());
}

void document_flag(json_t *object, const char *key, bool value)
{
	document_set(object, key, json_boolean(value));
}

void document_text(json_t *object, const char *key, const char *text)
{
	document_set(object, key, json_text(text));
}

void document_take(json_t *object, const char *key, char *text)
{
	document_text(object, key, text);
	free(text);
}

void document_field(json_t *object, const struct model *m, uint32_t field)
{
	document_text(object, "field", field ? model_name(m, field) : NULL);
}

/* --- Call stacks and references --------------------------------------------- */

json_t *document_holder(const struct holder *h, const struct reading *in)
{
	bool block = in && h->block != RKN_NONE;
	json_t *o = json_object();

	document_text(o, "kind", h->kind);
	document_count(o, "to_offset", h->to_offset);
	document_set(o, "address",
		     h->address ? json_address(h->address) : json_null());
	if (in) {
		document_take(o, "name",
			      block ? names_object(in->names, h->block) : NULL);
		document_known(o, "offset", block, h->offset);
		document_take(
		    o, "field",
		    block ? field_of_block(in->types, h->block, h->offset)
			  : NULL);
	}
	document_text(o, "module", h->module);
	document_text(o, "symbol", *h->symbol ? h->symbol : NULL);
	document_text(o, "variable", *h->variable ? h->variable : NULL);
	document_known(o, "thread", h->tid, h->tid);
	return o;
}

void document_edge(json_t *o, const struct reading *in,
		   const struct rkn_edge *e)
{
	uint64_t from = model_edge_from(in->m, e);
	uint64_t to = model_edge_to(in->m, e);

	document_count(o, "offset", from);
	document_take(o, "field", field_of_block(in->types, e->from, from));
	document_count(o, "to_offset", to);
	document_take(o, "to_field", field_of_target(in->types, in->m, e));
}

json_t *document_location(const struct location *l)
{
	json_t *o = json_object();

	document_text(o, "function", l->shown);
	if (l->full != l->shown && strcmp(l->full, l->shown) != 0)
		document_text(o, "full", l->full);
	if (l->library)
		document_flag(o, "library", true);
	document_take(o, "file", place_path(l));
	document_known(o, "line", l->line, l->line);
	document_known(o, "column", l->column, l->column);
	document_text(o, "module", l->module);
	document_set(o, "offset", json_address(l->offset));
	document_flag(o, "inlined", l->inlined);
	document_flag(o, "tail_call", l->tail_call);
	return o;
}

json_t *document_stack(const struct reading *in, uint32_t number)
{
	json_t *array = json_array();
	const struct location *l;
	struct walk w;

	walk_begin(&w, in->m, in->symbols, number);
	while ((l = walk_next(&w)))
		document_append(array, document_location(l));
	return array;
}

static void document_place(json_t *object, const char *key,
			   const struct location *l)
{
	document_set(object, key, l ? document_location(l) : json_null());
}

json_t *document_outstanding(const struct reading *in, const uint32_t *objects,
			     size_t count)
{
	json_t *array = json_array();
	struct outstanding list;

	outstanding_make(&list, in, objects, count);
	for (size_t i = 0; i < list.count; i++) {
		const struct outstanding_row *row = &list.rows[i];
		json_t *o = json_object(), *names = json_array();

		for (size_t k = 0; k < row->holders && k < OUTSTANDING_HOLDERS;
		     k++) {
			char *name = names_of(in->names, row->holder[k]);

			document_append(names, json_text(name));
			free(name);
		}
		document_count(o, "count", row->count);
		document_count(o, "total", list.total);
		document_text(o, "how", row->maker ? "made" : "taken");
		document_text(
		    o, "holder_type",
		    row->holder_type
			? names_type_called(in->names, row->holder_type)
			: NULL);
		document_count(o, "holders", row->holders);
		document_set(o, "holder_names", names);
		document_flag(o, "holder_ended", row->ended);
		document_field(o, in->m, row->field);
		document_set(o, "stack", document_stack(in, row->stack));
		document_append(array, o);
	}
	outstanding_release(&list);
	return array;
}

json_t *document_callers(const struct reading *in, const uint32_t *objects,
			 size_t count)
{
	json_t *o, *rows;
	struct callers c;

	if (!count)
		return json_null();
	o = json_object();
	rows = json_array();
	callers_make(&c, in, objects, count);
	for (size_t i = 0; i < c.count; i++) {
		const struct callers_row *r = &c.rows[i];
		uint32_t from = r->reference == RKN_NONE
				    ? 0
				    : in->m->references[r->reference].from;
		json_t *row = json_object();

		document_set(
		    row, "net",
		    json_integer((json_int_t)r->taken - (json_int_t)r->given));
		document_count(row, "taken", r->taken);
		document_count(row, "given_back", r->given);
		document_count(row, "certain", r->certain);
		document_flag(row, "maker", r->maker && r->taken);
		document_flag(row, "named", r->reference != RKN_NONE);
		document_take(row, "holder",
			      from ? names_of(in->names, from) : NULL);
		document_flag(row, "holder_ended", r->ended);
		document_place(row, "caller", r->place);
		document_place(row, "within", r->within);
		document_set(row, "stack", document_stack(in, r->stack));
		document_append(rows, row);
	}
	document_count(o, "objects", count);
	document_count(o, "left", c.left);
	document_count(o, "certain", c.certain);
	document_flag(o, "all_named", c.all_named);
	document_flag(o, "calls_lost", c.lost);
	document_set(o, "callers", rows);
	callers_release(&c);
	return o;
}

/* --- Whole documents -------------------------------------------------------- */

static json_t *process(const struct model *m)
{
	json_t *o = json_object(), *list = json_array();
	struct model_arguments a = { 0 };
	const char *text;

	while ((text = model_argument(m, &a)))
		document_append(list, json_text(text));
	document_count(o, "pid", m->meta.pid);
	document_text(o, "name", model_called(m));
	document_set(o, "argv", list);
	if (m->meta.end == RKN_END_EXIT)
		document_set(o, "exit_code", json_integer(m->meta.end_value));
	else if (m->meta.end == RKN_END_SIGNAL)
		document_set(o, "signal", json_integer(m->meta.end_value));
	document_count(o, "allocations", m->meta.allocations);
	document_count(o, "frees", m->meta.frees);
	document_known(o, "live_blocks", !m->blocks_cut, m->block_count);
	document_known(o, "live_bytes", !m->blocks_cut, verdict_live_bytes(m));
	document_count(o, "peak_bytes", m->meta.peak_bytes);
	document_known(o, "peak_error_bytes", !peak_why_unknown(m),
		       peak_error(m));
	document_set(o, "duration_s",
		     m->meta.end == RKN_END_UNKNOWN
			 ? json_null()
			 : json_real((double)m->meta.duration_ns / SECOND));
	return o;
}

json_t *document_new(const struct reading *in, const struct findings *f)
{
	const struct model *m = in->m;
	json_t *document = json_object(), *recording = json_object();
	json_t *gaps = json_array(), *warnings = json_array();
	const char *message = model_text(m, m->meta.message);
	char *warning;
	size_t at = 0;
	struct verdict_gap list[VERDICT_GAPS];
	size_t n = verdict_gaps(list, m, f);

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();

		document_text(o, "what", list[i].what);
		document_count(o, "count", list[i].count);
		document_text(o, "why", list[i].cause);
		document_text(o, "cause", list[i].cause);
		document_text(o, "consequence", list[i].consequence);
		document_text(o, "remedy",
			      *list[i].remedy ? list[i].remedy : NULL);
		document_append(gaps, o);
	}
	document_text(recording, "path", m->path);
	document_text(recording, "program", model_text(m, m->meta.program));
	document_count(recording, "file_bytes", m->size);
	document_count(recording, "own_bytes", m->meta.own_bytes);
	document_text(recording, "message", *message ? message : NULL);
	document_text(recording, "snapshot_at",
		      !(m->meta.flags & RKN_META_SNAPSHOT) ? NULL
		      : m->meta.flags & RKN_META_AT_SIGNAL ? "signal"
		      : m->meta.flags & RKN_META_AT_CALL   ? "call"
							   : "exit");
	document_set(recording, "snapshot_s",
		     json_real((double)m->meta.snapshot_ns / SECOND));
	document_count(recording, "stacks",
		       m->stack_count ? m->stack_count - 1 : 0);
	document_count(recording, "stacks_verified",
		       m->limits[RKN_LIMIT_STACK_VERIFIED]);
	document_count(recording, "stacks_different",
		       m->limits[RKN_LIMIT_STACK_DIFFERS]);
	document_count(recording, "threads",
		       m->thread_count ? m->thread_count - 1 : 0);
	document_count(recording, "modules", m->module_count);
	document_count(recording, "modules_without_symbols",
		       symbols_missing(in->symbols, NULL));
	while ((warning = symbols_warning(in->symbols, &at))) {
		document_append(warnings, json_text(warning));
		free(warning);
	}
	document_set(recording, "warnings", warnings);
	document_text(document, "schema", "refknot-report/1");
	document_set(document, "recording", recording);
	document_set(document, "process", process(m));
	document_set(document, "types", json_array());
	document_set(document, "regions", json_array());
	document_set(document, "complete", gaps);
	return document;
}

/* How the C type of its objects is known; they may differ in that. */
static json_t *evidence_of(const struct group *g)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < TYPE_EVIDENCES; i++)
		if (g->evidence & 1u << i && type_evidence_names[i])
			document_append(list,
					json_text(type_evidence_names[i]));
	return list;
}

/* `known`: what it retains is, if that was asked for. */
static void add_type(json_t *types, const struct group *g, bool history,
		     bool retained, bool known)
{
	json_t *o = json_object();

	document_text(o, "type", g->key);
	document_count(o, "live", g->live);
	document_count(o, "bytes", g->bytes);
	document_known(o, "allocated", history, g->allocated);
	document_known(o, "freed", history, g->freed);
	document_set(o, "evidence", evidence_of(g));
	if (retained) {
		document_known(o, "retained_objects", known,
			       g->retained_objects);
		document_known(o, "retained_bytes", known, g->retained_bytes);
	}
	document_append(types, o);
}

void document_add_types(json_t *document, const struct groups *g, size_t limit,
			bool retained)
{
	json_t *types = json_object_get(document, "types");
	size_t shown = limit && limit < g->count ? limit : g->count;

	for (size_t i = 0; i < shown; i++)
		add_type(types, &g->list[i], g->history, retained, g->retained);
	if (shown < g->count) {
		struct group other = groups_sum(g, shown, "(other)");

		add_type(types, &other, g->history, retained, false);
		free(other.key);
	}
}

void documents_init(struct documents *d, size_t asked)
{
	*d = (struct documents){ .list = json_array(), .several = asked > 1 };
}

void documents_add(struct documents *d, json_t *document)
{
	document_append(d->list, document);
}

static void write_document(struct json_writer *w, json_t *document)
{
	const char *key;
	json_t *value;

	json_writer_begin(w, '{');
	json_object_foreach(document, key, value)
	{
		json_writer_key(w, key);
		if (strcmp(key, DOCUMENT_FINDINGS) || !json_is_string(value)) {
			json_writer_value(w, value);
			continue;
		}
		json_writer_begin(w, '[');
		json_writer_values(w, json_string_value(value),
				   json_string_length(value));
		json_writer_end(w, ']');
	}
	json_writer_end(w, '}');
}

static void write_list(struct json_writer *w, const struct documents *d)
{
	json_writer_begin(w, '{');
	json_writer_key(w, "schema");
	json_writer_text(w, "refknot-reports/1");
	json_writer_key(w, "reports");
	json_writer_begin(w, '[');
	for (size_t i = 0; i < json_array_size(d->list); i++)
		write_document(w, json_array_get(d->list, i));
	json_writer_end(w, ']');
	if (d->summary) {
		json_writer_key(w, "summary");
		json_writer_value(w, d->summary);
	}
	json_writer_end(w, '}');
}

void documents_write(struct documents *d, FILE *out)
{
	size_t count = json_array_size(d->list);
	struct json_writer *w;

	if (d->summary || count) {
		w = json_writer_open(out, DOCUMENT_INDENT);
		if (d->summary || d->several)
			write_list(w, d);
		else
			write_document(w, json_array_get(d->list, 0));
		if (!json_writer_close(w))
			die(STATUS_INPUT, "the report cannot be written: %s",
			    strerror(errno));
	}
	json_decref(d->summary);
	json_decref(d->list);
}

json_t *document_counts(const struct reading *in, uint32_t block)
{
	uint32_t object = counts_object(in->counts, block);
	struct block_counts c;
	json_t *o;

	if (!counts_of(in->counts, block, &c))
		return json_null();
	o = json_object();
	document_count(o, "strong", c.strong);
	document_count(o, "weak", c.weak);
	document_flag(o, "more", c.more_strong || c.more_weak);
	document_take(o, "of",
		      object == RKN_NONE ? NULL
					 : names_object(in->names, object));
	return o;
}

const char *document_hold(const struct reading *in, const struct rkn_edge *e)
{
	return counts_is_weak(in->counts, e)     ? "weak"
	       : counts_is_strong(in->counts, e) ? "strong"
						 : "scanned";
}
