/* SPDX-License-Identifier: MIT */
#include "code_words.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "list.h"
#include "symbols_module.h"

struct code_word { /* a word that the loader fills in */
	uint64_t address;
	struct code_target to;
};

/* --- Bytes ----------------------------------------------------------------- */

static Elf *elf_of(const struct symbols_module *m)
{
	GElf_Addr bias;
	GElf_Ehdr header;
	Elf *elf = m->codeless ? NULL : dwfl_module_getelf(m->module, &bias);

	return elf && gelf_getehdr(elf, &header) &&
		       header.e_machine == EM_X86_64 &&
		       header.e_ident[EI_CLASS] == ELFCLASS64
		   ? elf
		   : NULL;
}

struct code_bytes code_bytes_at(const struct symbols_module *m,
				uint64_t address)
{
	size_t size = 0, count = 0;
	Elf *elf = elf_of(m);
	const char *all = elf ? elf_rawfile(elf, &size) : NULL;
	GElf_Phdr p;

	if (!all || elf_getphdrnum(elf, &count))
		return (struct code_bytes){ 0 };
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(elf, (int)i, &p) && p.p_type == PT_LOAD &&
		    p.p_flags & PF_X && p.p_offset <= size &&
		    p.p_filesz <= size - p.p_offset && address >= p.p_vaddr &&
		    address - p.p_vaddr <= p.p_filesz)
			return (struct code_bytes){ (const unsigned char *)all +
							p.p_offset,
						    p.p_vaddr,
						    p.p_vaddr + p.p_filesz };
	return (struct code_bytes){ 0 };
}

bool code_has_bytes(const struct code_bytes *b, uint64_t address, uint64_t size)
{
	return b->data && address >= b->low && address <= b->high &&
	       size <= b->high - address;
}

uint64_t code_relative(const unsigned char *at, uint64_t end)
{
	int32_t distance;

	memcpy(&distance, at, sizeof(distance));
	return end + (uint64_t)(int64_t)distance;
}

uint64_t code_stub_word(const unsigned char *code, uint64_t address)
{
	static const unsigned char endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	size_t at =
	    memcmp(code, endbr64, sizeof(endbr64)) ? 0 : sizeof(endbr64);

	at += code[at] == 0xf2;
	return code[at] == 0xff && code[at + 1] == 0x25
		   ? code_relative(code + at + 2, address + at + 6)
		   : 0;
}

/* --- What the loader fills in ------------------------------------------------- */

static bool is_in_segment(Elf *elf, uint32_t type, uint64_t address)
{
	size_t count;
	GElf_Phdr p;

	if (elf_getphdrnum(elf, &count))
		return false;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(elf, (int)i, &p) && p.p_type == type &&
		    address >= p.p_vaddr && address - p.p_vaddr < p.p_memsz)
			return true;
	return false;
}

/* Is the first part of the section's name around `address` that? */
static bool is_in_section(Elf *elf, const char *prefix, uint64_t address)
{
	Elf_Scn *section = NULL;
	size_t names;
	GElf_Shdr h;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while ((section = elf_nextscn(elf, section))) {
		const char *name;

		if (!gelf_getshdr(section, &h) || !(h.sh_flags & SHF_ALLOC) ||
		    address < h.sh_addr || address - h.sh_addr >= h.sh_size)
			continue;
		name = elf_strptr(elf, names, h.sh_name);
		return name && !strncmp(name, prefix, strlen(prefix));
	}
	return false;
}

static struct code_target target_of(Elf *elf, const GElf_Shdr *symbols,
				    Elf_Data *table, const GElf_Rela *r)
{
	unsigned type = (unsigned)GELF_R_TYPE(r->r_info);
	struct code_target t = { CODE_UNKNOWN, 0, NULL };
	GElf_Sym symbol;

	if (type == R_X86_64_RELATIVE) {
		t.kind = CODE_ADDRESS;
		t.address = (uint64_t)r->r_addend;
	} else if ((type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT) &&
		   gelf_getsym(table, (int)GELF_R_SYM(r->r_info), &symbol)) {
		t.name = elf_strptr(elf, symbols->sh_link, symbol.st_name);
		t.kind = t.name && *t.name ? CODE_NAME : CODE_UNKNOWN;
	}
	return t;
}

static void read_section(struct code_words *w, Elf *elf, Elf_Scn *section,
			 const GElf_Shdr *header)
{
	Elf_Scn *linked = elf_getscn(elf, header->sh_link);
	Elf_Data *data = elf_getdata(section, NULL), *table;
	GElf_Shdr symbols;
	size_t count;
	GElf_Rela r;

	if (!data || !linked || !gelf_getshdr(linked, &symbols) ||
	    !(table = elf_getdata(linked, NULL)))
		return;
	count = data->d_size / sizeof(Elf64_Rela);
	w->list =
	    xreallocarray(w->list, w->count + count + 1, sizeof(*w->list));
	for (size_t i = 0; i < count; i++) {
		struct code_target t;

		if (!gelf_getrela(data, (int)i, &r))
			continue;
		t = target_of(elf, &symbols, table, &r);
		if (t.kind != CODE_UNKNOWN)
			w->list[w->count++] =
			    (struct code_word){ r.r_offset, t };
	}
}

static int by_address(const void *a, const void *b)
{
	const struct code_word *x = a, *y = b;

	return ORDER(x->address, y->address);
}

struct code_target code_word_at(struct symbols_module *m, uint64_t address)
{
	const struct code_word key = { .address = address };
	const struct code_word *found;
	struct code_words *w = &m->words;
	Elf *elf = elf_of(m);
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while (!w->read && elf && (section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) &&
		    header.sh_type == SHT_RELA && header.sh_flags & SHF_ALLOC)
			read_section(w, elf, section, &header);
	if (!w->read && w->count)
		qsort(w->list, w->count, sizeof(*w->list), by_address);
	w->read = true;
	/* A pointer of the program's own, as the hook of an allocator, leads to
	 * where it was last set; what the loader fills in for good is
	 * elsewhere. */
	found = m->words.count ? bsearch(&key, m->words.list, m->words.count,
					 sizeof(key), by_address)
			       : NULL;
	return found && elf &&
		       (is_in_segment(elf, PT_GNU_RELRO, address) ||
			is_in_section(elf, ".got", address))
		   ? found->to
		   : (struct code_target){ CODE_UNKNOWN, 0, NULL };
}

struct code_target code_follow(struct symbols_module *m, uint64_t address)
{
	struct code_bytes b = code_bytes_at(m, address);
	Elf *elf = elf_of(m);
	uint64_t word;

	if (!code_has_bytes(&b, address, 1))
		return (struct code_target){ CODE_UNKNOWN, 0, NULL };
	/* Stubs are in sections of their own: elsewhere a jump by such a word
	 * is a function's. */
	if (!elf || !is_in_section(elf, ".plt", address) ||
	    !code_has_bytes(&b, address, 11))
		return (struct code_target){ CODE_ADDRESS, address, NULL };
	word = code_stub_word(b.data + (address - b.low), address);
	return word ? code_word_at(m, word)
		    : (struct code_target){ CODE_UNKNOWN, 0, NULL };
}

struct code_target code_called(struct symbols_module *m, uint64_t address)
{
	struct code_bytes b = code_bytes_at(m, address);
	const unsigned char *end;

	if (address < 6 || !code_has_bytes(&b, address - 6, 6))
		return (struct code_target){ CODE_UNKNOWN, 0, NULL };
	end = b.data + (address - b.low);
	if (end[-5] == 0xe8)
		return code_follow(m, code_relative(end - 4, address));
	if (end[-6] == 0xff && end[-5] == 0x15)
		return code_word_at(m, code_relative(end - 4, address));
	return (struct code_target){ CODE_UNKNOWN, 0, NULL };
}

void code_words_release(struct code_words *w)
{
	free(w->list);
	*w = (struct code_words){ 0 };
}
