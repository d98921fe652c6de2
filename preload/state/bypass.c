/* SPDX-License-Identifier: MIT */
#include "bypass.h"

#include <elf.h>
#include <string.h>

#include "dynamic.h"
#include "libc.h"
#include "sys.h"
#include "text.h"

#define PAGE 4096ull

/* Where the C library has a name with LIBC, it is the same function. */
#define LIBC "__libc_"
static const char *const ways[] = {
	"malloc",
	"calloc",
	"realloc",
	"free",
	"cfree",
	"posix_memalign",
	"aligned_alloc",
	"memalign",
	"valloc",
	"pvalloc",
	"malloc_usable_size",
	LIBC "malloc",
	LIBC "calloc",
	LIBC "realloc",
	LIBC "free",
	LIBC "memalign",
	LIBC "valloc",
	LIBC "pvalloc",
};
#define WAYS (sizeof(ways) / sizeof(*ways))

bool bypass_closed;

COLD bool bypass_is_of_family(const char *name)
{
	for (size_t i = 0; i < WAYS; i++)
		if (strcmp(ways[i], name) == 0)
			return true;
	return false;
}

/* Does [from, to) lie in a part of the module that is only for reading? What
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

/*
 * Who looks a name up takes the module's address and adds the symbol's value:
 * one word, so that nobody sees half of it. The pages are the process's own
 * from then on.
 */
COLD void bypass_close(void)
{
	const struct link_map *map = dynamic_libc(), *here = dynamic_own();
	ElfW(Sym) * symbols[WAYS];
	uint64_t from = UINT64_MAX, to = 0;
	struct dynamic d, own;

	/* Parts of the shim in unit tests have no hooks. */
	if (libc_is_secure() || !map || !dynamic_read(&d, map) || !here ||
	    !dynamic_read(&own, here) || !dynamic_find(&own, *ways))
		return;
	for (size_t i = 0; i < WAYS; i++) {
		uint64_t at = ADDRESS(dynamic_find(&d, ways[i]));

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
	/* The hook in place of each, as this library's own table has it. */
	for (size_t i = 0; i < WAYS; i++) {
		bool prefixed = text_begins(ways[i], LIBC);
		const ElfW(Sym) *hook = dynamic_find(
		    &own, ways[i] + (prefixed ? sizeof(LIBC) - 1 : 0));

		if (symbols[i] && hook)
			WRITE_ONCE(symbols[i]->st_value,
				   own.base + hook->st_value - d.base);
	}
	sys_seal((void *)(uintptr_t)from, to - from);
	bypass_closed = true;
}
