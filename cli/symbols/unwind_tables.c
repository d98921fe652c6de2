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

static GElf_Addr entry_of(Dwfl_Module *module)
{
	GElf_Ehdr header = { 0 };
	GElf_Addr bias;

	gelf_getehdr(dwfl_module_getelf(module, &bias), &header);
	return header.e_entry;
}

static void try_functions(const struct trial *t)
{
	int count = dwfl_module_getsymtab(t->module);
	int step = count / MOST + 1;
	GElf_Addr entry = entry_of(t->module);

	for (int i = 0; i < count; i += step) {
		GElf_Addr address;
		GElf_Sym sym;

		if (dwfl_module_getsym_info(t->module, i, &sym, &address, NULL,
					    NULL, NULL) &&
		    GELF_ST_TYPE(sym.st_info) == STT_FUNC && sym.st_size &&
		    sym.st_shndx != SHN_UNDEF && sym.st_value != entry)
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

/* So much of what was not covered is start-up code, and no fault. */
static void forgive(struct unwind_tables *u, GElf_Xword size)
{
	uint64_t startup = size ? u->tried * STARTUP / size : 0;
	uint64_t missed = u->tried - u->covered;

	u->tried -= startup < missed ? startup : missed;
}

/* Nothing tells where functions begin: evenly over all code. */
static void try_places(const struct trial *t)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(t->module, &bias);

	while (elf && (section = elf_nextscn(elf, section))) {
		if (!is_text(elf, section, &header))
			continue;
		for (GElf_Addr at = 0; at < header.sh_size;
		     at += header.sh_size / PLACES + 1)
			try_address(t, header.sh_addr + bias + at);
		forgive(t->u, header.sh_size);
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
