/* SPDX-License-Identifier: MIT */
#include "elf_file.h"

#include <errno.h>
#include <gelf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "list.h"
#include "regular_file.h"

/* A symbol that only the runtime has, and how its library's name begins. */
static const struct {
	const char *name, *symbol, *library, *clang;
} sanitizers[] = {
	{ "AddressSanitizer", "__asan_init", "libasan.so", "libclang_rt.asan" },
	{ "LeakSanitizer", "__lsan_init", "liblsan.so", "libclang_rt.lsan" },
	{ "ThreadSanitizer", "__tsan_init", "libtsan.so", "libclang_rt.tsan" },
	{ "MemorySanitizer", "__msan_init", "libmsan.so", "libclang_rt.msan" },
	{ "HWAddressSanitizer", "__hwasan_init", "libhwasan.so",
	  "libclang_rt.hwasan" },
};

#define SANITIZERS (sizeof(sanitizers) / sizeof(sanitizers[0]))

#define MOST_NEEDED 4096 /* libraries: a file may be damaged */

static bool starts(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

static void add_needed(struct elf_file *e, const char *name)
{
	if (e->needed_count == MOST_NEEDED ||
	    strnlen(name, NAME_MAX) == NAME_MAX)
		return;
	*LIST_ADD(e->needed, e->needed_count) = xstrdup(name);
	for (size_t i = 0; i < SANITIZERS; i++)
		if (starts(name, sanitizers[i].library) ||
		    starts(name, sanitizers[i].clang))
			e->sanitizer = sanitizers[i].name;
}

static void read_dynamic(struct elf_file *e, Elf *elf, Elf_Scn *section,
			 const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Dyn dyn;

	for (int i = 0; data && gelf_getdyn(data, i, &dyn); i++) {
		const char *text = NULL;

		if (dyn.d_tag == DT_NEEDED || dyn.d_tag == DT_SONAME)
			text = elf_strptr(elf, header->sh_link, dyn.d_un.d_val);
		if (dyn.d_tag == DT_NEEDED && text)
			add_needed(e, text);
		else if (dyn.d_tag == DT_SONAME && text && !e->soname)
			e->soname = xstrdup(text);
		else if (dyn.d_tag == DT_FLAGS_1)
			e->pie = dyn.d_un.d_val & DF_1_PIE;
	}
}

static void read_symbols(struct elf_file *e, Elf *elf, Elf_Scn *section,
			 const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Sym sym;

	for (int i = 0; data && gelf_getsym(data, i, &sym); i++) {
		const char *name =
		    elf_strptr(elf, header->sh_link, sym.st_name);

		bool defined = sym.st_shndx != SHN_UNDEF;
		unsigned bind = GELF_ST_BIND(sym.st_info);

		if (!name)
			continue;
		if (header->sh_type == SHT_DYNSYM && defined &&
		    bind != STB_LOCAL && !strcmp(name, "malloc"))
			e->own_malloc = true;
		/* Programs may ask by weak reference whether a sanitizer is
		 * there. */
		for (size_t k = 0; k < SANITIZERS && starts(name, "__") &&
				   (defined || bind != STB_WEAK);
		     k++)
			if (!strcmp(name, sanitizers[k].symbol))
				e->sanitizer = sanitizers[k].name;
	}
}

static void read_sections(struct elf_file *e, Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	unsigned seen = 0;

	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header))
			continue;
		if (header.sh_flags & SHF_EXECINSTR)
			e->code_bytes += header.sh_size;
		/* There is one of each of these; a damaged file could make us
		 * read the same bytes as often as it has sections. */
		if ((header.sh_type != SHT_DYNAMIC &&
		     header.sh_type != SHT_DYNSYM &&
		     header.sh_type != SHT_SYMTAB) ||
		    seen & 1u << header.sh_type)
			continue;
		seen |= 1u << header.sh_type;
		if (header.sh_type == SHT_DYNAMIC)
			read_dynamic(e, elf, section, &header);
		else
			read_symbols(e, elf, section, &header);
	}
}

static void read_interpreter(struct elf_file *e, Elf *elf,
			     const GElf_Phdr *header)
{
	size_t size;
	const char *file = elf_rawfile(elf, &size);

	if (e->interpreter || !file || header->p_offset > size ||
	    header->p_filesz > size - header->p_offset)
		return;
	e->interpreter =
	    xstrndup(file + header->p_offset,
		     header->p_filesz < PATH_MAX ? header->p_filesz : PATH_MAX);
}

static void read_segments(struct elf_file *e, Elf *elf)
{
	GElf_Phdr header;
	size_t count, size;

	const char *file = elf_rawfile(elf, &size);

	if (elf_getphdrnum(elf, &count) || !file) {
		e->cut = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, &header)) {
			e->cut = true;
			return;
		}
		if ((header.p_type == PT_LOAD || header.p_type == PT_INTERP) &&
		    (header.p_offset > size ||
		     header.p_filesz > size - header.p_offset))
			e->cut = true;
		if (header.p_type == PT_INTERP)
			read_interpreter(e, elf, &header);
		else if (header.p_type == PT_GNU_EH_FRAME)
			/* Version 1, with a table of 4-byte offsets from
			 * itself: the form that all linkers write, and that the
			 * shim reads. */
			e->unwind = header.p_offset < size &&
				    size - header.p_offset >= 4 &&
				    file[header.p_offset] == 1 &&
				    file[header.p_offset + 3] == 0x3b;
	}
}

static int read_elf(struct elf_file *e, Elf *elf)
{
	GElf_Ehdr header;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
		return -ENOEXEC;
	e->class = header.e_ident[EI_CLASS];
	e->data = header.e_ident[EI_DATA];
	e->machine = header.e_machine;
	e->type = header.e_type;
	read_segments(e, elf);
	read_sections(e, elf);
	return 0;
}

int elf_file_read(struct elf_file *e, const char *path)
{
	int fd = regular_file_open(path), result;
	Elf *elf;

	if (fd < 0)
		return fd == -EINVAL ? -ENOEXEC : fd;
	*e = (struct elf_file){ 0 };
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	result = elf ? read_elf(e, elf) : -ENOEXEC;
	if (elf)
		elf_end(elf);
	close(fd);
	return result;
}

void elf_file_release(struct elf_file *e)
{
	for (size_t i = 0; i < e->needed_count; i++)
		free(e->needed[i]);
	free(e->needed);
	free(e->soname);
	free(e->interpreter);
	*e = (struct elf_file){ 0 };
}
