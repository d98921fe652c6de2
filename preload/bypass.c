/* SPDX-License-Identifier: MIT */
#include "bypass.h"

#include <elf.h>
#include <string.h>

#include "dynamic.h"
#include "environment.h"
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

	if (!bypass_malloc || environment_is_secure() || !map ||
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

/* Does it take anything of the family from others? `at`: from that address. */
static bool calls(const struct dynamic *d, const ElfW(Rela) * r, size_t count,
		  const void *at)
{
	for (size_t i = 0; i < count; i++) {
		const uint64_t *word =
		    (const void *)(uintptr_t)(d->base + r[i].r_offset);

		if (!ELF64_R_SYM(r[i].r_info) ||
		    ELF64_R_TYPE(r[i].r_info) == R_X86_64_COPY)
			continue;
		if (at && *word != (uint64_t)(uintptr_t)at)
			continue;
		if (is_of_family(dynamic_name(d, &r[i])))
			return true;
	}
	return false;
}

static bool calls_any(const struct link_map *map, const void *at)
{
	struct dynamic d;

	if (!dynamic_read(&d, map) || dynamic_is_named(map, "libc.so.") ||
	    dynamic_is_named(map, "ld-linux"))
		return false;
	return calls(&d, d.calls, d.call_count, at) ||
	       calls(&d, d.data, d.data_count, at);
}

/* Names, and how many there are. */
struct list {
	struct text text;
	uint64_t count;
};

static void add(struct list *l, const struct link_map *map)
{
	const char *path = map->l_name ? map->l_name : "";

	text_add(&l->text, l->count++ ? ", " : "");
	text_add(&l->text, text_base(*path ? path : process.program));
}

/* The loader's namespaces: since version 2 of that structure. */
struct namespace
{
	struct r_debug d;
	const struct namespace *next;
};

static void add_others(struct list *l)
{
	const struct namespace *n = (const void *)&_r_debug;

	if (_r_debug.r_version < 2)
		return;
	while ((n = n->next))
		for (const struct link_map *m = n->d.r_map; m; m = m->l_next)
			if (calls_any(m, NULL))
				add(l, m);
}

/* Those that are bound to the C library's own, past whatever the program has
 * for an allocator. One function of the family is enough to tell. */
static void add_strays(struct list *l)
{
	const struct real_family *libc = real_libc();
	const void *own[] = { (void *)(uintptr_t)libc->malloc,
			      (void *)(uintptr_t)libc->free };

	for (const struct link_map *m = _r_debug.r_map; m; m = m->l_next)
		if (calls_any(m, own[0]) || calls_any(m, own[1]))
			add(l, m);
}

void bypass_note(struct picture *p)
{
	char names[256] = "", sentence[sizeof(names) + sizeof(RKN_BYPASS_WHY)];
	struct text whole = { sentence, sizeof(sentence), 0 };
	struct list l = { { names, sizeof(names) - 2, 0 }, 0 };

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
