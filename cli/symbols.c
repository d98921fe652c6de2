/* SPDX-License-Identifier: MIT */
#include "symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "die.h"
#include "fnv.h"
#include "hash.h"
#include "symbols_cache.h"
#include "symbols_inline.h"
#include "symbols_module.h"

enum file_state { FILE_UNTRIED, FILE_OPEN, FILE_NONE, FILE_MISSING };

struct file {
	enum file_state state;
	const char *why; /* FILE_MISSING: and what helps */
	uint64_t build;  /* see struct location; 0: not asked yet */
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

/* --- Files ----------------------------------------------------------------- */

#define CHANGED (-EAGAIN) /* without a build-id, and written to since */

static const struct {
	int error;
	const char *why;
} reasons[] = {
	{ -ENOENT,
	  "is not there (any more); keep it until the report is made" },
	{ -ENOTDIR,
	  "is not there (any more); keep it until the report is made" },
	{ -EACCES, "cannot be read; make it readable (chmod +r)" },
	{ -ENOEXEC, "is no ELF file (any more); keep it as it was until the "
		    "report is made" },
	{ -ESTALE, "is another build than the one that ran; make the report "
		   "before it is built again" },
	{ CHANGED,
	  "was written to since, and has no build-id by which it could "
	  "be known; link it with -Wl,--build-id" },
};

static const char *why_missing(const char *path, int error)
{
	if (*path != '/')
		return "is known by a relative path only; give its directory as "
		       "an absolute path";
	if (!strncmp(path, "/memfd:", strlen("/memfd:")))
		return "was in memory only; load it from a file";
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (reasons[i].error == error)
			return reasons[i].why;
	return "cannot be read; keep it as it was until the report is made";
}

/* Whether it is later than the recording; false: nobody knows. */
static bool is_later(const struct model *m, const char *path)
{
	uint64_t end = m->meta.start_ns + m->meta.duration_ns;
	struct stat st;

	return m->meta.start_ns && m->meta.duration_ns && !stat(path, &st) &&
	       st.st_mtim.tv_sec > 0 &&
	       (uint64_t)st.st_mtim.tv_sec * 1000000000u +
		       (uint64_t)st.st_mtim.tv_nsec >
		   end;
}

/* 0, -errno or CHANGED. */
static int try_file(const struct symbols *s, struct symbols_module *elf,
		    const struct rkn_module *r, const char *path)
{
	if (*path != '/' || r->build_id_size > sizeof(r->build_id))
		return -EINVAL;
	if (!r->build_id_size && is_later(s->model, path))
		return CHANGED;
	if (symbols_module_open(elf, path, r->build_id, (int)r->build_id_size))
		return 0;
	return elf->error ? elf->error : -EINVAL;
}

/* What the kernel calls "/bin/a (deleted)" may be there again, as a copy. */
static int try_copy(const struct symbols *s, struct symbols_module *elf,
		    const struct rkn_module *r, const char *path)
{
	const char *mark = strstr(path, " (deleted)");
	char *plain;
	int error;

	if (!mark || mark[strlen(" (deleted)")] || !r->build_id_size)
		return -ENOENT;
	plain = xstrndup(path, (size_t)(mark - path));
	error = try_file(s, elf, r, plain);
	free(plain);
	return error;
}

static void look_for_file(struct symbols *s, uint32_t module)
{
	const struct rkn_module *r = &s->model->modules[module];
	const char *path = model_text(s->model, r->path);
	struct file *f = &s->files[module];
	int error;

	if (!strcmp(path, SYMBOLS_KERNEL)) {
		f->state = FILE_NONE;
		return;
	}
	error = try_file(s, &f->elf, r, path);
	if (error == -ENOENT)
		error = try_copy(s, &f->elf, r, path);
	f->state = error ? FILE_MISSING : FILE_OPEN;
	if (!error)
		return;
	f->why = why_missing(path, error);
	if (!s->missing++)
		s->first_missing = path;
}

/* NULL when the module's file is not there as it was recorded. */
static struct symbols_module *open_file(struct symbols *s, uint32_t module)
{
	struct file *f = &s->files[module];

	if (f->state == FILE_UNTRIED)
		look_for_file(s, module);
	return f->state == FILE_OPEN ? &f->elf : NULL;
}

/* Which build of the module it was, as far as anything tells. */
static uint64_t build_of(struct symbols *s, uint32_t module)
{
	const struct rkn_module *r = &s->model->modules[module];
	struct file *f = &s->files[module];
	const struct symbols_module *elf;

	if (f->build)
		return f->build;
	if (r->build_id_size && r->build_id_size <= sizeof(r->build_id)) {
		f->build = fnv_bytes(FNV_OFFSET, (const char *)r->build_id,
				     r->build_id_size);
	} else {
		elf = open_file(s, module);
		f->build = elf ? symbols_module_sum(elf) : 0;
	}
	return f->build;
}

/* --- Code ------------------------------------------------------------------ */

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
		if (!list[i].function)
			list[i].build = build_of(s, module);
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

/* --- Data ------------------------------------------------------------------ */

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
