/* SPDX-License-Identifier: MIT */
#include "dynamic.h"

#include <elf.h>
#include <string.h>

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

static uint32_t hash_of(const char *name)
{
	uint32_t h = 5381;

	for (; *name; name++)
		h = h * 33 + (unsigned char)*name;
	return h;
}

static bool is_definition(const ElfW(Sym) * s)
{
	return s->st_shndx != SHN_UNDEF && s->st_value;
}

/*
 * DT_GNU_HASH: the numbers of buckets, of the first symbol that is in it and of
 * words of a filter, a shift; the filter; the buckets, which hold the number of
 * a first symbol; and the hash of each symbol, whose lowest bit ends a bucket.
 */
const ElfW(Sym) * dynamic_find(const struct dynamic *d, const char *name)
{
	uint32_t hash = hash_of(name), i;
	const uint32_t *buckets, *hashes;

	if (!d->hash || !d->hash[0])
		return NULL;
	buckets = d->hash + 4 + (size_t)d->hash[2] * 2;
	hashes = buckets + d->hash[0];
	i = buckets[hash % d->hash[0]];
	if (i < d->hash[1])
		return NULL;
	for (;; i++) {
		uint32_t h = hashes[i - d->hash[1]];
		const ElfW(Sym) *s = d->symbols + i;

		if ((h | 1) == (hash | 1) && is_definition(s) &&
		    strcmp(d->texts + s->st_name, name) == 0)
			return s;
		if (h & 1)
			return NULL;
	}
}

bool dynamic_is_named(const struct link_map *map, const char *name)
{
	const char *path = map->l_name ? map->l_name : "";

	return strncmp(text_base(path), name, strlen(name)) == 0;
}

const struct link_map *dynamic_libc(void)
{
	const struct link_map *map = _r_debug.r_map;

	while (map && !dynamic_is_named(map, "libc.so."))
		map = map->l_next;
	return map;
}
