/* SPDX-License-Identifier: MIT */
/*
 * The bytes before a return address are a call of a stub, whose jump is by a
 * slot of the table that the loader fills, or a call by such a slot itself; a
 * relocation says which function's the slot is. The file may be anything.
 */
#include "allocation_call.h"

#include <gelf.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "code_words.h"
#include "regular_file.h"

#define STUB 16 /* bytes of a stub, at most, of which the jump is in */

static const char *const functions[] = {
	"malloc",         "calloc",        "realloc",
	"reallocarray",   "aligned_alloc", "memalign",
	"posix_memalign", "valloc",        "pvalloc",
};

/* `size` bytes at an ELF address; NULL: the file has not all of them. */
static const unsigned char *bytes_at(Elf *elf, uint64_t address, size_t size)
{
	size_t count, all;
	const char *file = elf_rawfile(elf, &all);
	GElf_Phdr p;

	if (!file || elf_getphdrnum(elf, &count))
		return NULL;
	for (size_t i = 0; i < count; i++) {
		uint64_t in;

		if (!gelf_getphdr(elf, (int)i, &p) || p.p_type != PT_LOAD ||
		    address < p.p_vaddr)
			continue;
		in = address - p.p_vaddr;
		if (p.p_filesz < size || in > p.p_filesz - size ||
		    p.p_offset > all || p.p_filesz > all - p.p_offset)
			continue;
		return (const unsigned char *)file + p.p_offset + in;
	}
	return NULL;
}

/* The slot by which the call or jump before `after`, or the stub that it leads
 * to, jumps; 0: there is none. */
static uint64_t slot_of_call(Elf *elf, uint64_t after)
{
	const unsigned char *code = bytes_at(elf, after - 6, 6);
	uint64_t to = code ? code_relative(code + 2, after) : 0;

	/* A jump where that was the function's last call. */
	if (code && (code[1] == 0xe8 || code[1] == 0xe9)) {
		code = bytes_at(elf, to, STUB);
		return code ? code_stub_word(code, to) : 0;
	}
	return code && code[0] == 0xff && (code[1] == 0x15 || code[1] == 0x25)
		   ? to
		   : 0;
}

/* The function whose slot is at `slot`, by the relocations of `section`. */
static const char *find_in(Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
			   uint64_t slot)
{
	Elf_Scn *symbols = elf_getscn(elf, header->sh_link);
	Elf_Data *list = elf_getdata(section, NULL), *data;
	const char *name = NULL;
	GElf_Shdr names;
	GElf_Rela r;
	GElf_Sym s;

	if (!symbols || !gelf_getshdr(symbols, &names) ||
	    names.sh_type != SHT_DYNSYM)
		return NULL;
	data = elf_getdata(symbols, NULL);
	for (int i = 0; !name && list && data && gelf_getrela(list, i, &r); i++)
		if (r.r_offset == slot &&
		    gelf_getsym(data, (int)GELF_R_SYM(r.r_info), &s))
			name = elf_strptr(elf, names.sh_link, s.st_name);
	for (size_t i = 0; name && i < sizeof(functions) / sizeof(*functions);
	     i++)
		if (!strcmp(name, functions[i]))
			return functions[i];
	return NULL;
}

const char *allocation_call(const char *path, uint64_t after)
{
	int fd = regular_file_open(path);
	const char *name = NULL;
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Ehdr file;
	uint64_t slot = 0;
	Elf *elf;

	if (fd < 0)
		return NULL;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &file) &&
	    file.e_machine == EM_X86_64)
		slot = slot_of_call(elf, after);
	while (slot && !name && (section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) &&
		    header.sh_type == SHT_RELA)
			name = find_in(elf, section, &header, slot);
	elf_end(elf);
	close(fd);
	return name;
}
