/* SPDX-License-Identifier: MIT */
#include "modules.h"

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

#include "aside.h"
#include "image.h"
#include "module_path.h"
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

/* Newest first: an unloaded module's range may have been taken again. */
static uint32_t search(const struct image *image)
{
	for (uint32_t i = count(); i-- > 1;)
		if (image->end == LOAD_ACQUIRE(module(i)->end) &&
		    image->start == module(i)->start &&
		    image->map->l_addr == module(i)->base)
			return i;
	return RKN_NONE;
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

static void read_notes(struct rkn_module *m, const struct image *image,
		       const Elf64_Phdr *p)
{
	const uint8_t *at = (const uint8_t *)(uintptr_t)(m->base + p->p_vaddr);
	const uint8_t *end = image_readable(image, at);

	if (end && p->p_filesz <= (uint64_t)(end - at))
		note_build_id(m, at, p->p_filesz);
}

static void read_headers(struct rkn_module *m, const struct image *image)
{
	uint32_t count = 0;
	const ElfW(Phdr) *headers = image_headers(image, &count);

	for (uint32_t i = 0; headers && i < count; i++)
		if (headers[i].p_type == PT_NOTE && !m->build_id_size)
			read_notes(m, image, &headers[i]);
}

struct new_module {
	const struct image *image;
	uint32_t number; /* RKN_NONE: no room */
};

static void note(void *data)
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
	m.path = module_path(image->map, m.start);
	/* Others search already: without an end it is no module's. */
	memcpy(to, &m, offsetof(struct rkn_module, end));
	memcpy((char *)to + behind, (const char *)&m + behind,
	       sizeof(m) - behind);
	STORE_RELEASE(to->end, m.end);
	new->number = (uint32_t)i;
}

static COLD uint32_t add(const struct image *image)
{
	struct new_module new = { .image = image };

	aside(note, &new);
	return new.number;
}

uint32_t modules_find(uint64_t address)
{
	struct image image;
	uint32_t i;

	if (!image_find(address, &image))
		return RKN_NONE;
	i = search(&image);
	return i != RKN_NONE ? i : add(&image);
}

uint64_t modules_end(uint64_t address)
{
	struct image image;

	return image_find(address, &image) ? image.end : 0;
}

bool modules_segment(uint64_t address, uint64_t *start, uint64_t *end)
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

static int is_base(const struct link_map *map, const char *name)
{
	return map->l_name &&
	       strncmp(text_base(map->l_name), name, strlen(name)) == 0;
}

int modules_is_loader(uint64_t pc)
{
	static uint64_t start, end; /* atomic: any thread finds the same */
	uint64_t behind = LOAD_ACQUIRE(end);
	struct image image;

	if (!behind && _r_debug.r_ldbase &&
	    image_find(_r_debug.r_ldbase, &image) && is_base(image.map, "ld")) {
		WRITE_ONCE(start, image.start);
		behind = image.end;
		STORE_RELEASE(end, behind);
	}
	return pc >= READ_ONCE(start) && pc < behind;
}

int modules_is_libc(uint64_t pc)
{
	struct image image;

	return image_find(pc, &image) && is_base(image.map, "libc.so");
}

static int is_gone(const struct rkn_module *m)
{
	struct image image;

	return m->end &&
	       (!image_find(m->start, &image) || image.start != m->start ||
		image.end != m->end || image.map->l_addr != m->base);
}

const struct rkn_module *modules_next_gone(uint32_t *number)
{
	while (++*number < count())
		if (is_gone(module(*number)))
			return module(*number);
	return NULL;
}

void modules_forget(uint32_t number)
{
	module(number)->end = module(number)->start;
}
