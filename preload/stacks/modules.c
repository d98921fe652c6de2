/* SPDX-License-Identifier: MIT */
#include "modules.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

#include "aside.h"
#include "dynamic.h"
#include "image.h"
#include "libc.h"
#include "maps.h"
#include "stacks.h"
#include "store.h"
#include "text.h"

static uint32_t count(void)
{
	return (uint32_t)LOAD_ACQUIRE(
	    store.header->tables[STORE_MODULES].count);
}

static struct rkn_module *module(uint32_t i)
{
	return (struct rkn_module *)store_at(
		   store.header->tables[STORE_MODULES].offset) +
	       i;
}

/* Is it this module that is loaded there? */
static bool is_of(const struct rkn_module *m, const struct image *image)
{
	return image->end == LOAD_ACQUIRE(m->end) && image->start == m->start &&
	       image->map->l_addr == m->base;
}

static void note_build_id(struct rkn_module *m, const uint8_t *note,
			  uint64_t size)
{
	while (size >= sizeof(Elf64_Nhdr)) {
		const Elf64_Nhdr *n = (const void *)note;
		uint64_t name = (n->n_namesz + 3ull) & ~3ull;
		uint64_t whole =
		    sizeof(*n) + name + ((n->n_descsz + 3ull) & ~3ull);

		if (whole > size)
			return;
		if (n->n_type == NT_GNU_BUILD_ID && n->n_namesz == 4 &&
		    n->n_descsz <= sizeof(m->build_id)) {
			memcpy(m->build_id, note + sizeof(*n) + name,
			       n->n_descsz);
			m->build_id_size = n->n_descsz;
			return;
		}
		note += whole;
		size -= whole;
	}
}

static void read_headers(struct rkn_module *m, const struct image *image)
{
	uint32_t count = 0;
	const ElfW(Phdr) *headers = image_headers(image, &count);

	for (uint32_t i = 0; headers && i < count; i++)
		if (headers[i].p_type == PT_NOTE && !m->build_id_size) {
			const Elf64_Phdr *p = &headers[i];
			const uint8_t *at =
			    (const uint8_t *)(uintptr_t)(m->base + p->p_vaddr);
			const uint8_t *end = image_readable(image, at);

			if (end && p->p_filesz <= (uint64_t)(end - at))
				note_build_id(m, at, p->p_filesz);
		}
}

#define ROOM    1024 /* longer paths stay the loader's: stacks may be small */
#define DELETED " (deleted)"
#define KERNEL  "[vdso]" /* the kernel's code, which is in no file */

/* The file is gone or replaced; what it was called then is still its name. */
static void drop_deleted(char *path, const char *name)
{
	size_t size = strlen(path), length;
	const size_t mark = sizeof(DELETED) - 1;

	if (size <= mark || strcmp(path + size - mark, DELETED) != 0)
		return;
	name = text_base(name);
	length = strlen(name);
	if (length && size - mark >= length &&
	    strncmp(path + size - mark - length, name, length) == 0)
		path[size - mark] = '\0';
}

/*
 * Text in the store: the absolute path of the module `map`, whose first mapping
 * begins at `start`. The loader's name for it may be relative to a directory
 * that the program has left since: then it is the kernel's name. If that is not
 * known either, it is the loader's, which is not absolute.
 */
static uint32_t path_of(const struct link_map *map, uint64_t start)
{
	const char *name = map->l_name ? map->l_name : "";
	uint64_t kernel = libc()->getauxval(AT_SYSINFO_EHDR);
	char path[ROOM];

	if (kernel && kernel == start)
		return store_text(KERNEL, sizeof(KERNEL) - 1);
	/* The executable has no name in the link map, unless the loader itself
	 * was executed with its name. */
	if (!*name && libc()->getauxval(AT_BASE))
		return store.header->meta.program;
	/* A relative name, or a descriptor's, does not mean the same file to
	 * everybody. */
	if ((*name != '/' || text_begins(name, "/proc/") ||
	     text_begins(name, "/dev/fd/")) &&
	    maps_path(start, path, sizeof(path))) {
		drop_deleted(path, name);
		name = path;
	}
	return *name ? store_text(name, strlen(name))
		     : store.header->meta.program;
}

struct new_module {
	const struct image *image;
	uint32_t number; /* RKN_NONE: no room */
};

static COLD void note(void *data)
{
	struct new_module *new = data;
	const struct image *image = new->image;
	struct rkn_module m = {
		.start = image->start,
		.end = image->end,
		.base = image->map->l_addr,
	};
	const size_t behind = offsetof(struct rkn_module, end) + sizeof(m.end);
	uint64_t i = store_append(STORE_MODULES);
	struct rkn_module *to = module((uint32_t)i);

	new->number = RKN_NONE;
	if (!i)
		return;
	read_headers(&m, image);
	m.path = path_of(image->map, m.start);
	/* Others search already: without an end it is no module's. */
	memcpy(to, &m, offsetof(struct rkn_module, end));
	memcpy((char *)to + behind, (const char *)&m + behind,
	       sizeof(m) - behind);
	STORE_RELEASE(to->end, m.end);
	new->number = (uint32_t)i;
}

COLD uint32_t modules_find(uint64_t address)
{
	struct image image;
	struct new_module new = { .image = &image };

	if (!image_find(address, &image))
		return RKN_NONE;
	/* Newest first: an unloaded module's range may have been taken again. */
	for (uint32_t i = count(); i-- > 1;)
		if (is_of(module(i), &image))
			return i;
	aside(note, &new);
	return new.number;
}

uint64_t modules_end(uint64_t address)
{
	struct image image;

	return image_find(address, &image) ? image.end : 0;
}

COLD bool modules_segment(uint64_t address, uint64_t *start, uint64_t *end)
{
	const uint64_t page = address & ~4095ull;
	const ElfW(Phdr) * headers;
	struct image image;
	uint32_t count = 0;

	if (!image_find(address, &image))
		return false;
	headers = image_headers(&image, &count);
	for (uint32_t i = 0; headers && i < count; i++) {
		if (headers[i].p_type != PT_LOAD ||
		    !(headers[i].p_flags & PF_W))
			continue;
		*start = image.map->l_addr + headers[i].p_vaddr;
		*end = *start + headers[i].p_memsz;
		if (page + 4096 > *start && page < *end)
			return true;
	}
	return false;
}

int modules_is_loader(uint64_t pc)
{
	static uint64_t start, end; /* atomic: any thread finds the same */
	uint64_t behind = LOAD_ACQUIRE(end);
	struct image image;

	if (!behind && _r_debug.r_ldbase &&
	    image_find(_r_debug.r_ldbase, &image) &&
	    dynamic_is_named(image.map, "ld")) {
		WRITE_ONCE(start, image.start);
		behind = image.end;
		STORE_RELEASE(end, behind);
	}
	return pc >= READ_ONCE(start) && pc < behind;
}

int modules_is_libc(uint64_t pc)
{
	struct image image;

	return image_find(pc, &image) && dynamic_is_named(image.map, "libc.so");
}

COLD const struct rkn_module *modules_next_gone(uint32_t *number)
{
	while (++*number < count()) {
		const struct rkn_module *m = module(*number);
		struct image image;

		if (m->end &&
		    (!image_find(m->start, &image) || !is_of(m, &image)))
			return m;
	}
	return NULL;
}

COLD void modules_forget(uint32_t number)
{
	module(number)->end = module(number)->start;
}
