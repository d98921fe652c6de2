/* SPDX-License-Identifier: MIT */
#include "symbols_cache.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "debug_file.h"
#include "die.h"
#include "fnv.h"
#include "root_path.h"
#include "text_stream.h"

/* What is equal if a file is the same; null if it is not there. */
static json_t *identity(const char *path)
{
	char time[48];
	struct stat st;

	if (stat(path, &st))
		return json_null();
	snprintf(time, sizeof(time), "%lld.%09ld", (long long)st.st_mtim.tv_sec,
		 st.st_mtim.tv_nsec);
	return json_pack("{s:s, s:I, s:s}", "path", path, "size",
			 (json_int_t)st.st_size, "mtime", time);
}

/* Whether `then` is the identity of a file that is still the same. */
static bool is_same(const json_t *then)
{
	const char *path = json_string_value(json_object_get(then, "path"));
	json_t *now = path ? identity(path) : NULL;
	bool same = json_is_object(now) && json_equal(now, then);

	json_decref(now);
	return same;
}

/* Places where a file was looked for in vain, or other files that were used, by
 * path: null where there was nothing. */
static json_t *identities(char *const *paths, size_t count)
{
	json_t *all = json_object();

	for (size_t i = 0; all && i < count; i++)
		if (json_object_set_new(all, paths[i], identity(paths[i]))) {
			json_decref(all);
			all = NULL; /* a path that is not UTF-8 */
		}
	return all;
}

static bool are_same(json_t *then)
{
	const char *path;
	json_t *one;
	bool same = json_is_object(then);

	json_object_foreach(then, path, one)
	{
		json_t *now = identity(path);

		same = same && now && json_equal(now, one);
		json_decref(now);
	}
	return same;
}

static bool is_text(const json_t *o, const char *key, const char *text)
{
	const char *value = json_string_value(json_object_get(o, key));

	return value && !strcmp(value, text);
}

/* Whether the module is looked for first where it was: links may lead elsewhere
 * by now. */
static bool is_first_place(const struct symbols_cache *s, const json_t *known)
{
	char *place = root_path(debug_file_sysroot, s->path);
	const json_t *file = json_object_get(known, "file");
	bool first =
	    place && (is_text(file, "path", place) ||
		      json_object_get(json_object_get(known, "missed"), place));

	free(place);
	return first;
}

static bool is_usable(const struct symbols_cache *s, const json_t *known)
{
	const json_t *file = json_object_get(known, "file");
	const json_t *debug = json_object_get(known, "debug");

	char *settings = debug_file_settings();
	bool elsewhere = !is_text(known, "settings", settings);

	free(settings);
	return !elsewhere && is_text(known, "path", s->path) &&
	       is_text(known, "refknot", REFKNOT_VERSION) &&
	       json_integer_value(json_object_get(known, "layout")) ==
		   SYMBOLS_CACHE_LAYOUT &&
	       is_text(known, "libdw", dwfl_version(NULL)) && is_same(file) &&
	       are_same(json_object_get(known, "missed")) &&
	       are_same(json_object_get(known, "used")) &&
	       is_first_place(s, known) &&
	       (json_is_null(debug) || is_same(debug));
}

static void start_anew(struct symbols_cache *s)
{
	json_decref(s->known);
	answers_release(&s->answers);
	s->doubtful = false;
	s->size = 0;
	s->known =
	    json_pack("{s:s, s:i, s:s}", "refknot", REFKNOT_VERSION, "layout",
		      SYMBOLS_CACHE_LAYOUT, "libdw", dwfl_version(NULL));
}

/* --- In memory ------------------------------------------------------------------- */

#define REMEMBERED 16 /* modules: a program with its libraries */
#define REMEMBERED_BYTES                                                       \
	(1u << 20) /* of a file: in memory it may be ten times that */

static struct remembered {
	char *name; /* NULL: free */
	json_t *known;
	struct answers answers;
	size_t size;
} remembered[REMEMBERED];
static size_t oldest;

static struct remembered *find_remembered(const char *name)
{
	for (size_t i = 0; i < REMEMBERED; i++)
		if (remembered[i].name && !strcmp(remembered[i].name, name))
			return &remembered[i];
	return NULL;
}

/* Takes what symbols_cache_close() left of the file; false: nothing. */
static bool take_remembered(struct symbols_cache *s)
{
	struct remembered *r = find_remembered(s->name);

	if (!r)
		return false;
	s->known = r->known;
	s->answers = r->answers;
	s->size = r->size;
	free(r->name);
	*r = (struct remembered){ 0 };
	return true;
}

/* Takes name, known and answers. */
static void remember(struct symbols_cache *s)
{
	/* What another recording left of the same file knows less. */
	struct remembered *r = find_remembered(s->name);

	for (size_t i = 0; i < REMEMBERED && !r; i++)
		if (!remembered[(oldest + i) % REMEMBERED].name)
			r = &remembered[(oldest + i) % REMEMBERED];
	if (!r) {
		r = &remembered[oldest];
		oldest = (oldest + 1) % REMEMBERED;
	}
	json_decref(r->known);
	answers_release(&r->answers);
	free(r->name);
	*r = (struct remembered){ s->name, s->known, s->answers, s->size };
	s->name = NULL;
	s->known = NULL;
	s->answers = (struct answers){ 0 };
}

/* --- On disk --------------------------------------------------------------------- */

static void read_known(struct symbols_cache *s, const struct cache *c)
{
	char *data, *end;
	size_t rows;

	if (take_remembered(s))
		return;
	data = cache_read(c, s->name, &s->size);
	end = data ? memchr(data, '\n', s->size) : NULL;
	rows = end ? (size_t)(end - data) + 1 : 1;
	if (rows % 8) {
		free(data);
		return;
	}
	s->known = json_loadb(data, rows, 0, NULL);
	if (!answers_read(&s->answers, data, s->size, rows)) {
		json_decref(s->known);
		s->known = NULL;
	}
}

/* As read_known() reads it; NULL: it cannot be. For the caller to free. */
static char *text_of(const struct symbols_cache *s, size_t *size)
{
	char *text, *head = json_dumps(s->known, JSON_COMPACT);
	FILE *out;

	if (!head)
		return NULL;
	out = text_stream_open(&text, size);
	fprintf(out, "%s%*s\n", head, (int)(7 - strlen(head) % 8), "");
	answers_write(&s->answers, out);
	text_stream_close(out);
	free(head);
	return text;
}

void symbols_cache_open(struct symbols_cache *s, const struct cache *c,
			const struct rkn_module *r, const char *path)
{
	char *name;

	*s = (struct symbols_cache){ 0 };
	if (!c || !r->build_id_size || r->build_id_size > sizeof(r->build_id))
		return;
	name = xcalloc(2 * sizeof(r->build_id) + 1, 1);
	for (size_t i = 0; i < r->build_id_size; i++)
		snprintf(name + 2 * i, 3, "%02x", r->build_id[i]);
	s->name = name;
	s->path = xstrdup(path);
	read_known(s, c);
	if (is_usable(s, s->known))
		s->doubtful = json_is_null(json_object_get(s->known, "debug"));
	else
		start_anew(s);
}

/* Where the module's answers come from; NULL when that may get better without
 * our noticing. Null: only from the file's own symbol table. */
static json_t *debug_identity(const struct symbols_module *m, const char *path)
{
	const char *separate;
	enum symbols_source source = symbols_module_source(m, &separate);

	if (source == SYMBOLS_DEBUG)
		return symbols_module_is_partial(m)
			   ? NULL
			   : identity(separate ? separate : path);
	return separate ? NULL : json_null();
}

void symbols_cache_confirm(struct symbols_cache *s,
			   const struct symbols_module *m)
{
	json_t *now;

	if (!s->doubtful)
		return;
	now = debug_identity(m, m->file);
	if (json_is_null(now))
		s->doubtful = false;
	else
		start_anew(s);
	json_decref(now);
}

/* Ends the answer that was put together. */
static void keep(struct symbols_cache *s, enum symbols_cache_kind kind,
		 uint64_t number)
{
	answers_keep(&s->answers, kind, number);
	s->changed = true;
}

static unsigned get_line(struct answer_reader *r)
{
	uint64_t line = answer_number(r);

	r->bad |= line > INT_MAX;
	return (unsigned)line;
}

size_t symbols_cache_code(const struct symbols_cache *s, uint64_t address,
			  struct location list[SYMBOLS_INLINE_MAX])
{
	struct answer_reader r;
	uint64_t count;

	if (!answers_find(&s->answers, SYMBOLS_CACHE_CODE, address, &r))
		return 0;
	count = answer_number(&r);
	if (count > SYMBOLS_INLINE_MAX)
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct location *l = &list[i];

		*l = (struct location){ .inlined = i + 1 < count };
		l->function = answer_text(&r);
		l->file = answer_text(&r);
		l->line = get_line(&r);
		l->directory = answer_text(&r);
		l->declared = get_line(&r);
		l->column = get_line(&r);
		l->qualified = answer_text(&r);
	}
	return answer_is_read(&r) ? count : 0;
}

void symbols_cache_add_code(struct symbols_cache *s, uint64_t address,
			    const struct location *list, size_t count)
{
	if (!s->known)
		return;
	answers_put_number(&s->answers, count);
	for (size_t i = 0; i < count; i++) {
		answers_put_text(&s->answers, list[i].function);
		answers_put_text(&s->answers, list[i].file);
		answers_put_number(&s->answers, list[i].line);
		answers_put_text(&s->answers, list[i].directory);
		answers_put_number(&s->answers, list[i].declared);
		answers_put_number(&s->answers, list[i].column);
		answers_put_text(&s->answers, list[i].qualified);
	}
	keep(s, SYMBOLS_CACHE_CODE, address);
}

bool symbols_cache_data(const struct symbols_cache *s, uint64_t address,
			const char **name)
{
	struct answer_reader r;

	if (!answers_find(&s->answers, SYMBOLS_CACHE_DATA, address, &r))
		return false;
	*name = answer_text(&r);
	return answer_is_read(&r);
}

void symbols_cache_add_data(struct symbols_cache *s, uint64_t address,
			    const char *name)
{
	if (!s->known)
		return;
	answers_put_text(&s->answers, name);
	keep(s, SYMBOLS_CACHE_DATA, address);
}

/* --- Calls ----------------------------------------------------------------- */

static struct code_target get_target(struct answer_reader *r)
{
	uint64_t kind = answer_number(r);
	struct code_target to = { .kind = (enum code_kind)kind };

	to.address = answer_number(r);
	to.name = answer_text(r);
	r->bad |= kind > CODE_OURS || (kind == CODE_NAME) != (to.name != NULL);
	return to;
}

static void put_target(struct answers *a, const struct code_target *to)
{
	answers_put_number(a, to->kind);
	answers_put_number(a, to->kind == CODE_ADDRESS ? to->address : 0);
	answers_put_text(a, to->kind == CODE_NAME ? to->name : NULL);
}

bool symbols_cache_call(const struct symbols_cache *s, uint64_t address,
			struct code_call *call)
{
	struct answer_reader r;

	if (!answers_find(&s->answers, SYMBOLS_CACHE_CALL, address, &r))
		return false;
	call->start = answer_number(&r);
	call->to = get_target(&r);
	return answer_is_read(&r);
}

void symbols_cache_add_call(struct symbols_cache *s, uint64_t address,
			    const struct code_call *call)
{
	if (!s->known)
		return;
	answers_put_number(&s->answers, call->start);
	put_target(&s->answers, &call->to);
	keep(s, SYMBOLS_CACHE_CALL, address);
}

bool symbols_cache_exits(const struct symbols_cache *s, uint64_t start,
			 struct code_exits *exits)
{
	struct answer_reader r;

	if (!answers_find(&s->answers, SYMBOLS_CACHE_EXITS, start, &r))
		return false;
	*exits = (struct code_exits){ .open = answer_number(&r) };
	exits->count = answer_number(&r);
	/* Each has four bytes at least. */
	if (exits->count > (size_t)(r.end - r.at))
		return false;
	exits->list = xcalloc(exits->count + 1, sizeof(*exits->list));
	for (size_t i = 0; i < exits->count; i++) {
		exits->list[i].end = answer_number(&r);
		exits->list[i].to = get_target(&r);
	}
	if (!answer_is_read(&r))
		free(exits->list);
	return answer_is_read(&r);
}

void symbols_cache_add_exits(struct symbols_cache *s, uint64_t start,
			     const struct code_exits *exits)
{
	if (!s->known)
		return;
	answers_put_number(&s->answers, exits->open);
	answers_put_number(&s->answers, exits->count);
	for (size_t i = 0; i < exits->count; i++) {
		answers_put_number(&s->answers, exits->list[i].end);
		put_target(&s->answers, &exits->list[i].to);
	}
	keep(s, SYMBOLS_CACHE_EXITS, start);
}

static uint64_t number_of(const char *name)
{
	return fnv_text(FNV_OFFSET, name);
}

bool symbols_cache_named(const struct symbols_cache *s, const char *name,
			 uint64_t *start)
{
	struct answer_reader r;
	const char *of;

	if (!answers_find(&s->answers, SYMBOLS_CACHE_NAME, number_of(name), &r))
		return false;
	of = answer_text(&r);
	*start = answer_number(&r);
	return answer_is_read(&r) && of && !strcmp(of, name);
}

void symbols_cache_add_named(struct symbols_cache *s, const char *name,
			     uint64_t start)
{
	if (!s->known)
		return;
	answers_put_text(&s->answers, name);
	answers_put_number(&s->answers, start);
	keep(s, SYMBOLS_CACHE_NAME, number_of(name));
}

const json_t *symbols_cache_part(const struct symbols_cache *s,
				 const char *name)
{
	return json_object_get(s->known, name);
}

void symbols_cache_set_part(struct symbols_cache *s, const char *name,
			    json_t *part)
{
	if (!s->known)
		json_decref(part);
	else if (part && !json_object_set_new(s->known, name, part))
		s->changed = true;
}

/* --- Files ----------------------------------------------------------------- */

void symbols_cache_close(struct symbols_cache *s, struct cache *c,
			 const struct symbols_module *m)
{
	if (s->changed)
		s->size = 0;
	if (s->changed && m->module) {
		const struct debug_search *d = &m->search;
		json_t *file = identity(m->file);
		json_t *debug = debug_identity(m, m->file);
		json_t *missed = identities(d->missed, d->missed_count);
		json_t *used = identities(d->used, d->used_count);
		char *settings = debug_file_settings(), *text = NULL;

		if (json_is_object(file) && debug && missed && used &&
		    !json_object_set_new(s->known, "settings",
					 json_string(settings)) &&
		    !json_object_set_new(s->known, "path",
					 json_string(s->path)) &&
		    !json_object_set(s->known, "file", file) &&
		    !json_object_set(s->known, "missed", missed) &&
		    !json_object_set(s->known, "used", used) &&
		    !json_object_set(s->known, "debug", debug))
			text = text_of(s, &s->size);
		free(settings);
		if (text)
			cache_write(c, s->name, text, s->size);
		free(text);
		json_decref(file);
		json_decref(debug);
		json_decref(missed);
		json_decref(used);
	}
	if (s->size && s->size <= REMEMBERED_BYTES)
		remember(s);
	json_decref(s->known);
	answers_release(&s->answers);
	free(s->path);
	free(s->name);
	*s = (struct symbols_cache){ 0 };
}
