/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

#include "aside.h"
#include "compiler.h"
#include "libc.h"
#include "sys.h"

#define PAGE     4096ull
#define SEGMENTS 32 /* a program with more is taken as the loader says */

/* --- What the loader lists -------------------------------------------------- */

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
} places[PLACES] APART;

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
static bool measure_listed(struct image *image, const struct link_map *map)
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

bool image_find_listed(uint64_t address, struct image *image)
{
	struct link_map map = { 0 };
	uint64_t at = 0;

	*image = (struct image){ 0 };
	if (recall(address, image))
		return true;
	if (!nearest(address, &at, &map) || !measure_listed(image, &map) ||
	    address < image->start || address >= image->end)
		return false;
	image->map = (const struct link_map *)(uintptr_t)at;
	keep(address, image, &map);
	return true;
}

/* --- The program, and what is loaded now ------------------------------------- */

/* The program's segments. All threads that write them write the same. */
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
		s->found = image_find_listed(s->address, image) &&
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
