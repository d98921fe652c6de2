/* SPDX-License-Identifier: MIT */
#include "loaded.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

#include "compiler.h"
#include "sys.h"

#define PAGE       4096ull
#define MAPS_MOST  65536
#define PARTS_MOST 64 /* program headers of a library */

/*
 * What was found lately, each in the place that its address's upper bits say.
 * Any thread may write one at any time: `version` is odd meanwhile, and who
 * read something else before and after has read nothing. Who finds it odd does
 * without; in a forked child that may be for good.
 */
#define PLACES      256
#define PLACE_SHIFT 16
static struct place {
	uint64_t version;
	uint64_t map, base, dynamic; /* its record, and two words of that */
	uint64_t start, end, unwind;
} places[PLACES];

/* Where a filter forbids to ask the kernel, what is there is read itself. */
static bool fetch(void *to, uint64_t from, size_t size)
{
	long got = sys_peek(sys_pid(), to, from, size);

	if (got != -EPERM && got != -ENOSYS)
		return got == (long)size;
	memcpy(to, (const void *)(uintptr_t)from, size);
	return true;
}

/* The record of the library that begins nearest below `address`. */
static bool nearest(uint64_t address, uint64_t *at, struct link_map *map)
{
	uint64_t next = ADDRESS(READ_ONCE(_r_debug.r_map));
	struct link_map m;

	for (unsigned i = 0; next && i < MAPS_MOST; i++) {
		if (!fetch(&m, next, sizeof(m)))
			break;
		if (m.l_addr <= address && (!*at || m.l_addr > map->l_addr)) {
			*map = m;
			*at = next;
		}
		next = ADDRESS(m.l_next);
	}
	return *at;
}

/* One of its headers. False: it is not that library's dynamic section. */
static bool take(struct image *image, uint64_t base, uint64_t dynamic,
		 const ElfW(Phdr) * p)
{
	uint64_t start = base + p->p_vaddr, end = start + p->p_memsz;

	if (p->p_type == PT_DYNAMIC)
		return start == dynamic;
	if (p->p_type == PT_GNU_EH_FRAME)
		image->unwind = (const uint8_t *)(uintptr_t)start;
	if (p->p_type != PT_LOAD)
		return true;
	start &= ~(PAGE - 1);
	image->start = start < image->start ? start : image->start;
	image->end = end > image->end ? end : image->end;
	return true;
}

/* By the ELF header at its start. */
static bool measure(struct image *image, const struct link_map *map)
{
	ElfW(Ehdr) e;
	ElfW(Phdr) p;

	if (!fetch(&e, map->l_addr, sizeof(e)) ||
	    memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 ||
	    e.e_phentsize != sizeof(p) || e.e_phnum > PARTS_MOST)
		return false;
	image->start = UINT64_MAX;
	for (unsigned i = 0; i < e.e_phnum; i++)
		if (!fetch(&p, map->l_addr + e.e_phoff + i * sizeof(p),
			   sizeof(p)) ||
		    !take(image, map->l_addr, ADDRESS(map->l_ld), &p))
			return false;
	return image->start < image->end;
}

static struct place *place_of(uint64_t address)
{
	return &places[(address >> PLACE_SHIFT) % PLACES];
}

static void keep(uint64_t address, const struct image *image,
		 const struct link_map *map)
{
	struct place *p = place_of(address);
	uint64_t version = READ_ONCE(p->version);

	if (version & 1 || !CHANGE(p->version, version, version + 1))
		return;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	WRITE_ONCE(p->map, ADDRESS(image->map));
	WRITE_ONCE(p->base, map->l_addr);
	WRITE_ONCE(p->dynamic, ADDRESS(map->l_ld));
	WRITE_ONCE(p->start, image->start);
	WRITE_ONCE(p->end, image->end);
	WRITE_ONCE(p->unwind, ADDRESS(image->unwind));
	STORE_RELEASE(p->version, version + 2);
}

/* What was kept for that address, if it is loaded still: a record that was freed
 * says something else. */
static bool recall(uint64_t address, struct image *image)
{
	const struct place *p = place_of(address);
	uint64_t version = LOAD_ACQUIRE(p->version);
	const struct place was = {
		.map = READ_ONCE(p->map),
		.base = READ_ONCE(p->base),
		.dynamic = READ_ONCE(p->dynamic),
		.start = READ_ONCE(p->start),
		.end = READ_ONCE(p->end),
		.unwind = READ_ONCE(p->unwind),
	};
	struct link_map m;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (version & 1 || READ_ONCE(p->version) != version ||
	    address < was.start || address >= was.end ||
	    !fetch(&m, was.map, sizeof(m)) || m.l_addr != was.base ||
	    ADDRESS(m.l_ld) != was.dynamic)
		return false;
	image->map = (const struct link_map *)(uintptr_t)was.map;
	image->start = was.start;
	image->end = was.end;
	image->unwind = (const uint8_t *)(uintptr_t)was.unwind;
	return true;
}

bool loaded_find(uint64_t address, struct image *image)
{
	struct link_map map = { 0 };
	uint64_t at = 0;

	*image = (struct image){ 0 };
	if (recall(address, image))
		return true;
	if (!nearest(address, &at, &map) || !measure(image, &map) ||
	    address < image->start || address >= image->end)
		return false;
	image->map = (const struct link_map *)(uintptr_t)at;
	keep(address, image, &map);
	return true;
}
