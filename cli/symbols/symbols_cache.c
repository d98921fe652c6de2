/* SPDX-License-Identifier: MIT */
#include "symbols_cache.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "debug_file.h"
#include "die.h"
#include "root_path.h"

#define KEY_SIZE 17 /* 16 hexadecimal digits */

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
	       (json_is_null(debug) || is_same(debug)) &&
	       json_is_object(json_object_get(known, "code")) &&
	       json_is_object(json_object_get(known, "data")) &&
	       json_is_object(json_object_get(known, "calls")) &&
	       json_is_object(json_object_get(known, "exits")) &&
	       json_is_object(json_object_get(known, "names"));
}

static void start_anew(struct symbols_cache *s)
{
	json_decref(s->known);
	s->doubtful = false;
	s->size = 0;
	s->known = json_pack("{s:s, s:i, s:s, s:{}, s:{}, s:{}, s:{}, s:{}}",
			     "refknot", REFKNOT_VERSION, "layout",
			     SYMBOLS_CACHE_LAYOUT, "libdw", dwfl_version(NULL),
			     "code", "data", "calls", "exits", "names");
}

/* --- In memory ------------------------------------------------------------------- */

#define REMEMBERED 16 /* modules: a program with its libraries */
#define REMEMBERED_BYTES                                                       \
	(1u << 20) /* of a file: in memory it is ten times that */

static struct remembered {
	char *name; /* NULL: free */
	json_t *known;
	size_t size;
} remembered[REMEMBERED];
static size_t oldest;

/* What symbols_cache_close() left of the file `name`, which is the caller's now;
 * NULL: nothing. */
static json_t *take_remembered(const char *name, size_t *size)
{
	for (size_t i = 0; i < REMEMBERED; i++) {
		struct remembered *r = &remembered[i];

		if (!r->name || strcmp(r->name, name) != 0)
			continue;
		free(r->name);
		r->name = NULL;
		*size = r->size;
		return r->known;
	}
	return NULL;
}

/* Takes name and known. */
static void remember(struct symbols_cache *s)
{
	struct remembered *r = &remembered[oldest];
	size_t size;

	/* What another recording left of the same file knows less. */
	json_decref(take_remembered(s->name, &size));
	for (size_t i = 0; i < REMEMBERED && r->name; i++)
		r = &remembered[(oldest + i) % REMEMBERED];
	if (r->name) {
		r = &remembered[oldest];
		oldest = (oldest + 1) % REMEMBERED;
		json_decref(r->known);
		free(r->name);
	}
	*r = (struct remembered){ s->name, s->known, s->size };
	s->name = NULL;
	s->known = NULL;
}

/* --- On disk --------------------------------------------------------------------- */

static json_t *read_known(const struct symbols_cache *s, const struct cache *c,
			  size_t *size)
{
	json_t *known = take_remembered(s->name, size);
	char *data;

	if (known)
		return known;
	data = cache_read(c, s->name, size);
	if (data)
		known = json_loadb(data, *size, 0, NULL);
	free(data);
	return known;
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
	s->known = read_known(s, c, &s->size);
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

static const char *key_of(char key[KEY_SIZE], uint64_t address)
{
	snprintf(key, KEY_SIZE, "%" PRIx64, address);
	return key;
}

static json_t *table(const struct symbols_cache *s, const char *name)
{
	return json_object_get(s->known, name);
}

/* True for null too: then *text is NULL. */
static bool get_text(const json_t *from, const char **text)
{
	*text = json_string_value(from);
	return *text || json_is_null(from);
}

/* A line; false: that cannot be. */
static bool get_line(const json_t *from, unsigned *line)
{
	json_int_t value = json_integer_value(from);

	*line = (unsigned)value;
	return json_is_integer(from) && value >= 0 && value <= INT_MAX;
}

/* ["inner", "jq.c", 9, "/build", 2, 14, null]: what is not known is null, or
 * 0. */
static bool get_location(const json_t *from, struct location *l)
{
	*l = (struct location){ 0 };
	return json_array_size(from) == 7 &&
	       get_line(json_array_get(from, 2), &l->line) &&
	       get_line(json_array_get(from, 4), &l->declared) &&
	       get_line(json_array_get(from, 5), &l->column) &&
	       get_text(json_array_get(from, 0), &l->function) &&
	       get_text(json_array_get(from, 1), &l->file) &&
	       get_text(json_array_get(from, 3), &l->directory) &&
	       get_text(json_array_get(from, 6), &l->qualified);
}

size_t symbols_cache_code(const struct symbols_cache *s, uint64_t address,
			  struct location list[SYMBOLS_INLINE_MAX])
{
	char key[KEY_SIZE];
	json_t *chain = json_object_get(table(s, "code"), key_of(key, address));
	size_t count = json_array_size(chain);

	if (!count || count > SYMBOLS_INLINE_MAX)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (!get_location(json_array_get(chain, i), &list[i]))
			return 0;
		list[i].inlined = i + 1 < count;
	}
	return count;
}

/* Takes `value`, which is NULL for a text that is not UTF-8: not kept. */
static void add(struct symbols_cache *s, const char *name, uint64_t address,
		json_t *value)
{
	char key[KEY_SIZE];

	if (value &&
	    !json_object_set_new(table(s, name), key_of(key, address), value))
		s->changed = true;
}

void symbols_cache_add_code(struct symbols_cache *s, uint64_t address,
			    const struct location *list, size_t count)
{
	json_t *chain = s->known ? json_array() : NULL;

	for (size_t i = 0; chain && i < count; i++) {
		json_t *l = json_pack(
		    "[s?, s?, i, s?, i, i, s?]", list[i].function, list[i].file,
		    (int)list[i].line, list[i].directory, (int)list[i].declared,
		    (int)list[i].column, list[i].qualified);

		if (!l || json_array_append_new(chain, l)) {
			json_decref(chain);
			return;
		}
	}
	add(s, "code", address, chain);
}

bool symbols_cache_data(const struct symbols_cache *s, uint64_t address,
			const char **name)
{
	char key[KEY_SIZE];

	return get_text(json_object_get(table(s, "data"), key_of(key, address)),
			name);
}

void symbols_cache_add_data(struct symbols_cache *s, uint64_t address,
			    const char *name)
{
	if (s->known)
		add(s, "data", address, name ? json_string(name) : json_null());
}

/* --- Calls ----------------------------------------------------------------- */

static bool get_address(const json_t *from, uint64_t *address)
{
	*address = (uint64_t)json_integer_value(from);
	return json_is_integer(from);
}

static bool get_target(const json_t *from, struct code_target *to)
{
	*to = (struct code_target){ .name = json_string_value(from) };
	if (to->name)
		to->kind = CODE_NAME;
	else if (get_address(from, &to->address))
		to->kind = CODE_ADDRESS;
	else if (json_is_true(from))
		to->kind = CODE_OURS;
	return from != NULL;
}

static json_t *target(const struct code_target *to)
{
	switch (to->kind) {
	case CODE_NAME:
		return json_string(to->name);
	case CODE_ADDRESS:
		return json_integer((json_int_t)to->address);
	case CODE_OURS:
		return json_true();
	default:
		return json_null();
	}
}

bool symbols_cache_call(const struct symbols_cache *s, uint64_t address,
			struct code_call *call)
{
	char key[KEY_SIZE];
	json_t *known =
	    json_object_get(table(s, "calls"), key_of(key, address));

	return get_address(json_array_get(known, 0), &call->start) &&
	       get_target(json_array_get(known, 1), &call->to);
}

/* Takes `one`; false, and the list is gone, without it. */
static bool append(json_t *list, json_t *one)
{
	if (one && !json_array_append_new(list, one))
		return true;
	json_decref(list);
	return false;
}

void symbols_cache_add_call(struct symbols_cache *s, uint64_t address,
			    const struct code_call *call)
{
	json_t *list = s->known ? json_array() : NULL;

	if (list && append(list, json_integer((json_int_t)call->start)) &&
	    append(list, target(&call->to)))
		add(s, "calls", address, list);
}

bool symbols_cache_exits(const struct symbols_cache *s, uint64_t start,
			 struct code_exits *exits)
{
	char key[KEY_SIZE];
	json_t *known = json_object_get(table(s, "exits"), key_of(key, start));
	size_t size = json_array_size(known);

	if (size % 2 == 0 || !json_is_boolean(json_array_get(known, 0)))
		return false;
	exits->open = json_is_true(json_array_get(known, 0));
	exits->count = size / 2;
	exits->list = xcalloc(exits->count + 1, sizeof(*exits->list));
	for (size_t i = 0; i < exits->count; i++) {
		struct code_exit *x = &exits->list[i];

		if (get_address(json_array_get(known, 2 * i + 1), &x->end) &&
		    get_target(json_array_get(known, 2 * i + 2), &x->to))
			continue;
		free(exits->list);
		return false;
	}
	return true;
}

void symbols_cache_add_exits(struct symbols_cache *s, uint64_t start,
			     const struct code_exits *exits)
{
	json_t *list = s->known ? json_array() : NULL;

	if (!list || !append(list, json_boolean(exits->open)))
		return;
	for (size_t i = 0; i < exits->count; i++) {
		const struct code_exit *x = &exits->list[i];

		if (!append(list, json_integer((json_int_t)x->end)) ||
		    !append(list, target(&x->to)))
			return;
	}
	add(s, "exits", start, list);
}

bool symbols_cache_named(const struct symbols_cache *s, const char *name,
			 uint64_t *start)
{
	return get_address(json_object_get(table(s, "names"), name), start);
}

void symbols_cache_add_named(struct symbols_cache *s, const char *name,
			     uint64_t start)
{
	if (s->known && !json_object_set_new(table(s, "names"), name,
					     json_integer((json_int_t)start)))
		s->changed = true;
}

const json_t *symbols_cache_part(const struct symbols_cache *s,
				 const char *name)
{
	return table(s, name);
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
			text = json_dumps(s->known, JSON_COMPACT);
		free(settings);
		if (text) {
			s->size = strlen(text);
			cache_write(c, s->name, text, s->size);
		}
		free(text);
		json_decref(file);
		json_decref(debug);
		json_decref(missed);
		json_decref(used);
	}
	if (s->size && s->size <= REMEMBERED_BYTES)
		remember(s);
	json_decref(s->known);
	free(s->path);
	free(s->name);
	*s = (struct symbols_cache){ 0 };
}
