/* SPDX-License-Identifier: MIT */
#include "dynamic.h"

#include <elf.h>
#include <string.h>

#include "compiler.h"
#include "text.h"

/* The loader has made addresses of most of them, but not in the kernel's own
 * module. */
static const void *address_of(const struct link_map *map, const ElfW(Dyn) * e)
{
	uint64_t at = e->d_un.d_ptr;

	return (const void *)(uintptr_t)(at < map->l_addr ? at + map->l_addr
							  : at);
}

void dynamic_take(struct dynamic *d, const struct link_map *map,
		  const ElfW(Dyn) * e)
{
	switch (e->d_tag) {
	case DT_STRTAB:
		d->texts = address_of(map, e);
		break;
	case DT_SYMTAB:
		d->symbols = address_of(map, e);
		break;
	case DT_GNU_HASH:
		d->hash = address_of(map, e);
		break;
	case DT_HASH:
		d->old_hash = address_of(map, e);
		break;
	case DT_VERSYM:
		d->versions = address_of(map, e);
		break;
	case DT_JMPREL:
		d->calls = address_of(map, e);
		break;
	case DT_PLTRELSZ:
		d->call_count = e->d_un.d_val / sizeof(*d->calls);
		break;
	case DT_RELA:
		d->data = address_of(map, e);
		break;
	case DT_RELASZ:
		d->data_count = e->d_un.d_val / sizeof(*d->data);
		break;
	default:
		break;
	}
}

bool dynamic_finish(struct dynamic *d)
{
	if (!d->calls)
		d->call_count = 0;
	if (!d->data)
		d->data_count = 0;
	return d->texts && d->symbols;
}

bool dynamic_read(struct dynamic *d, const struct link_map *map)
{
	*d = (struct dynamic){ .base = map->l_addr };
	for (const ElfW(Dyn) *e = map->l_ld; e && e->d_tag != DT_NULL; e++)
		dynamic_take(d, map, e);
	return dynamic_finish(d);
}

static bool is_definition(const struct dynamic *d, uint32_t i, const char *name)
{
	const ElfW(Sym) *s = d->symbols + i;

	return s->st_shndx != SHN_UNDEF && s->st_value &&
	       strcmp(d->texts + s->st_name, name) == 0;
}

#define VERSION_HIDDEN 0x8000 /* there is a newer one, the default */

/* The search is over when the default is found; false: not yet. */
static bool take(const struct dynamic *d, uint32_t i, const ElfW(Sym) * *found)
{
	bool hidden = d->versions && d->versions[i] & VERSION_HIDDEN;

	if (!hidden || !*found)
		*found = d->symbols + i;
	return !hidden;
}

/*
 * DT_GNU_HASH: the numbers of buckets, of the first symbol that is in it and of
 * words of a filter, a shift; the filter; the buckets, which hold the number of
 * a first symbol; and the hash of each symbol, whose lowest bit ends a bucket.
 */
static const ElfW(Sym) * find_hashed(const struct dynamic *d, const char *name)
{
	uint32_t hash = 5381, i;
	const uint32_t *buckets = d->hash + 4 + (size_t)d->hash[2] * 2;
	const uint32_t *hashes = buckets + d->hash[0];
	const ElfW(Sym) *found = NULL;

	if (!d->hash[0])
		return NULL;
	for (const char *c = name; *c; c++)
		hash = hash * 33 + (unsigned char)*c;
	i = buckets[hash % d->hash[0]];
	if (i < d->hash[1])
		return NULL;
	for (;; i++) {
		uint32_t h = hashes[i - d->hash[1]];

		if ((h | 1) == (hash | 1) && is_definition(d, i, name) &&
		    take(d, i, &found))
			return found;
		if (h & 1)
			return found;
	}
}

/* DT_HASH: the numbers of buckets and of symbols; a bucket holds the number of
 * a first symbol, and a symbol's word behind the buckets that of the next. */
static const ElfW(Sym) *
    find_hashed_of_old(const struct dynamic *d, const char *name)
{
	const uint32_t *buckets = d->old_hash + 2;
	const uint32_t *nexts = buckets + d->old_hash[0];
	const ElfW(Sym) *found = NULL;
	uint32_t hash = 0;

	if (!d->old_hash[0])
		return NULL;
	for (const char *c = name; *c; c++) { /* of the System V ABI */
		hash = (hash << 4) + (unsigned char)*c;
		hash ^= hash >> 24 & 0xf0;
		hash &= 0x0fffffff;
	}
	for (uint32_t i = buckets[hash % d->old_hash[0]]; i != STN_UNDEF;
	     i = nexts[i])
		if (is_definition(d, i, name) && take(d, i, &found))
			break;
	return found;
}

const ElfW(Sym) * dynamic_find(const struct dynamic *d, const char *name)
{
	if (d->hash)
		return find_hashed(d, name);
	return d->old_hash ? find_hashed_of_old(d, name) : NULL;
}

COLD void *dynamic_in(const struct link_map *map, const char *name)
{
	const ElfW(Sym) * s;
	struct dynamic d;
	uint64_t at;

	if (!map || !dynamic_read(&d, map))
		return NULL;
	s = dynamic_find(&d, name);
	if (!s)
		return NULL;
	at = d.base + s->st_value;
	if (ELF64_ST_TYPE(s->st_info) == STT_GNU_IFUNC)
		at = ((uint64_t(*)(void))(uintptr_t)at)();
	return (void *)(uintptr_t)at;
}

static COLD void *find_from(const struct link_map *map, const char *name)
{
	void *found = NULL;

	for (; map && !found; map = map->l_next)
		found = dynamic_in(map, name);
	return found;
}

/* This library's own, as the linker has it. */
extern ElfW(Dyn) own_dynamic[] __asm__("_DYNAMIC") HIDDEN;

COLD const struct link_map *dynamic_own(void)
{
	const struct link_map *map = _r_debug.r_map;

	while (map && map->l_ld != own_dynamic)
		map = map->l_next;
	return map;
}

COLD void *dynamic_next(const char *name)
{
	const struct link_map *own = dynamic_own();

	return own ? find_from(own->l_next, name) : NULL;
}

COLD void *dynamic_first(const char *name)
{
	return find_from(_r_debug.r_map, name);
}

COLD bool dynamic_is_named(const struct link_map *map, const char *name)
{
	return map->l_name && text_begins(text_base(map->l_name), name);
}

COLD const struct link_map *dynamic_libc(void)
{
	const struct link_map *map = _r_debug.r_map;

	while (map && !dynamic_is_named(map, "libc.so."))
		map = map->l_next;
	return map;
}

COLD const struct link_map *dynamic_loader(void)
{
	const struct link_map *map = _r_debug.r_map;

	while (map && map->l_addr != _r_debug.r_ldbase)
		map = map->l_next;
	return map;
}
