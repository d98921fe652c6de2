/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include <elf.h>
#include <string.h>

#include "bypass.h"
#include "compiler.h"
#include "dynamic.h"
#include "memory.h"
#include "real.h"
#include "store.h"
#include "text.h"

/*
 * At a snapshot a thread may stand still inside dlopen() or dlclose(): what a
 * module's record names, or the record itself, may be gone. All of it is read
 * as copies that the kernel makes, page by page; what cannot be read is not
 * named.
 */
#define PAGE         4096ull
#define PLACES       64
#define NAME_ROOM    32 /* more than the longest of the family */
#define MODULES_MOST 65536

/* Pages read lately, each at the place that its number says, and the address of
 * each; 0: none. */
static APART char copies[PLACES][PAGE];
static uint64_t copied[PLACES];

static const struct picture *picture;

/* The byte at `address`, and those behind it up to its page's end; NULL. If the
 * kernel copies nothing, what is listed as readable is read itself. */
static const char *find_copy(uint64_t address)
{
	const uint64_t page = address & ~(PAGE - 1);
	const size_t i = page / PAGE % PLACES;
	char *bytes = copies[i];
	const struct map *m;

	if (!page)
		return NULL;
	if (copied[i] == page)
		return bytes + address % PAGE;
	copied[i] = 0;
	if (picture->copies) {
		if (!memory_peek(bytes, page, PAGE))
			return NULL;
	} else {
		m = memory_map(picture->maps, picture->map_count, page);
		if (!m || !m->readable)
			return NULL;
		memcpy(bytes, (const void *)(uintptr_t)page, PAGE);
	}
	copied[i] = page;
	return bytes + address % PAGE;
}

/* Reads `size` bytes; false if a part of them cannot be read. */
static NOINLINE bool read_copy(void *to, uint64_t from, size_t size)
{
	for (char *bytes = to; size;) {
		const char *found = find_copy(from);
		size_t n = PAGE - from % PAGE;

		if (!found)
			return false;
		n = n < size ? n : size;
		memcpy(bytes, found, n);
		bytes += n;
		from += n;
		size -= n;
	}
	return true;
}

/* Reads a text with its end; false if it cannot be read or does not fit. */
static bool read_text(char *to, size_t room, uint64_t from)
{
	for (; room; room--, to++, from++) {
		if (!read_copy(to, from, 1))
			return false;
		if (!*to)
			return true;
	}
	return false;
}

struct module {
	struct link_map map; /* its l_name is `path` */
	struct dynamic dynamic;
};

static char path[4096];

static bool read_dynamic(struct module *m)
{
	uint64_t at = (uint64_t)(uintptr_t)m->map.l_ld;
	ElfW(Dyn) e;

	m->dynamic = (struct dynamic){ .base = m->map.l_addr };
	for (; read_copy(&e, at, sizeof(e)); at += sizeof(e)) {
		if (e.d_tag == DT_NULL)
			return dynamic_finish(&m->dynamic);
		dynamic_take(&m->dynamic, &m->map, &e);
	}
	return false;
}

/* Whether it takes anything of the family from others. `own`: from either of
 * these two addresses; NULL: from anywhere. */
static bool calls(const struct dynamic *d, const ElfW(Rela) * table,
		  size_t count, const uint64_t *own)
{
	uint64_t from = (uint64_t)(uintptr_t)table, last = 0;
	char name[NAME_ROOM];
	uint64_t word, at;
	ElfW(Sym) s;
	bool is_family = false;
	ElfW(Rela) r;

	for (; count && read_copy(&r, from, sizeof(r));
	     count--, from += sizeof(r)) {
		uint64_t number = ELF64_R_SYM(r.r_info);

		if (!number || ELF64_R_TYPE(r.r_info) == R_X86_64_COPY)
			continue;
		/* Linkers sort them by symbol. To read a name takes a while,
		 * for each lies on another page. */
		at = (uint64_t)(uintptr_t)d->symbols + number * sizeof(s);
		if (number != last)
			is_family = read_copy(&s, at, sizeof(s)) &&
				    (!own || s.st_shndx == SHN_UNDEF) &&
				    read_text(name, sizeof(name),
					      (uint64_t)(uintptr_t)d->texts +
						  s.st_name) &&
				    bypass_is_of_family(name);
		last = number;
		if (is_family &&
		    (!own || (read_copy(&word, d->base + r.r_offset, 8) &&
			      (word == own[0] || word == own[1]))))
			return true;
	}
	return false;
}

/* Names, and how many there are. */
struct list {
	struct text text;
	uint64_t count;
};

/* The modules of a namespace that call the family; see calls(). */
static void add_callers(struct list *l, const struct r_debug *d,
			const uint64_t *own)
{
	const struct link_map *at = d->r_map;
	struct module m;

	if (d->r_state != RT_CONSISTENT)
		return;
	for (unsigned i = 0; at && i < MODULES_MOST; i++, at = m.map.l_next) {
		uint64_t name;

		if (!read_copy(&m.map, (uint64_t)(uintptr_t)at, sizeof(m.map)))
			return;
		name = (uint64_t)(uintptr_t)m.map.l_name;
		*path = '\0';
		m.map.l_name = path;
		if (name && !read_text(path, sizeof(path), name))
			return;
		if (dynamic_is_named(&m.map, "libc.so.") ||
		    dynamic_is_named(&m.map, "ld-linux") || !read_dynamic(&m))
			continue;
		if (!calls(&m.dynamic, m.dynamic.calls, m.dynamic.call_count,
			   own) &&
		    !calls(&m.dynamic, m.dynamic.data, m.dynamic.data_count,
			   own))
			continue;
		text_add(&l->text, l->count++ ? ", " : "");
		text_add(&l->text, text_base(*path ? path : process.program));
	}
}

/* The loader's namespaces: since version 2 of that structure. */
struct namespace
{
	struct r_debug d;
	const struct namespace *next;
};

void unseen_note(struct picture *p)
{
	char names[256] = "", sentence[sizeof(names) + sizeof(RKN_BYPASS_WHY)];
	struct text whole = { sentence, sizeof(sentence), 0 };
	struct list l = { { names, sizeof(names) - 2, 0 }, 0 };
	uint64_t at = (uint64_t)(uintptr_t)&_r_debug;
	struct namespace n;

	picture = p;
	memset(copied, 0, sizeof(copied));
	/* The loader's other namespaces. */
	if (_r_debug.r_version >= 2 && read_copy(&n, at, sizeof(n)))
		while (n.next) {
			at = (uint64_t)(uintptr_t)n.next;
			if (!read_copy(&n, at, sizeof(n)))
				break;
			add_callers(&l, &n.d, NULL);
		}
	if (!bypass_closed) {
		/* Those that are bound to the C library's own functions, past
		 * any allocator of the program. Two functions of the family
		 * are enough to tell. */
		const struct real_family *libc = real_libc();
		const uint64_t own[] = { (uint64_t)(uintptr_t)libc->malloc,
					 (uint64_t)(uintptr_t)libc->free };

		add_callers(&l, &_r_debug, own);
	}
	if (!l.count)
		return;
	text_add(&whole, names);
	text_add(&whole, ": " RKN_BYPASS_WHY);
	store.header->meta.unseen = store_text(sentence, strlen(sentence));
	p->limits[RKN_LIMIT_BYPASS] += l.count;
}
