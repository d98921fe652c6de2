/* SPDX-License-Identifier: MIT */
/*
 * Where the thread-local variables of modules are: glibc has put those of each
 * module that was there at the start a fixed way below the thread pointer.  How
 * far is in the loader's private part of a module's record, behind four words
 * that the module's own headers have, too: so the place is found by those, takes
 * no lock (dl_iterate_phdr() does) and is never a guess.
 */
#include <elf.h>

#include "compiler.h"
#include "image.h"
#include "memory.h"
#include "modules.h"
#include "own_memory.h"
#include "picture.h"

#define MODULES_MOST 65536u      /* in the loader's list */
#define TLS_MOST     512u        /* that are noted */
#define FARTHEST     (64u << 20) /* below a thread pointer */
#define PAGE         4096ull

/* A module's record in glibc: where its initial values are, and what follows. */
enum { IMAGE, IMAGE_SIZE, SIZE, ALIGN, FIRST_BYTE, OFFSET, WORDS };
#define RECORD_WORDS 256 /* of a record, which has less */

/* As much of a record as can be read. */
static uint32_t read_record(uint64_t words[RECORD_WORDS], uint64_t at)
{
	uint32_t count = 0;

	while (count < RECORD_WORDS) {
		const uint64_t from = at + 8ull * count;
		const uint64_t end =
		    memory_page_end(from, at + RECORD_WORDS * sizeof(uint64_t));

		if (!memory_peek(words + count, from, (end - from) & ~7ull))
			break;
		count += (uint32_t)(end - from) / 8;
	}
	return count;
}

/* How far below the thread pointer the module's variables begin; 0: that is not
 * fixed, or not known. */
static uint64_t find_below(uint64_t map, uint64_t base, const ElfW(Phdr) * tls)
{
	uint64_t words[RECORD_WORDS];
	const uint32_t count = read_record(words, map);

	for (uint32_t i = 0; i + WORDS <= count; i++) {
		const uint64_t *w = words + i;

		if (w[IMAGE] == base + tls->p_vaddr &&
		    w[IMAGE_SIZE] == tls->p_filesz && w[SIZE] == tls->p_memsz &&
		    w[ALIGN] == tls->p_align)
			return w[OFFSET] >= tls->p_memsz &&
				       w[OFFSET] <= FARTHEST
				   ? w[OFFSET]
				   : 0;
	}
	return 0;
}

/*
 * Whether the module's first page is there: a thread that stands still inside
 * dlclose() may have unmapped a module that the loader still has.
 */
static bool is_mapped(const struct image *image)
{
	char ident[SELFMAG];

	return image->segments || memory_peek(ident, image->start, SELFMAG);
}

static void note(struct picture *p, uint64_t at, const struct link_map *map)
{
	const ElfW(Phdr) * headers;
	struct image image;
	uint32_t count = 0, module;
	uint64_t below;

	if (!image_find(ADDRESS(map->l_ld), &image) ||
	    ADDRESS(image.map) != at || !is_mapped(&image))
		return;
	headers = image_headers(&image, &count);
	for (uint32_t i = 0; headers && i < count; i++) {
		if (headers[i].p_type != PT_TLS || !headers[i].p_memsz)
			continue;
		below = find_below(at, map->l_addr, &headers[i]);
		module = below ? modules_find(ADDRESS(map->l_ld)) : RKN_NONE;
		if (module == RKN_NONE || p->tls_count == TLS_MOST)
			return;
		p->tls[p->tls_count++] = (struct rkn_tls){
			.below = below,
			.size = headers[i].p_memsz,
			.module = module,
		};
		if (below > p->tls_most)
			p->tls_most = below;
	}
}

void tls_find(struct picture *p)
{
	uint64_t next = ADDRESS(READ_ONCE(_r_debug.r_map));
	struct link_map map;

	/* A module may go while it is looked at. */
	if (stop_runs || !p->copies)
		return;
	p->tls = own_memory_map(TLS_MOST * sizeof(*p->tls));
	for (uint32_t i = 0; p->tls && next && i < MODULES_MOST; i++) {
		if (!memory_peek(&map, next, sizeof(map)))
			return;
		note(p, next, &map);
		next = ADDRESS(map.l_next);
	}
}

void tls_finish(struct picture *p)
{
	struct picture_list list;

	picture_list_init(&list, STORE_TLS);
	for (uint32_t i = 0; i < p->tls_count; i++) {
		struct rkn_tls *row = picture_list_add(&list);

		if (row)
			*row = p->tls[i];
	}
	picture_list_finish(p, &list);
}
