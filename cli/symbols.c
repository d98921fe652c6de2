/* SPDX-License-Identifier: MIT */
#include "symbols.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "hash.h"
#include "symbols_cache.h"
#include "symbols_inline.h"
#include "symbols_module.h"

enum file_state { FILE_UNTRIED, FILE_OPEN, FILE_NONE, FILE_MISSING };

struct file {
	enum file_state state;
	struct symbols_module elf;
	struct symbols_cache cache;
	bool asked; /* the cache was opened, if there may be one */
};

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

struct symbols {
	const struct model *model;
	struct cache *cache; /* of all runs; NULL: none */
	struct file *files;  /* one a module */
	struct entry *frames;
	size_t missing;
	const char *first_missing;
	struct location nowhere; /* for want of memory */
};

struct symbols *symbols_open(const struct model *m, struct cache *c)
{
	struct symbols *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->model = m;
	s->cache = c;
	s->files = calloc(m->module_count + 1, sizeof(*s->files));
	if (!s->files) {
		free(s);
		return NULL;
	}
	return s;
}

void symbols_close(struct symbols *s)
{
	struct entry *e, *next;

	if (!s)
		return;
	HASH_ITER (hh, s->frames, e, next) {
		HASH_DEL(s->frames, e);
		free(e);
	}
	for (size_t i = 0; i < s->model->module_count; i++) {
		struct file *f = &s->files[i];

		symbols_cache_close(&f->cache, s->cache, &f->elf);
		symbols_module_close(&f->elf);
	}
	free(s->files);
	free(s);
}

/* NULL when the module's file is not there as it was recorded. */
static struct symbols_module *open_file(struct symbols *s, uint32_t module)
{
	const struct rkn_module *r = &s->model->modules[module];
	const char *path = model_text(s->model, r->path);
	struct file *f = &s->files[module];

	if (f->state == FILE_UNTRIED && path[0] != '/')
		f->state = FILE_NONE; /* the kernel's own: [vdso] */
	if (f->state == FILE_UNTRIED) {
		bool ok = r->build_id_size <= sizeof(r->build_id) &&
			  symbols_module_open(&f->elf, path, r->build_id,
					      (int)r->build_id_size);

		f->state = ok ? FILE_OPEN : FILE_MISSING;
		if (!ok && !s->missing++)
			s->first_missing = path;
	}
	return f->state == FILE_OPEN ? &f->elf : NULL;
}

/* What earlier runs knew of the module, good to be used. */
static struct symbols_cache *open_cache(struct symbols *s, uint32_t module)
{
	const struct rkn_module *r = &s->model->modules[module];
	const char *path = model_text(s->model, r->path);
	struct file *f = &s->files[module];

	if (!f->asked && path[0] == '/')
		symbols_cache_open(&f->cache, s->cache, r, path);
	f->asked = true;
	if (f->cache.doubtful && open_file(s, module))
		symbols_cache_confirm(&f->cache, &f->elf);
	return &f->cache;
}

/* The code at ELF address `address`; 0 when the file is not there. */
static size_t find_code(struct symbols *s, uint32_t module, uint64_t address,
			struct location list[SYMBOLS_INLINE_MAX])
{
	struct symbols_cache *cache = open_cache(s, module);
	size_t count = symbols_cache_code(cache, address, list);
	struct symbols_module *elf = count ? NULL : open_file(s, module);

	if (elf) {
		count = symbols_inline(elf, address, list);
		symbols_cache_add_code(cache, address, list, count);
	}
	return count;
}

static size_t look_up(struct symbols *s, uint32_t module, uint64_t address,
		      struct location list[SYMBOLS_INLINE_MAX])
{
	const struct rkn_module *r;
	size_t count;

	list[0] = (struct location){ .offset = address };
	if (module >= s->model->module_count)
		return 1;
	r = &s->model->modules[module];
	count = find_code(s, module, address - 1 - r->base, list);
	if (!count)
		count = 1;
	for (size_t i = 0; i < count; i++) {
		list[i].module = model_text(s->model, r->path);
		list[i].offset = address - r->base;
	}
	return count;
}

static struct entry *add_entry(struct symbols *s, const struct key *key)
{
	struct location list[SYMBOLS_INLINE_MAX];
	size_t count = look_up(s, (uint32_t)key->module, key->address, list);
	struct entry *e = calloc(1, sizeof(*e) + count * sizeof(list[0]));

	if (!e)
		return NULL;
	e->key = *key;
	e->count = count;
	memcpy(e->list, list, count * sizeof(list[0]));
	HASH_ADD(hh, s->frames, key, sizeof(e->key), e);
	return e;
}

size_t symbols_frame(struct symbols *s, uint32_t frame,
		     const struct location **locations)
{
	struct key key = { .module = RKN_NONE };
	struct entry *e = NULL;

	if (frame < s->model->frame_count) {
		key.address = s->model->frames[frame].address;
		key.module = s->model->frames[frame].module;
	}
	HASH_FIND(hh, s->frames, &key, sizeof(key), e);
	if (!e)
		e = add_entry(s, &key);
	*locations = e ? e->list : &s->nowhere;
	return e ? e->count : 1;
}

/* "cache+0x18" at ELF address `address`; the caller frees it. */
static char *find_object(const struct symbols_module *elf, uint64_t address)
{
	GElf_Off offset;
	GElf_Sym sym;
	const char *symbol = dwfl_module_addrinfo(elf->module, address, &offset,
						  &sym, NULL, NULL, NULL);

	if (!symbol || !symbol[0] || GELF_ST_TYPE(sym.st_info) == STT_FUNC ||
	    offset >= sym.st_size)
		return NULL;
	return offset ? xasprintf("%s+0x%" PRIx64, symbol, offset)
		      : xstrdup(symbol);
}

bool symbols_data(struct symbols *s, uint32_t module, uint64_t address,
		  char *name, size_t size)
{
	const struct symbols_module *elf;
	struct symbols_cache *cache;
	const char *known;
	char *object;

	if (module >= s->model->module_count)
		return false;
	address -= s->model->modules[module].base;
	cache = open_cache(s, module);
	if (symbols_cache_data(cache, address, &known)) {
		if (known)
			snprintf(name, size, "%s", known);
		return known;
	}
	elf = open_file(s, module);
	if (!elf)
		return false;
	object = find_object(elf, address);
	symbols_cache_add_data(cache, address, object);
	if (object)
		snprintf(name, size, "%s", object);
	free(object);
	return object;
}

void symbols_check(struct symbols *s, uint32_t module)
{
	if (module < s->model->module_count)
		open_file(s, module);
}

size_t symbols_missing(const struct symbols *s, const char **first_path)
{
	if (first_path)
		*first_path = s->first_missing;
	return s->missing;
}
