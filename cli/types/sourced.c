/* SPDX-License-Identifier: MIT */
#include "sourced.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "debug_file.h"
#include "flow.h"
#include "line_sums.h"
#include "place.h"
#include "root_path.h"
#include "source_types.h"

#define MOST_TEXT (256u << 10) /* bytes around a call: longer lines are data */

/* --- Which source it is -------------------------------------------------------- */

static Dwarf_Die *unit_of(struct flow_module *f, uint64_t call,
			  Dwarf_Addr *bias)
{
	if (!flow_has_file(f))
		return NULL;
	return symbols_scopes_unit(&f->m->scopes, f->m->module, call, bias);
}

/* What the module's line tables say of `file`, at `call`. */
static const struct source_sum *source_of(struct flow_module *f, uint64_t call,
					  const char *file)
{
	struct source_sum *s;
	Dwarf_Addr bias;
	Dwarf_Die *unit;

	HASH_FIND_STR(f->notes.sums, file, s);
	if (s)
		return s;
	s = xcalloc(1, sizeof(*s));
	s->file = xstrdup(file);
	unit = unit_of(f, call, &bias);
	s->known = unit && line_sums_find(unit, file, s->sum);
	HASH_ADD_KEYPTR(hh, f->notes.sums, s->file, strlen(s->file), s);
	f->changed = true;
	return s;
}

/* When the module's file last changed; false: that is not known. */
static bool module_changed(struct flow_module *f, struct timespec *when)
{
	struct stat st;

	if (!f->notes.dated) {
		f->notes.dated = true;
		if (flow_has_file(f) && f->m->file && !stat(f->m->file, &st))
			f->notes.built = st.st_mtim;
	}
	*when = f->notes.built;
	return when->tv_sec;
}

static bool is_later(struct timespec a, struct timespec b)
{
	return a.tv_sec > b.tv_sec ||
	       (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

/* Whether it is the text that was compiled. */
static bool is_source(struct flow_module *f, struct source_file *file,
		      const struct source_sum *s)
{
	struct timespec built;

	if (s->known)
		return source_file_has_sum(file, s->sum);
	return module_changed(f, &built) && !is_later(file->changed, built);
}

/* --- What its names mean ------------------------------------------------------- */

static size_t locations_with_frame(const struct sourced_look *l)
{
	size_t count = 0;

	while (count < l->count && !l->list[count].tail_call)
		count++;
	return count;
}

static const struct c_type *
look_up(struct flow_module *f, const struct sourced_look *l, const char *text)
{
	Dwarf_Addr bias;
	Dwarf_Die *unit = unit_of(f, l->address - 1, &bias), *scopes = NULL;
	struct source_scope s = { .types = f->types, .units = &f->notes.units };
	const struct c_type *type = NULL;
	Dwarf_Die whole;
	size_t count;

	if (!unit)
		return NULL;
	count = symbols_scopes_find(&f->m->scopes, unit, l->address - 1 - bias,
				    &scopes);
	/* Otherwise some are left out of the list. */
	if (count == locations_with_frame(l) && l->at < count) {
		const struct location *at = &l->list[l->at];

		whole = symbols_scopes_whole(&f->m->scopes, unit);
		s.unit = &whole;
		s.function = &scopes[l->at];
		s.within = at->full == at->function ? NULL : at->full;
		type = source_type(&s, text);
	}
	free(scopes);
	return type;
}

static const struct c_type *meaning_of(struct flow_module *f,
				       const struct sourced_look *l,
				       const char *text)
{
	char *key = xasprintf("%" PRIx64 " %zu %s", l->address, l->at, text);
	struct source_meaning *n;

	HASH_FIND_STR(f->notes.meanings, key, n);
	if (n) {
		free(key);
		return n->type;
	}
	n = xcalloc(1, sizeof(*n));
	n->key = key;
	n->type = look_up(f, l, text);
	HASH_ADD_KEYPTR(hh, f->notes.meanings, n->key, strlen(n->key), n);
	f->changed = true;
	return n->type;
}

/* --- One answer ---------------------------------------------------------------- */

/* Adds what a hint says; false: that contradicts what is there. */
static bool add(struct sourced *s, const struct c_type *type,
		enum source_room room)
{
	if (!c_is_telling(type))
		return true;
	for (int steps = 0; type->kind == C_ARRAY && steps < 8; steps++) {
		type = type->to;
		room = room == SOURCE_ONE ? SOURCE_MANY : room;
	}
	if (!type->size)
		return true; /* declared only */
	if (!s->type || (type != s->type && c_begins_with(type, s->type))) {
		*s = (struct sourced){ type, room };
		return true;
	}
	return c_begins_with(s->type, type);
}

static struct sourced answer(struct flow_module *f,
			     const struct sourced_look *l,
			     const struct source_call *c)
{
	const struct sourced nothing = { 0 };
	struct sourced s = nothing;

	for (size_t i = 0; i < c->count; i++) {
		const struct c_type *type = meaning_of(f, l, c->hints[i].text);

		if (!type || !add(&s, type, c->hints[i].room))
			return nothing;
	}
	return s;
}

/* The file that the location is in; NULL: it cannot be read. */
static struct source_file *file_of(struct source_file **files,
				   const struct location *at)
{
	char *path = place_path(at);
	char *place = path ? root_path(debug_file_sysroot, path) : NULL;
	struct source_file *file =
	    place ? source_files_get(files, place) : NULL;

	free(path);
	free(place);
	return file && file->text ? file : NULL;
}

const struct source_file *sourced_file(struct flow_module *f,
				       struct source_file **files,
				       uint64_t address,
				       const struct location *at)
{
	struct source_file *file = at->file ? file_of(files, at) : NULL;

	if (!file || !is_source(f, file, source_of(f, address - 1, at->file)))
		return NULL;
	return file;
}

struct sourced sourced_find(struct flow_module *f, struct source_file **files,
			    const struct sourced_look *l)
{
	const struct location *at = &l->list[l->at];
	unsigned first = at->line > SOURCE_LINES ? at->line - SOURCE_LINES : 1;
	struct source_file *file;
	struct source_call call;
	const char *text;
	size_t size;

	if (!at->file || !at->line || at->tail_call ||
	    (at->full && strchr(at->full, '<')))
		return (struct sourced){ 0 };
	file = file_of(files, at);
	if (!file)
		return (struct sourced){ 0 };
	text = source_file_lines(file, first, at->line + SOURCE_LINES, &size);
	if (size > MOST_TEXT)
		return (struct sourced){ 0 };
	source_call_read(&call, text, size, first, at->line, at->column,
			 l->callee);
	if (!call.count ||
	    !is_source(f, file, source_of(f, l->address - 1, at->file)))
		return (struct sourced){ 0 };
	return answer(f, l, &call);
}

bool sourced_fits(const struct sourced *s, uint64_t size)
{
	if (!s->type || size < s->type->size)
		return false;
	switch (s->room) {
	case SOURCE_ONE:
		return size == s->type->size;
	case SOURCE_MANY:
		return size % s->type->size == 0;
	case SOURCE_TAIL: /* of a number others stand behind */
		return s->type->kind == C_STRUCT || s->type->kind == C_UNION ||
		       size == s->type->size;
	case SOURCE_OPEN:
		return c_is_open(s->type);
	default:
		return true;
	}
}

bool sourced_contradicts(const struct sourced *s, const struct c_type *type)
{
	const struct c_type *own = s->type;

	return own && type && (own->kind == C_STRUCT || own->kind == C_UNION) &&
	       (type->kind == C_STRUCT || type->kind == C_UNION) &&
	       !c_begins_with(own, type) && !c_begins_with(type, own);
}
