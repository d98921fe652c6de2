/* SPDX-License-Identifier: MIT */
#include "symbols_own.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "die.h"
#include "fnv.h"
#include "root_path.h"

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
	{ -ENOEXEC,
	  "is not an ELF file (any more); keep it as it was until the "
	  "report is made" },
	{ -ESTALE, "is another build than the one that ran; make the report "
		   "before it is built again" },
	{ CHANGED,
	  "was written to since, and has no build-id by which it could "
	  "be known; link it with -Wl,--build-id" },
};

static const char *symbols_own_why_missing(const char *path, int error)
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

/* Without a time nobody knows whether it is later than the recording. */
static bool symbols_own_is_later(const struct symbols *s, const char *path)
{
	const struct rkn_meta *meta = &s->model->meta;
	char *place = root_path(debug_file_sysroot, path);
	struct stat st;
	bool later = meta->start_ns && meta->duration_ns && place &&
		     !stat(place, &st) && st.st_mtim.tv_sec > 0 &&
		     (uint64_t)st.st_mtim.tv_sec * 1000000000u +
			     (uint64_t)st.st_mtim.tv_nsec >
			 meta->start_ns + meta->duration_ns;

	free(place);
	return later;
}

/* 0, -errno or CHANGED. */
static int symbols_own_try_file(const struct symbols *s,
				struct symbols_module *elf,
				const struct rkn_module *r, const char *path)
{
	if (*path != '/' || r->build_id_size > sizeof(r->build_id))
		return -EINVAL;
	if (!r->build_id_size && symbols_own_is_later(s, path))
		return CHANGED;
	symbols_module_close(elf);
	if (symbols_module_open(elf, path, r->build_id, (int)r->build_id_size))
		return 0;
	return elf->error ? elf->error : -EINVAL;
}

/* What the kernel calls "/bin/a (deleted)" may be there again, as a copy. */
static int symbols_own_try_copy(const struct symbols *s, struct file *f,
				const struct rkn_module *r, const char *path)
{
	const char *mark = strstr(path, " (deleted)");

	if (!mark || mark[strlen(" (deleted)")] || !r->build_id_size)
		return -ENOENT;
	f->plain = xstrndup(path, (size_t)(mark - path));
	return symbols_own_try_file(s, &f->elf, r, f->plain);
}

static void symbols_own_look_for_file(struct symbols *s, uint32_t module)
{
	const struct rkn_module *r = &s->model->modules[module];
	const char *path = model_text(s->model, r->path);
	struct file *f = &s->files[module];
	int error;

	if (!strcmp(path, SYMBOLS_KERNEL)) {
		f->state = FILE_NONE;
		return;
	}
	error = symbols_own_try_file(s, &f->elf, r, path);
	if (error == -ENOENT)
		error = symbols_own_try_copy(s, f, r, path);
	f->state = error ? FILE_MISSING : FILE_OPEN;
	if (!error)
		return;
	f->why = symbols_own_why_missing(path, error);
	if (!s->missing++)
		s->first_missing = path;
}

struct symbols_module *symbols_own_elf(struct symbols *s, uint32_t module)
{
	struct file *f = &s->files[module];

	if (f->state == FILE_UNTRIED)
		symbols_own_look_for_file(s, module);
	return f->state == FILE_OPEN ? &f->elf : NULL;
}

uint64_t symbols_own_build(struct symbols *s, uint32_t module)
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
		elf = symbols_own_elf(s, module);
		f->build = elf ? symbols_module_sum(elf) : 0;
	}
	return f->build;
}

struct symbols_cache *symbols_own_cache(struct symbols *s, uint32_t module)
{
	const struct rkn_module *r = &s->model->modules[module];
	const char *path = model_text(s->model, r->path);
	struct file *f = &s->files[module];

	if (!f->asked && path[0] == '/')
		symbols_cache_open(&f->cache, s->cache, r, path);
	f->asked = true;
	if (f->cache.doubtful && symbols_own_elf(s, module))
		symbols_cache_confirm(&f->cache, &f->elf);
	return &f->cache;
}

/* --- Calls ----------------------------------------------------------------- */

struct code_call symbols_own_call(struct symbols *s, uint32_t module,
				  uint64_t address)
{
	struct symbols_cache *cache = symbols_own_cache(s, module);
	struct symbols_module *elf;
	struct code_call call;

	if (symbols_cache_call(cache, address, &call))
		return call;
	elf = symbols_own_elf(s, module);
	if (!elf)
		return (struct code_call){ 0 };
	call = code_call(elf, address);
	symbols_cache_add_call(cache, address, &call);
	return call;
}

struct code_exits symbols_own_exits(struct symbols *s, uint32_t module,
				    uint64_t start)
{
	struct symbols_cache *cache = symbols_own_cache(s, module);
	struct symbols_module *elf;
	struct code_exits exits;

	if (symbols_cache_exits(cache, start, &exits))
		return exits;
	elf = symbols_own_elf(s, module);
	if (!elf)
		return (struct code_exits){ .open = true };
	exits = code_exits(elf, start);
	symbols_cache_add_exits(cache, start, &exits);
	return exits;
}

uint64_t symbols_own_find(struct symbols *s, uint32_t module, const char *name)
{
	struct symbols_cache *cache = symbols_own_cache(s, module);
	struct symbols_module *elf;
	uint64_t start;

	if (symbols_cache_named(cache, name, &start))
		return start;
	elf = symbols_own_elf(s, module);
	if (!elf)
		return 0;
	start = symbols_functions_for_others(elf, name);
	symbols_cache_add_named(cache, name, start);
	return start;
}
