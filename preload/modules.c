/* SPDX-License-Identifier: MIT */
#include "modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

#include "stacks.h"
#include "store.h"
#include "sys.h"

#pragma weak _dl_find_object

static uint32_t count(void)
{
	return (uint32_t)__atomic_load_n(
	    &store.header->tables[STORE_MODULES].count, __ATOMIC_ACQUIRE);
}

static struct rkn_module *module(uint32_t i)
{
	return (struct rkn_module *)store_at(
		   store.header->tables[STORE_MODULES].offset) +
	       i;
}

/* Newest first: an unloaded module's range may have been taken again. */
static uint32_t search(uint64_t address)
{
	for (uint32_t i = count(); i-- > 1;)
		if (address <
			__atomic_load_n(&module(i)->end, __ATOMIC_ACQUIRE) &&
		    address >= module(i)->start)
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

/* If they lie in the module. */
static void read_notes(struct rkn_module *m, uint64_t at, uint64_t size)
{
	if (at >= m->start && at <= m->end && size <= m->end - at)
		note_build_id(m, (const uint8_t *)(uintptr_t)at, size);
}

/* The ELF header stands at the start of the first mapping, if anywhere. */
static void read_headers(struct rkn_module *m)
{
	const Elf64_Ehdr *e = (const void *)(uintptr_t)m->start;
	const Elf64_Phdr *p;

	if (memcmp(e->e_ident, ELFMAG, SELFMAG) != 0 ||
	    e->e_phentsize != sizeof(*p) || e->e_phoff > 4096 ||
	    e->e_phoff + e->e_phnum * sizeof(*p) > 4096)
		return;
	p = (const void *)(uintptr_t)(m->start + e->e_phoff);
	for (unsigned i = 0; i < e->e_phnum; i++)
		if (p[i].p_type == PT_NOTE && !m->build_id_size)
			read_notes(m, m->base + p[i].p_vaddr, p[i].p_filesz);
}

/* The executable has no name in the link map. */
static uint32_t path_of(const struct link_map *map)
{
	if (!map->l_name || !*map->l_name)
		return store.header->meta.program;
	return store_text(map->l_name, strlen(map->l_name));
}

static uint32_t note(const struct dl_find_object *object)
{
	const struct link_map *map = object->dlfo_link_map;
	struct rkn_module m = {
		.start = (uint64_t)(uintptr_t)object->dlfo_map_start,
		.end = (uint64_t)(uintptr_t)object->dlfo_map_end,
		.base = map->l_addr,
		.path = path_of(map),
	};
	const size_t behind = offsetof(struct rkn_module, end) + sizeof(m.end);
	uint64_t i = store_append(STORE_MODULES);
	struct rkn_module *to = module((uint32_t)i);

	if (!i)
		return RKN_NONE;
	read_headers(&m);
	/* Others search already: without an end it has no address. */
	memcpy(to, &m, offsetof(struct rkn_module, end));
	memcpy((char *)to + behind, (const char *)&m + behind,
	       sizeof(m) - behind);
	__atomic_store_n(&to->end, m.end, __ATOMIC_RELEASE);
	return (uint32_t)i;
}

uint32_t modules_find(uint64_t pc)
{
	struct dl_find_object object;
	uint32_t i = search(pc);

	if (i != RKN_NONE)
		return i;
	if (!_dl_find_object ||
	    _dl_find_object((void *)(uintptr_t)pc, &object) != 0)
		return RKN_NONE;
	return note(&object);
}

uint64_t modules_end(uint64_t address)
{
	struct dl_find_object object;

	if (!_dl_find_object ||
	    _dl_find_object((void *)(uintptr_t)address, &object) != 0)
		return 0;
	return (uint64_t)(uintptr_t)object.dlfo_map_end;
}

uint32_t modules_of_data(uint64_t address)
{
	return modules_find(address);
}

static int is_base(const struct link_map *map, const char *name)
{
	const char *slash = map->l_name ? strrchr(map->l_name, '/') : NULL;

	return slash && strncmp(slash + 1, name, strlen(name)) == 0;
}

int modules_is_loader(uint64_t pc)
{
	static uint64_t start, end;
	struct dl_find_object object;

	if (!end && _dl_find_object && _r_debug.r_ldbase &&
	    _dl_find_object((void *)_r_debug.r_ldbase, &object) == 0 &&
	    is_base(object.dlfo_link_map, "ld")) {
		start = (uint64_t)(uintptr_t)object.dlfo_map_start;
		end = (uint64_t)(uintptr_t)object.dlfo_map_end;
	}
	return pc >= start && pc < end;
}

int modules_is_libc(uint64_t pc)
{
	struct dl_find_object object;

	return _dl_find_object &&
	       _dl_find_object((void *)(uintptr_t)pc, &object) == 0 &&
	       is_base(object.dlfo_link_map, "libc.so");
}

void modules_note_all(void)
{
	const struct link_map *map = _r_debug.r_map;

	for (; map; map = map->l_next)
		modules_find((uint64_t)(uintptr_t)map->l_ld);
}

static int is_gone(const struct rkn_module *m)
{
	struct dl_find_object object;

	return m->end && _dl_find_object &&
	       (_dl_find_object((void *)(uintptr_t)m->start, &object) != 0 ||
		(uint64_t)(uintptr_t)object.dlfo_map_end != m->end ||
		object.dlfo_link_map->l_addr != m->base);
}

void modules_unloaded(void)
{
	for (uint32_t i = 1; i < count(); i++) {
		struct rkn_module *m = module(i);

		if (is_gone(m)) {
			stacks_forget(m->start, m->end, i);
			m->end = m->start;
		}
	}
}
