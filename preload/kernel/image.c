/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

#include "aside.h"
#include "compiler.h"
#include "libc.h"
#include "loaded.h"

#define PAGE     4096ull
#define SEGMENTS 32 /* a program with more is taken as the loader says */

/* The program's segments. All who write them write the same. */
static struct segment {
	uint64_t start, end; /* as the headers have them */
	bool readable;
} segments[SEGMENTS];
static uint32_t segment_count; /* 0: not read yet */

static uint64_t page_of(uint64_t address)
{
	return address & ~(PAGE - 1);
}

/* Are these headers of that object? They name its dynamic section. */
static bool describe(const ElfW(Phdr) * headers, uint64_t count,
		     const struct link_map *map)
{
	for (uint64_t i = 0; i < count; i++)
		if (headers[i].p_type == PT_DYNAMIC)
			return map->l_addr + headers[i].p_vaddr ==
			       ADDRESS(map->l_ld);
	return false;
}

/* As the kernel said at the start, or the loader if that was executed. */
static const ElfW(Phdr) * program_headers(uint32_t *count)
{
	const struct libc *c = libc_known();

	*count = c ? (uint32_t)c->getauxval(AT_PHNUM) : 0;
	return c ? (const ElfW(Phdr) *)c->getauxval(AT_PHDR) : NULL;
}

static COLD uint32_t read_segments(const struct link_map *map)
{
	uint32_t count, n = 0;
	const ElfW(Phdr) *p = program_headers(&count);

	if (!p || !describe(p, count, map))
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		if (p[i].p_type != PT_LOAD)
			continue;
		if (n == SEGMENTS)
			return 0;
		WRITE_ONCE(segments[n].start, map->l_addr + p[i].p_vaddr);
		WRITE_ONCE(segments[n].end,
			   map->l_addr + p[i].p_vaddr + p[i].p_memsz);
		WRITE_ONCE(segments[n].readable, (p[i].p_flags & PF_R) != 0);
		n++;
	}
	STORE_RELEASE(segment_count, n);
	return n;
}

/* From the first segment's start to the last one's end. Is `address` in one? */
static bool measure(struct image *image, uint32_t count, uint64_t address)
{
	bool inside = false;

	image->start = UINT64_MAX;
	image->end = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t start = page_of(READ_ONCE(segments[i].start));
		uint64_t end = READ_ONCE(segments[i].end);

		if (start < image->start)
			image->start = start;
		if (end > image->end)
			image->end = end;
		inside |= address >= start && address < page_of(end + PAGE - 1);
	}
	return inside;
}

static uint32_t segments_of(const struct link_map *map)
{
	uint32_t count = LOAD_ACQUIRE(segment_count);

	return count ? count : read_segments(map);
}

static const uint8_t *unwind_of(const struct link_map *map)
{
	uint32_t count;
	const ElfW(Phdr) *p = program_headers(&count);

	for (uint32_t i = 0; i < count; i++)
		if (p[i].p_type == PT_GNU_EH_FRAME)
			return (const uint8_t *)(uintptr_t)(map->l_addr +
							    p[i].p_vaddr);
	return NULL;
}

struct search {
	uint64_t address;
	struct image *image;
	bool found;
};

/* The program is never unloaded, and its headers are known. */
static COLD void search(void *data)
{
	struct search *s = data;
	struct image *image = s->image;
	const struct link_map *program = _r_debug.r_map;
	uint32_t count = program ? segments_of(program) : 0;

	*image = (struct image){ .map = program, .segments = true };
	s->found = count && measure(image, count, s->address);
	if (s->found)
		image->unwind = unwind_of(program);
	else
		s->found = loaded_find(s->address, image) &&
			   !(count && image->map == program);
}

/* Before 2.35. */
static COLD bool find_without(uint64_t address, struct image *image)
{
	struct search s = { address, image, false };

	aside(search, &s);
	return s.found;
}

/* The same as struct dl_find_object, which older headers do not have. */
struct found_object {
	unsigned long long flags;
	void *start, *end;
	struct link_map *map;
	void *unwind;
	unsigned long long reserved[7];
};

static NOINLINE bool find_with(const struct libc *c, uint64_t address,
			       struct image *image)
{
	struct found_object object;
	uint32_t count;

	if (c->dl_find_object((void *)(uintptr_t)address, &object) != 0)
		return false;
	*image = (struct image){
		.map = object.map,
		.start = ADDRESS(object.start),
		.end = ADDRESS(object.end),
		.unwind = object.unwind,
	};
	if (image->map != _r_debug.r_map) /* which is the program's */
		return true;
	count = segments_of(image->map);
	image->segments = count != 0;
	return !count || measure(image, count, address);
}

bool image_find(uint64_t address, struct image *image)
{
	const struct libc *c = libc_known();

	if (c && c->dl_find_object)
		return find_with(c, address, image);
	return find_without(address, image);
}

const uint8_t *image_readable(const struct image *image, const uint8_t *at)
{
	uint64_t address = ADDRESS(at);
	uint32_t count = image->segments ? READ_ONCE(segment_count) : 0;

	if (!count && address >= image->start && address < image->end)
		return (const uint8_t *)(uintptr_t)image->end;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t end = READ_ONCE(segments[i].end);

		if (READ_ONCE(segments[i].readable) && address < end &&
		    address >= READ_ONCE(segments[i].start))
			return (const uint8_t *)(uintptr_t)end;
	}
	return NULL;
}

const ElfW(Phdr) * image_headers(const struct image *image, uint32_t *count)
{
	/* The ELF header stands at the start of the first mapping, if
	 * anywhere. */
	const ElfW(Ehdr) *e = (const void *)(uintptr_t)image->start;
	const ElfW(Phdr) * headers;

	if (image->segments)
		return program_headers(count);
	if (memcmp(e->e_ident, ELFMAG, SELFMAG) != 0 ||
	    e->e_phentsize != sizeof(*headers) || e->e_phoff > PAGE ||
	    e->e_phoff + e->e_phnum * sizeof(*headers) > PAGE)
		return NULL;
	headers = (const void *)(uintptr_t)(image->start + e->e_phoff);
	*count = e->e_phnum;
	return describe(headers, *count, image->map) ? headers : NULL;
}
