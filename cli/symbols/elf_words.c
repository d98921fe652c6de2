/* SPDX-License-Identifier: MIT */
#include "elf_words.h"

#include <elf.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"

#ifndef SHT_RELR
#define SHT_RELR 19
#endif

#define MOST_RELOCATIONS (1u << 24)

struct elf_relocation {
	uint64_t address;
	uint64_t addend;
	const char *symbol; /* NULL: none */
	uint64_t value;     /* of the symbol; 0: it is not in this file */
	bool function;      /* the symbol is one */
	bool packed;        /* the addend is the word in the file */
};

struct elf_copy { /* the loader puts another module's data there */
	uint64_t address, size;
};

static struct elf_relocation *add(struct elf_words *w)
{
	struct elf_relocation *r = LIST_ADD(w->list, w->count);

	*r = (struct elf_relocation){ 0 };
	return r;
}

/* The name of that symbol of table `table`; NULL: it has none. */
static const char *read_symbol(GElf_Sym *sym, Elf *elf, uint32_t table,
			       uint64_t index)
{
	Elf_Scn *section = elf_getscn(elf, table);
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Shdr header;

	if (!index || index > INT32_MAX || !data ||
	    !gelf_getshdr(section, &header) ||
	    !gelf_getsym(data, (int)index, sym))
		return NULL;
	return elf_strptr(elf, header.sh_link, sym->st_name);
}

static void read_one(struct elf_words *w, const GElf_Rela *rela, uint32_t table)
{
	const unsigned type = GELF_R_TYPE(rela->r_info);
	const uint64_t index = GELF_R_SYM(rela->r_info);
	struct elf_relocation *r;
	const char *name = NULL;
	GElf_Sym sym;

	if (type == R_X86_64_64 || type == R_X86_64_COPY)
		name = read_symbol(&sym, w->elf, table, index);
	if (type == R_X86_64_COPY && name)
		*LIST_ADD(w->copies, w->copy_count) =
		    (struct elf_copy){ rela->r_offset, sym.st_size };
	if (type != R_X86_64_RELATIVE && !(type == R_X86_64_64 && name))
		return;
	r = add(w);
	r->address = rela->r_offset;
	r->addend = (uint64_t)rela->r_addend;
	if (!name)
		return;
	r->symbol = name;
	r->value = sym.st_shndx == SHN_UNDEF ? 0 : sym.st_value;
	r->function = GELF_ST_TYPE(sym.st_info) == STT_FUNC;
}

static void read_rela(struct elf_words *w, Elf_Scn *section,
		      const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Rela rela;

	for (int i = 0; data && w->count < MOST_RELOCATIONS &&
			gelf_getrela(data, i, &rela);
	     i++)
		read_one(w, &rela, header->sh_link);
}

/* An even entry is the address of a word; an odd one has a bit for each of the
 * 63 words behind those before it. */
static void read_relr(struct elf_words *w, Elf_Scn *section)
{
	Elf_Data *data = elf_rawdata(section, NULL);
	uint64_t base = 0, entry;

	for (size_t at = 0; data && data->d_buf && at + 8 <= data->d_size &&
			    w->count < MOST_RELOCATIONS;
	     at += 8) {
		memcpy(&entry, (const char *)data->d_buf + at, 8);
		if (entry & 1) {
			for (unsigned i = 0; i < 63; i++)
				if (entry >> (i + 1) & 1) {
					struct elf_relocation *r = add(w);

					r->address = base + 8ull * i;
					r->packed = true;
				}
			base += 63 * 8;
		} else {
			struct elf_relocation *r = add(w);

			r->address = entry;
			r->packed = true;
			base = entry + 8;
		}
	}
}

static int compare(const void *a, const void *b)
{
	const struct elf_relocation *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static void read_relocations(struct elf_words *w)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(w->elf, section))) {
		if (!gelf_getshdr(section, &header) ||
		    !(header.sh_flags & SHF_ALLOC))
			continue;
		if (header.sh_type == SHT_RELA)
			read_rela(w, section, &header);
		else if (header.sh_type == SHT_RELR)
			read_relr(w, section);
	}
	if (w->count)
		qsort(w->list, w->count, sizeof(*w->list), compare);
}

bool elf_words_open(struct elf_words *w, struct symbols_module *m)
{
	GElf_Addr bias;
	GElf_Ehdr header;

	*w = (struct elf_words){ .m = m };
	w->elf = dwfl_module_getelf(m->module, &bias);
	if (!w->elf || !gelf_getehdr(w->elf, &header) ||
	    header.e_machine != EM_X86_64 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64) {
		*w = (struct elf_words){ 0 };
		return false;
	}
	w->fixed = header.e_type == ET_EXEC;
	read_relocations(w);
	return true;
}

void elf_words_close(struct elf_words *w)
{
	free(w->list);
	free(w->copies);
	free(w->symbols);
	*w = (struct elf_words){ 0 };
}

/* --- Sections ---------------------------------------------------------------- */

/* The section that has `address` when the file is loaded; NULL: none. */
static Elf_Scn *find_section(const struct elf_words *w, uint64_t address,
			     GElf_Shdr *header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(w->elf, section)))
		if (gelf_getshdr(section, header) &&
		    header->sh_flags & SHF_ALLOC &&
		    !(header->sh_flags & SHF_TLS) &&
		    address >= header->sh_addr &&
		    address - header->sh_addr < header->sh_size)
			return section;
	return NULL;
}

/* The file's bytes from `address` on, *size of them; NULL: it has none. */
static const char *find_bytes(const struct elf_words *w, uint64_t address,
			      size_t *size, GElf_Shdr *header)
{
	Elf_Scn *section = find_section(w, address, header);
	Elf_Data *data;
	uint64_t offset;

	if (!section || header->sh_type == SHT_NOBITS)
		return NULL;
	data = elf_rawdata(section, NULL);
	offset = address - header->sh_addr;
	if (!data || !data->d_buf || offset >= data->d_size)
		return NULL;
	*size = data->d_size - offset;
	return (const char *)data->d_buf + offset;
}

static bool is_relro(const struct elf_words *w, uint64_t address)
{
	GElf_Phdr p;
	size_t count;

	if (elf_getphdrnum(w->elf, &count))
		return false;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(w->elf, (int)i, &p) &&
		    p.p_type == PT_GNU_RELRO && address >= p.p_vaddr &&
		    address - p.p_vaddr < p.p_memsz)
			return true;
	return false;
}

int elf_words_place(const struct elf_words *w, uint64_t address)
{
	unsigned flags = 0;
	GElf_Shdr header;

	if (!find_section(w, address, &header))
		return -1;
	if (header.sh_flags & SHF_EXECINSTR)
		flags |= ELF_PLACE_CODE;
	if (header.sh_flags & SHF_WRITE && !is_relro(w, address))
		flags |= ELF_PLACE_WRITABLE;
	return (int)flags;
}

const char *elf_words_text(const struct elf_words *w, uint64_t address)
{
	GElf_Shdr header;
	size_t size;
	const char *text = find_bytes(w, address, &size, &header);

	if (!text || header.sh_flags & (SHF_WRITE | SHF_EXECINSTR) ||
	    !memchr(text, '\0', size))
		return NULL;
	return text;
}

/* --- Words ------------------------------------------------------------------- */

static const struct elf_relocation *find_relocation(const struct elf_words *w,
						    uint64_t address)
{
	const struct elf_relocation key = { .address = address };

	return w->count ? bsearch(&key, w->list, w->count, sizeof(key), compare)
			: NULL;
}

static bool is_copied(const struct elf_words *w, uint64_t address)
{
	for (size_t i = 0; i < w->copy_count; i++)
		if (address - w->copies[i].address < w->copies[i].size)
			return true;
	return false;
}

bool elf_words_read(const struct elf_words *w, uint64_t address,
		    struct elf_word *word)
{
	const struct elf_relocation *r = find_relocation(w, address);
	GElf_Shdr header;
	size_t size;
	const char *bytes = find_bytes(w, address, &size, &header);

	*word = (struct elf_word){ 0 };
	if (!bytes || size < 8 || is_copied(w, address))
		return false;
	memcpy(&word->number, bytes, 8);
	if (r && !r->packed)
		word->number = r->addend;
	if (r && r->symbol) {
		word->symbol = r->symbol;
		word->function = r->function;
		word->pointer = r->value;
		word->address = r->value + r->addend;
	} else if (r || (w->fixed && find_section(w, word->number, &header))) {
		word->pointer = true;
		word->address = word->number;
	}
	return true;
}

bool elf_words_lead_to_code(const struct elf_words *w, uint64_t address)
{
	struct elf_word word;
	int place;

	if (!elf_words_read(w, address, &word))
		return false;
	place = word.pointer ? elf_words_place(w, word.address) : -1;
	return word.function || (place >= 0 && place & ELF_PLACE_CODE);
}

/* --- Symbols ----------------------------------------------------------------- */

static int compare_symbols(const void *a, const void *b)
{
	const struct elf_symbol *x = a, *y = b;

	return ORDER(x->start, y->start);
}

/* libdwfl looks at all symbols, each time. */
static void list_symbols(struct elf_words *w)
{
	const int count = dwfl_module_getsymtab(w->m->module);

	w->listed = true;
	for (int i = 1; i < count; i++) {
		GElf_Addr start;
		GElf_Sym sym;
		const char *name = dwfl_module_getsym_info(
		    w->m->module, i, &sym, &start, NULL, NULL, NULL);

		if (!name || !*name || !sym.st_size ||
		    GELF_ST_TYPE(sym.st_info) != STT_OBJECT ||
		    sym.st_shndx == SHN_UNDEF)
			continue;
		*LIST_ADD(w->symbols, w->symbol_count) = (struct elf_symbol){
			.name = name,
			.length = (int)strcspn(name, "@"),
			.start = start,
			.size = sym.st_size,
		};
	}
	if (w->symbol_count)
		qsort(w->symbols, w->symbol_count, sizeof(*w->symbols),
		      compare_symbols);
}

/* The first symbol that begins behind `address`. */
static size_t symbols_behind(struct elf_words *w, uint64_t address)
{
	if (!w->listed)
		list_symbols(w);
	return LOWER_BOUND(w->symbol_count, i, w->symbols[i].start <= address);
}

static bool holds(const struct elf_symbol *symbol, uint64_t address)
{
	return address - symbol->start < symbol->size;
}

/* Of several that begin at one place any is right. */
bool elf_words_symbol(struct elf_words *w, uint64_t address,
		      struct elf_symbol *symbol)
{
	const size_t i = symbols_behind(w, address);

	if (!i || !holds(&w->symbols[i - 1], address))
		return false;
	*symbol = w->symbols[i - 1];
	return true;
}

bool elf_words_only_symbol(struct elf_words *w, uint64_t address,
			   const char *prefix, struct elf_symbol *symbol)
{
	size_t i = symbols_behind(w, address);
	const uint64_t start = i ? w->symbols[i - 1].start : 0;

	*symbol = (struct elf_symbol){ 0 };
	while (i-- && w->symbols[i].start == start) {
		const struct elf_symbol *s = &w->symbols[i];

		if (!holds(s, address) ||
		    strncmp(s->name, prefix, strlen(prefix)) != 0)
			continue;
		if (symbol->name &&
		    (s->length != symbol->length ||
		     strncmp(s->name, symbol->name, (size_t)s->length) != 0))
			return false;
		*symbol = *s;
	}
	return symbol->name;
}
