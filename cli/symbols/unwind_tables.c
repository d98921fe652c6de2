/* SPDX-License-Identifier: MIT */
#include "unwind_tables.h"

#include <elfutils/libdw.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#define MOST   4000 /* functions that are tried in one module, */
#define PLACES 1000 /* or addresses */

#define STARTUP 256 /* bytes without tables that linkers add to any program */

struct trial {
	struct unwind_tables *u;
	Dwfl_Module *module;
	Dwarf_CFI *cfi;  /* NULL: none */
	Dwarf_Addr bias; /* a module's address less one in the tables */
};

static void try_address(const struct trial *t, GElf_Addr address)
{
	Dwarf_Frame *frame = NULL;

	t->u->tried++;
	if (!t->cfi ||
	    dwarf_cfi_addrframe(t->cfi, address - t->bias, &frame) != 0)
		return;
	free(frame);
	t->u->covered++;
}

static void try_functions(const struct trial *t)
{
	int count = dwfl_module_getsymtab(t->module);
	int step = count / MOST + 1;
	GElf_Ehdr file = { 0 };
	GElf_Addr bias;

	gelf_getehdr(dwfl_module_getelf(t->module, &bias), &file);
	/* Of start-up code, which is not the program's own, one function has a
	 * size: where the program is entered. */
	for (int i = 0; i < count; i += step) {
		GElf_Addr address;
		GElf_Sym sym;

		if (dwfl_module_getsym_info(t->module, i, &sym, &address, NULL,
					    NULL, NULL) &&
		    GELF_ST_TYPE(sym.st_info) == STT_FUNC && sym.st_size &&
		    sym.st_shndx != SHN_UNDEF && sym.st_value != file.e_entry)
			try_address(t, address);
	}
	t->u->named = t->u->tried != 0;
}

static bool is_text(Elf *elf, Elf_Scn *section, GElf_Shdr *header)
{
	const char *name;
	size_t names;

	if (!gelf_getshdr(section, header) || elf_getshdrstrndx(elf, &names))
		return false;
	name = elf_strptr(elf, names, header->sh_name);
	return name && !strcmp(name, ".text");
}

/* It is not known where functions begin: evenly over all code. */
static void try_places(const struct trial *t)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(t->module, &bias);
	uint64_t missed;

	while (elf && (section = elf_nextscn(elf, section))) {
		if (!is_text(elf, section, &header))
			continue;
		for (GElf_Addr at = 0; at < header.sh_size;
		     at += header.sh_size / PLACES + 1)
			try_address(t, header.sh_addr + bias + at);
		/* So much of what was not covered is start-up code, and not a
		 * fault. */
		missed = t->u->tried - t->u->covered;
		if (header.sh_size &&
		    t->u->tried * STARTUP / header.sh_size < missed)
			missed = t->u->tried * STARTUP / header.sh_size;
		t->u->tried -= header.sh_size ? missed : 0;
		return;
	}
}

void unwind_tables_try(struct unwind_tables *u, const struct symbols_module *m)
{
	struct trial t = { .u = u, .module = m->module };

	*u = (struct unwind_tables){ 0 };
	t.cfi = dwfl_module_eh_cfi(m->module, &t.bias);
	try_functions(&t);
	if (!u->tried)
		try_places(&t);
}

bool unwind_tables_are_whole(const struct unwind_tables *u)
{
	return u->covered >= u->tried - u->tried / 20;
}

bool unwind_tables_are_some(const struct unwind_tables *u)
{
	return u->covered > u->tried / 20;
}
