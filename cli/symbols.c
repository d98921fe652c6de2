/* SPDX-License-Identifier: MIT */
#include "symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "symbols_inline.h"
#include "symbols_module.h"

enum file_state { FILE_UNTRIED, FILE_OPEN, FILE_NONE, FILE_MISSING };

struct file {
	enum file_state state;
	struct symbols_module elf;
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
	struct file *files; /* one a module */
	struct entry *cache;
	size_t missing;
	const char *first_missing;
	struct location nowhere; /* for want of memory */
};

struct symbols *symbols_open(const struct model *m)
{
	struct symbols *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->model = m;
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
	HASH_ITER (hh, s->cache, e, next) {
		HASH_DEL(s->cache, e);
		free(e);
	}
	for (size_t i = 0; i < s->model->module_count; i++)
		symbols_module_close(&s->files[i].elf);
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

static size_t look_up(struct symbols *s, uint32_t module, uint64_t address,
		      struct location list[SYMBOLS_INLINE_MAX])
{
	struct symbols_module *elf;
	const struct rkn_module *r;
	size_t count = 1;

	list[0] = (struct location){ .offset = address };
	if (module >= s->model->module_count)
		return 1;
	r = &s->model->modules[module];
	elf = open_file(s, module);
	if (elf)
		count = symbols_inline(elf, address - 1 - r->base, list);
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
	HASH_ADD(hh, s->cache, key, sizeof(e->key), e);
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
	HASH_FIND(hh, s->cache, &key, sizeof(key), e);
	if (!e)
		e = add_entry(s, &key);
	*locations = e ? e->list : &s->nowhere;
	return e ? e->count : 1;
}

bool symbols_data(struct symbols *s, uint32_t module, uint64_t address,
		  char *name, size_t size)
{
	const struct symbols_module *elf;
	const char *symbol;
	GElf_Off offset;
	GElf_Sym sym;

	if (module >= s->model->module_count)
		return false;
	elf = open_file(s, module);
	if (!elf)
		return false;
	symbol = dwfl_module_addrinfo(elf->module,
				      address - s->model->modules[module].base,
				      &offset, &sym, NULL, NULL, NULL);
	if (!symbol || !symbol[0] || GELF_ST_TYPE(sym.st_info) == STT_FUNC ||
	    offset >= sym.st_size)
		return false;
	if (offset)
		snprintf(name, size, "%s+0x%llx", symbol,
			 (unsigned long long)offset);
	else
		snprintf(name, size, "%s", symbol);
	return true;
}

size_t symbols_missing(const struct symbols *s, const char **first_path)
{
	if (first_path)
		*first_path = s->first_missing;
	return s->missing;
}
