/* SPDX-License-Identifier: MIT */
#include "bypass.h"

#include <elf.h>
#include <string.h>

#include "copies.h"
#include "dynamic.h"
#include "libc.h"
#include "process.h"
#include "real.h"
#include "sys.h"
#include "text.h"

#define PAGE 4096ull

/* Where the hooks are; absent where they are not linked, as in unit tests. */
#define HOOK(name) extern HIDDEN char bypass_##name[] __attribute__((weak));
HOOK(malloc)
HOOK(calloc)
HOOK(realloc)
HOOK(free)
HOOK(cfree)
HOOK(posix_memalign)
HOOK(aligned_alloc)
HOOK(memalign)
HOOK(valloc)
HOOK(pvalloc)
HOOK(malloc_usable_size)

static const struct {
	const char *name;
	const char *hook;
} ways[] = {
	{ "malloc", bypass_malloc },
	{ "calloc", bypass_calloc },
	{ "realloc", bypass_realloc },
	{ "free", bypass_free },
	{ "cfree", bypass_cfree },
	{ "posix_memalign", bypass_posix_memalign },
	{ "aligned_alloc", bypass_aligned_alloc },
	{ "memalign", bypass_memalign },
	{ "valloc", bypass_valloc },
	{ "pvalloc", bypass_pvalloc },
	{ "malloc_usable_size", bypass_malloc_usable_size },
	{ "__libc_malloc", bypass_malloc },
	{ "__libc_calloc", bypass_calloc },
	{ "__libc_realloc", bypass_realloc },
	{ "__libc_free", bypass_free },
	{ "__libc_memalign", bypass_memalign },
	{ "__libc_valloc", bypass_valloc },
	{ "__libc_pvalloc", bypass_pvalloc },
};
#define WAYS (sizeof(ways) / sizeof(*ways))

static bool closed;

static bool is_of_family(const char *name)
{
	for (size_t i = 0; i < WAYS; i++)
		if (strcmp(ways[i].name, name) == 0)
			return true;
	return false;
}

/* Does [from, to) lie in a part of the module that is for reading alone? What
 * holds code, too, is left as it is: others run there. */
static bool is_read_only(const struct link_map *map, uint64_t from, uint64_t to)
{
	const ElfW(Ehdr) *e = (const void *)(uintptr_t)map->l_addr;
	const ElfW(Phdr) *p =
	    (const void *)(uintptr_t)(map->l_addr + e->e_phoff);

	for (unsigned i = 0; i < e->e_phnum; i++) {
		uint64_t start = map->l_addr + p[i].p_vaddr;

		if (p[i].p_type == PT_LOAD && from >= start &&
		    to <= start + p[i].p_memsz)
			return (p[i].p_flags & (PF_R | PF_W | PF_X)) == PF_R;
	}
	return false;
}

static void redirect(const struct dynamic *d, ElfW(Sym) *const *symbols)
{
	for (size_t i = 0; i < WAYS; i++)
		if (symbols[i])
			WRITE_ONCE(symbols[i]->st_value,
				   (uint64_t)(uintptr_t)ways[i].hook - d->base);
}

/*
 * Who looks a name up takes the module's address and adds the symbol's value:
 * one word, so that nobody sees half of it. The pages are the process's own
 * from then on.
 */
void bypass_close(void)
{
	const struct link_map *map = dynamic_libc();
	ElfW(Sym) * symbols[WAYS];
	uint64_t from = UINT64_MAX, to = 0;
	struct dynamic d;

	if (!bypass_malloc || libc_is_secure() || !map ||
	    !dynamic_read(&d, map))
		return;
	for (size_t i = 0; i < WAYS; i++) {
		uint64_t at =
		    (uint64_t)(uintptr_t)dynamic_find(&d, ways[i].name);

		symbols[i] = (ElfW(Sym) *)(uintptr_t)at;
		if (!at)
			continue;
		from = at < from ? at : from;
		to = at + sizeof(ElfW(Sym)) > to ? at + sizeof(ElfW(Sym)) : to;
	}
	if (from >= to || !is_read_only(map, from, to))
		return;
	from &= ~(PAGE - 1);
	to = (to + PAGE - 1) & ~(PAGE - 1);
	if (sys_open_up((void *)(uintptr_t)from, to - from) < 0)
		return;
	redirect(&d, symbols);
	sys_seal((void *)(uintptr_t)from, to - from);
	closed = true;
}

/* --- Who is not seen -------------------------------------------------------------- */

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
	       is_of_family(name);
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

/* Those that are bound to the C library's own, past whatever the program has
 * for an allocator. Two functions of the family are enough to tell. */
static void add_strays(struct list *l)
{
	const struct real_family *libc = real_libc();
	const uint64_t own[] = { (uint64_t)(uintptr_t)libc->malloc,
				 (uint64_t)(uintptr_t)libc->free };

	add_callers(l, &_r_debug, own);
}

void bypass_note(struct picture *p)
{
	char names[256] = "", sentence[sizeof(names) + sizeof(RKN_BYPASS_WHY)];
	struct text whole = { sentence, sizeof(sentence), 0 };
	struct list l = { { names, sizeof(names) - 2, 0 }, 0 };

	copies_begin(p);
	add_others(&l);
	if (!closed)
		add_strays(&l);
	if (!l.count)
		return;
	text_add(&whole, names);
	text_add(&whole, ": " RKN_BYPASS_WHY);
	store.header->meta.unseen = store_text(sentence, strlen(sentence));
	p->limits[RKN_LIMIT_BYPASS] += l.count;
}
