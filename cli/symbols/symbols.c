/* SPDX-License-Identifier: MIT */
#include "symbols.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug_servers.h"
#include "die.h"
#include "hash.h"
#include "plain_name.h"
#include "symbols_inline.h"
#include "symbols_own.h"
#include "symbols_tails.h"

struct key {
	uint64_t address;
	uint64_t module; /* as wide as address: the hash reads padding too */
};

struct entry {
	struct key key;
	UT_hash_handle hh;
	size_t count;
	struct location list[];
};

/* Two frames that follow each other on a stack, or one and what is asked for. */
struct ends {
	struct key from, to;
	uint64_t goal; /* enum tails_goal */
};

struct pair {
	struct ends ends; /* the key */
	UT_hash_handle hh;
	struct entry *entry; /* NULL: no frame is missing */
};

struct symbols_plain { /* a name that is not C's */
	struct plain_name name;
	UT_hash_handle hh;
	char symbol[]; /* the key */
};

struct symbols *symbols_open(const struct model *m, struct cache *c)
{
	struct symbols *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->model = m;
	s->cache = c;
	s->files = calloc(m->module_count + 1, sizeof(*s->files));
	s->by_frame = calloc(m->frame_count + 1, sizeof(*s->by_frame));
	if (s->files && s->by_frame)
		return s;
	free(s->files);
	free(s->by_frame);
	free(s);
	return NULL;
}

void symbols_close(struct symbols *s)
{
	struct symbols_plain *plain, *next;
	struct pair *p, *after;

	if (!s)
		return;
	HASH_FREE(s->frames);
	HASH_ITER (hh, s->pairs, p, after) {
		HASH_DEL(s->pairs, p);
		free(p->entry);
		free(p);
	}
	HASH_ITER (hh, s->plain, plain, next) {
		HASH_DEL(s->plain, plain);
		free(plain->name.shown);
		free(plain->name.full);
		free(plain);
	}
	tails_release(s);
	for (size_t i = 0; i < s->model->module_count; i++) {
		struct file *f = &s->files[i];

		symbols_cache_close(&f->cache, s->cache, &f->elf);
		symbols_module_close(&f->elf);
		free(f->plain);
	}
	free(s->by_frame);
	free(s->files);
	free(s);
}

/* --- Names ----------------------------------------------------------------- */

static const struct symbols_plain *plain_of(struct symbols *s,
					    const char *symbol)
{
	size_t length = strlen(symbol);
	struct symbols_plain *p;

	HASH_FIND(hh, s->plain, symbol, length, p);
	if (p)
		return p;
	p = xcalloc(1, sizeof(*p) + length + 1);
	memcpy(p->symbol, symbol, length + 1);
	if (!plain_name_read(symbol, &p->name))
		plain_name_shorten(symbol, &p->name);
	HASH_ADD_KEYPTR(hh, s->plain, p->symbol, length, p);
	return p;
}

/* Headers of the standard libraries, as they are installed and built. */
static bool is_in_library(const char *file)
{
	return file && (strstr(file, "/include/c++/") ||
			(!strncmp(file, "/rustc/", strlen("/rustc/")) &&
			 strstr(file, "/library/")));
}

static void set_names(struct symbols *s, struct location *l)
{
	const char *name = l->qualified ? l->qualified : l->function;
	const struct symbols_plain *p;

	l->shown = l->full = l->function;
	l->library = l->qualified && is_in_library(l->file);
	if (!name || !(l->qualified || plain_name_may_differ(name)))
		return;
	p = plain_of(s, name);
	l->shown = p->name.shown;
	l->full = p->name.full;
	l->library |= p->name.library;
}

/* --- Code ------------------------------------------------------------------ */

static size_t look_up(struct symbols *s, uint32_t module, uint64_t address,
		      struct location list[SYMBOLS_INLINE_MAX])
{
	struct symbols_cache *cache;
	const struct rkn_module *r;
	struct symbols_module *elf;
	size_t count;

	list[0] = (struct location){ .offset = address };
	if (module >= s->model->module_count)
		return 1;
	r = &s->model->modules[module];
	cache = symbols_own_cache(s, module);
	count = symbols_cache_code(cache, address - 1 - r->base, list);
	elf = count ? NULL : symbols_own_elf(s, module);
	if (elf) {
		count = symbols_inline(elf, address - 1 - r->base, list);
		symbols_cache_add_code(cache, address - 1 - r->base, list,
				       count);
	}
	if (!count)
		count = 1;
	for (size_t i = 0; i < count; i++) {
		list[i].module = model_text(s->model, r->path);
		list[i].offset = address - r->base;
		set_names(s, &list[i]);
		if (!list[i].function)
			list[i].build = symbols_own_build(s, module);
	}
	return count;
}

static struct entry *new_entry(const struct location *list, size_t count)
{
	struct entry *e = calloc(1, sizeof(*e) + count * sizeof(*list));

	if (!e)
		return NULL;
	e->count = count;
	memcpy(e->list, list, count * sizeof(*list));
	return e;
}

static const struct entry *entry_of(struct symbols *s, const struct key *key)
{
	struct location list[SYMBOLS_INLINE_MAX];
	struct entry *e;

	HASH_FIND(hh, s->frames, key, sizeof(*key), e);
	if (e)
		return e;
	e = new_entry(list,
		      look_up(s, (uint32_t)key->module, key->address, list));
	if (!e)
		return NULL;
	e->key = *key;
	HASH_ADD(hh, s->frames, key, sizeof(e->key), e);
	return e;
}

/* --- Frames that are gone ---------------------------------------------------- */

static struct key key_of_frame(const struct symbols *s, uint32_t frame)
{
	struct key key = { .module = RKN_NONE };

	if (frame < s->model->frame_count) {
		key.address = s->model->frames[frame].address;
		key.module = s->model->frames[frame].module;
	}
	return key;
}

static bool is_same(const struct location *a, const struct location *b)
{
	return a->function && b->function &&
	       !strcmp(a->function, b->function) &&
	       (a->module == b->module ||
		(a->module && b->module && !strcmp(a->module, b->module)));
}

/* Leave in `list`, of what it has and `other` has, the functions that both have
 * from the outermost on, and lines where they are the same. */
static size_t keep_common(struct location *list, size_t count,
			  const struct location *other, size_t others)
{
	size_t n = 0;

	while (n < count && n < others &&
	       is_same(&list[count - 1 - n], &other[others - 1 - n])) {
		struct location *l = &list[count - 1 - n];

		if (l->line != other[others - 1 - n].line)
			l->line = 0;
		if (!l->line || l->column != other[others - 1 - n].column)
			l->column = 0;
		n++;
	}
	memmove(list, list + (count - n), n * sizeof(*list));
	return n;
}

/* What compilers make of a call by a register, where it is to be slow: no
 * function of the program's. */
static bool is_thunk(const char *function)
{
	static const char *const names[] = { "__x86_indirect_thunk",
					     "__llvm_retpoline" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strncmp(function, names[i], strlen(names[i])))
			return true;
	return false;
}

/* The locations of one function that is gone; 0: its name is not known. */
static size_t locate(struct symbols *s, const struct tail *t,
		     struct location list[SYMBOLS_INLINE_MAX])
{
	uint64_t base = s->model->modules[t->module].base;
	struct location other[SYMBOLS_INLINE_MAX];
	size_t count = 0;

	for (size_t i = 0; i < t->count; i++) {
		size_t n =
		    look_up(s, t->module, base + t->ends[i], i ? other : list);

		count = i ? keep_common(list, count, other, n) : n;
	}
	if (!count || !list[count - 1].function ||
	    is_thunk(list[count - 1].function))
		return 0;
	if (t->others) {
		list[0] = list[count - 1];
		list[0].line = list[0].column = 0;
		count = 1;
	}
	for (size_t i = 0; i < count; i++)
		list[i].tail_call = true;
	return count;
}

/* Append to `list` the functions that called the last of them (NULL: there is
 * none) by jumps. A part of a function is that function. */
static size_t append(struct symbols *s, const struct tail *tails, size_t count,
		     struct location *list, size_t size)
{
	struct location more[SYMBOLS_INLINE_MAX];

	for (size_t i = 0; i < count; i++) {
		size_t n = locate(s, &tails[i], more);

		if (!n || n > SYMBOLS_INLINE_MAX - size ||
		    (size && is_same(&list[size - 1], &more[n - 1])))
			continue;
		memcpy(list + size, more, n * sizeof(*list));
		size += n;
	}
	return size;
}

static struct tails_place place_of(const struct symbols *s,
				   const struct key *key)
{
	struct tails_place p = { .module = (uint32_t)key->module };

	if (p.module < s->model->module_count)
		p.address = key->address - s->model->modules[p.module].base;
	return p;
}

/* NULL: none is missing between `inner` (NULL: nothing) and ends->from. */
static struct entry *find_gone(struct symbols *s, const struct entry *inner,
			       const struct ends *ends)
{
	struct location list[SYMBOLS_INLINE_MAX];
	struct tail tails[TAILS_MOST];
	size_t count, size = inner ? inner->count : 0;
	const char *function =
	    inner ? inner->list[inner->count - 1].function : NULL;

	if (ends->from.module >= s->model->module_count ||
	    (inner && ends->to.module >= s->model->module_count))
		return NULL;
	count =
	    tails_find(s, place_of(s, &ends->from), (enum tails_goal)ends->goal,
		       place_of(s, &ends->to), function, tails);
	if (!count)
		return NULL;
	if (inner)
		memcpy(list, inner->list, size * sizeof(*list));
	size = append(s, tails, count, list, size);
	return size > (inner ? inner->count : 0) ? new_entry(list, size) : NULL;
}

static const struct entry *gone(struct symbols *s, const struct entry *inner,
				const struct ends *ends)
{
	struct pair *p;

	HASH_FIND(hh, s->pairs, ends, sizeof(*ends), p);
	if (p)
		return p->entry;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->ends = *ends;
	p->entry = find_gone(s, inner, ends);
	HASH_ADD(hh, s->pairs, ends, sizeof(p->ends), p);
	return p->entry;
}

/* --- Frames ---------------------------------------------------------------- */

static const struct entry *entry_of_frame(struct symbols *s, uint32_t frame)
{
	struct key key = key_of_frame(s, frame);
	const struct entry *own = entry_of(s, &key), *all = NULL;
	uint32_t parent =
	    frame < s->model->frame_count ? s->model->frames[frame].parent : 0;

	if (own && parent) {
		const struct ends ends = { key_of_frame(s, parent), key,
					   TAILS_FRAME };

		all = gone(s, own, &ends);
	}
	return all ? all : own;
}

size_t symbols_frame(struct symbols *s, uint32_t frame,
		     const struct location **locations)
{
	const struct entry *e =
	    frame < s->model->frame_count ? s->by_frame[frame] : NULL;

	if (!e)
		e = entry_of_frame(s, frame);
	if (e && frame < s->model->frame_count)
		s->by_frame[frame] = e;
	*locations = e ? e->list : &s->nowhere;
	return e ? e->count : 1;
}

size_t symbols_code_at(struct symbols *s, uint32_t module, uint64_t address,
		       const struct location **locations)
{
	const struct key key = { address, module };
	const struct entry *e = entry_of(s, &key);

	*locations = e ? e->list : &s->nowhere;
	return e ? e->count : 1;
}

size_t symbols_innermost(struct symbols *s, uint32_t stack,
			 const struct location **locations)
{
	const struct rkn_stack *k = &s->model->stacks[stack];
	struct ends ends = { .goal =
				 k->allocations ? TAILS_ALLOCATOR : TAILS_ANY };
	const struct entry *e;

	if (!k->frame)
		return 0;
	ends.from = key_of_frame(s, k->frame);
	e = gone(s, NULL, &ends);
	*locations = e ? e->list : NULL;
	return e ? e->count : 0;
}

/* --- Data ------------------------------------------------------------------ */

/* "cache+0x18" at ELF address `address`; the caller frees it. */
static char *find_object(struct symbols_module *elf, uint64_t address)
{
	struct symbols_at at;

	if (!symbols_functions_name(elf, address, &at) || !at.name[0] ||
	    at.type == STT_FUNC || at.offset >= at.size)
		return NULL;
	return at.offset ? xasprintf("%s+0x%" PRIx64, at.name, at.offset)
			 : xstrdup(at.name);
}

/* The same of a thread-local one, at byte `offset` of the module's. */
static char *find_thread_object(const struct symbols_module *elf,
				uint64_t offset)
{
	const int count = dwfl_module_getsymtab(elf->module);

	for (int i = 1; i < count; i++) {
		GElf_Addr address;
		GElf_Sym sym;
		const char *name = dwfl_module_getsym_info(
		    elf->module, i, &sym, &address, NULL, NULL, NULL);

		if (!name || !*name || GELF_ST_TYPE(sym.st_info) != STT_TLS ||
		    sym.st_shndx == SHN_UNDEF || offset < sym.st_value ||
		    offset - sym.st_value >= sym.st_size)
			continue;
		return offset == sym.st_value
			   ? xstrdup(name)
			   : xasprintf("%s+0x%" PRIx64, name,
				       offset - sym.st_value);
	}
	return NULL;
}

/* "_ZN3foo5cacheE+0x18" as people read it. */
static void show_object(struct symbols *s, const char *object, char *name,
			size_t size)
{
	const char *rest = strstr(object, "+0x");
	const struct symbols_plain *p;
	char *symbol;

	if (!plain_name_may_differ(object)) {
		snprintf(name, size, "%s", object);
		return;
	}
	if (!rest)
		rest = object + strlen(object);
	symbol = xstrndup(object, (size_t)(rest - object));
	p = plain_of(s, symbol);
	snprintf(name, size, "%s%s", p->name.shown, rest);
	free(symbol);
}

/* Where the cache has what is thread-local: above every address. */
#define THREAD_LOCAL (1ull << 63)

static bool name_object(struct symbols *s, uint32_t module, uint64_t address,
			char *name, size_t size)
{
	struct symbols_cache *cache = symbols_own_cache(s, module);
	struct symbols_module *elf;
	const char *known;
	char *object;
	bool found;

	if (symbols_cache_data(cache, address, &known)) {
		if (known)
			show_object(s, known, name, size);
		return known;
	}
	elf = symbols_own_elf(s, module);
	if (!elf)
		return false;
	object = address & THREAD_LOCAL
		     ? find_thread_object(elf, address & ~THREAD_LOCAL)
		     : find_object(elf, address);
	symbols_cache_add_data(cache, address, object);
	if (object)
		show_object(s, object, name, size);
	found = object;
	free(object);
	return found;
}

bool symbols_data(struct symbols *s, uint32_t module, uint64_t address,
		  char *name, size_t size)
{
	if (module >= s->model->module_count)
		return false;
	address -= s->model->modules[module].base;
	return !(address & THREAD_LOCAL) &&
	       name_object(s, module, address, name, size);
}

bool symbols_thread_data(struct symbols *s, uint32_t module, uint64_t offset,
			 char *name, size_t size)
{
	return module < s->model->module_count && !(offset & THREAD_LOCAL) &&
	       name_object(s, module, offset | THREAD_LOCAL, name, size);
}

void symbols_check(struct symbols *s, uint32_t module)
{
	if (module < s->model->module_count)
		symbols_own_elf(s, module);
}

const char *symbols_why_missing(const struct symbols *s, uint32_t module)
{
	return module < s->model->module_count ? s->files[module].why : NULL;
}

size_t symbols_missing(const struct symbols *s, const char **first_path)
{
	if (first_path)
		*first_path = s->first_missing;
	return s->missing;
}

char *symbols_warning(const struct symbols *s, size_t *at)
{
	const size_t count = s->model->module_count;
	char *text = NULL;

	while (!text && *at < count)
		text = symbols_module_warning(&s->files[(*at)++].elf);
	if (!text && *at == count) {
		const char *trouble = debug_servers_trouble();

		text = trouble ? xstrdup(trouble) : NULL;
		++*at;
	}
	return text;
}
