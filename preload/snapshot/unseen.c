/* SPDX-License-Identifier: MIT */
#include "unseen.h"

#include <elf.h>
#include <string.h>

#include "bypass.h"
#include "copies.h"
#include "dynamic.h"
#include "process.h"
#include "real.h"
#include "store.h"
#include "text.h"

/*
 * At a snapshot a thread may stand still inside dlopen() or dlclose(): what a
 * module's record names, or the record itself, may be gone. All of it is read
 * as copies, and what cannot be read is not named.
 */
#define NAME_ROOM    32 /* more than the longest of the family */
#define MODULES_MOST 65536

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
	for (; copies_read(&e, at, sizeof(e)); at += sizeof(e)) {
		if (e.d_tag == DT_NULL)
			return dynamic_finish(&m->dynamic);
		dynamic_take(&m->dynamic, &m->map, &e);
	}
	return false;
}

/* `foreign`: and not of the module itself. Reading a name is dear, for each
 * lies on another page. */
static bool is_symbol_of_family(const struct dynamic *d, uint64_t number,
				bool foreign)
{
	uint64_t at =
	    (uint64_t)(uintptr_t)d->symbols + number * sizeof(ElfW(Sym));
	char name[NAME_ROOM];
	ElfW(Sym) s;

	return copies_read(&s, at, sizeof(s)) &&
	       (!foreign || s.st_shndx == SHN_UNDEF) &&
	       copies_text(name, sizeof(name),
			   (uint64_t)(uintptr_t)d->texts + s.st_name) &&
	       bypass_is_of_family(name);
}

static bool is_bound_to(const struct dynamic *d, const ElfW(Rela) * r,
			const uint64_t *own)
{
	uint64_t word;

	return copies_read(&word, d->base + r->r_offset, sizeof(word)) &&
	       (word == own[0] || word == own[1]);
}

/* Does it take anything of the family from others? `own`: from either of these
 * two addresses; NULL: from anywhere. */
static bool calls(const struct dynamic *d, const ElfW(Rela) * table,
		  size_t count, const uint64_t *own)
{
	uint64_t from = (uint64_t)(uintptr_t)table, last = 0;
	bool is_family = false;
	ElfW(Rela) r;

	for (; count && copies_read(&r, from, sizeof(r));
	     count--, from += sizeof(r)) {
		uint64_t number = ELF64_R_SYM(r.r_info);

		if (!number || ELF64_R_TYPE(r.r_info) == R_X86_64_COPY)
			continue;
		/* Linkers sort them by symbol. */
		if (number != last)
			is_family = is_symbol_of_family(d, number, own);
		last = number;
		if (is_family && (!own || is_bound_to(d, &r, own)))
			return true;
	}
	return false;
}

static bool calls_any(const struct dynamic *d, const uint64_t *own)
{
	return calls(d, d->calls, d->call_count, own) ||
	       calls(d, d->data, d->data_count, own);
}

/* Names, and how many there are. */
struct list {
	struct text text;
	uint64_t count;
};

static void add(struct list *l, const struct module *m)
{
	text_add(&l->text, l->count++ ? ", " : "");
	text_add(&l->text,
		 text_base(*m->map.l_name ? m->map.l_name : process.program));
}

/* False: it cannot be read, nor what comes behind it. */
static bool read_map(struct module *m, const struct link_map *at)
{
	uint64_t name;

	if (!copies_read(&m->map, (uint64_t)(uintptr_t)at, sizeof(m->map)))
		return false;
	name = (uint64_t)(uintptr_t)m->map.l_name;
	*path = '\0';
	m->map.l_name = path;
	return !name || copies_text(path, sizeof(path), name);
}

/* The modules of a namespace that call the family; see calls(). */
static void add_callers(struct list *l, const struct r_debug *d,
			const uint64_t *own)
{
	const struct link_map *at = d->r_map;
	struct module m;

	if (d->r_state != RT_CONSISTENT)
		return;
	for (unsigned i = 0; at && i < MODULES_MOST; i++, at = m.map.l_next) {
		if (!read_map(&m, at))
			return;
		if (!dynamic_is_named(&m.map, "libc.so.") &&
		    !dynamic_is_named(&m.map, "ld-linux") && read_dynamic(&m) &&
		    calls_any(&m.dynamic, own))
			add(l, &m);
	}
}

/* The loader's namespaces: since version 2 of that structure. */
struct namespace
{
	struct r_debug d;
	const struct namespace *next;
};

static void add_others(struct list *l)
{
	struct namespace n;
	uint64_t at = (uint64_t)(uintptr_t)&_r_debug;

	if (_r_debug.r_version < 2 || !copies_read(&n, at, sizeof(n)))
		return;
	while (n.next) {
		at = (uint64_t)(uintptr_t)n.next;
		if (!copies_read(&n, at, sizeof(n)))
			return;
		add_callers(l, &n.d, NULL);
	}
}

void unseen_note(struct picture *p)
{
	char names[256] = "", sentence[sizeof(names) + sizeof(RKN_BYPASS_WHY)];
	struct text whole = { sentence, sizeof(sentence), 0 };
	struct list l = { { names, sizeof(names) - 2, 0 }, 0 };

	copies_begin(p);
	add_others(&l);
	if (!bypass_closed) {
		/* Those that are bound to the C library's own, past whatever
		 * the program has for an allocator. Two functions of the
		 * family are enough to tell. */
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
