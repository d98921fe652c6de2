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

/* Four bytes that count from address `from`. */
static uint64_t target(const unsigned char *bytes, uint64_t from)
{
	int32_t distance;

	memcpy(&distance, bytes, sizeof(distance));
	return from + (uint64_t)(int64_t)distance;
}

/* The slot by which the stub at `stub` jumps; 0: it is none. In front of the
 * jump may be an endbr64 and a bnd. */
static uint64_t slot_of_stub(Elf *elf, uint64_t stub)
{
	static const unsigned char endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	const unsigned char *code = bytes_at(elf, stub, STUB);
	size_t at = 0;

	if (!code)
		return 0;
	if (!memcmp(code, endbr64, sizeof(endbr64)))
		at += sizeof(endbr64);
	at += code[at] == 0xf2;
	if (code[at] != 0xff || code[at + 1] != 0x25)
		return 0;
	return target(code + at + 2, stub + at + 6);
}

static uint64_t slot_of_call(Elf *elf, uint64_t after)
{
	const unsigned char *code = bytes_at(elf, after - 6, 6);

	/* Or a jump, where that was the function's last call. */
	if (code && (code[1] == 0xe8 || code[1] == 0xe9))
		return slot_of_stub(elf, target(code + 2, after));
	if (code && code[0] == 0xff && (code[1] == 0x15 || code[1] == 0x25))
		return target(code + 2, after);
	return 0;
}

static const char *known(const char *name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		if (name && !strcmp(name, functions[i]))
			return functions[i];
	return NULL;
}

static Elf_Scn *symbols_of(Elf *elf, const GElf_Shdr *relocations,
			   GElf_Shdr *header)
{
	Elf_Scn *section = elf_getscn(elf, relocations->sh_link);

	return section && gelf_getshdr(section, header) &&
		       header->sh_type == SHT_DYNSYM
		   ? section
		   : NULL;
}

static const char *find_in(Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
			   uint64_t slot)
{
	GElf_Shdr names;
	Elf_Scn *symbols = symbols_of(elf, header, &names);
	Elf_Data *list = elf_getdata(section, NULL);
	Elf_Data *data = symbols ? elf_getdata(symbols, NULL) : NULL;
	GElf_Rela r;
	GElf_Sym s;

	for (int i = 0; list && data && gelf_getrela(list, i, &r); i++)
		if (r.r_offset == slot)
			return gelf_getsym(data, (int)GELF_R_SYM(r.r_info), &s)
				   ? known(elf_strptr(elf, names.sh_link,
						      s.st_name))
				   : NULL;
	return NULL;
}

static const char *function_of(Elf *elf, uint64_t slot)
{
	Elf_Scn *section = NULL;
	const char *name = NULL;
	GElf_Shdr header;

	while (!name && (section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) &&
		    header.sh_type == SHT_RELA)
			name = find_in(elf, section, &header, slot);
	return name;
}

static const char *read_call(Elf *elf, uint64_t after)
{
	GElf_Ehdr header;
	uint64_t slot;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header) ||
	    header.e_machine != EM_X86_64)
		return NULL;
	slot = slot_of_call(elf, after);
	return slot ? function_of(elf, slot) : NULL;
}

const char *allocation_call(const char *path, uint64_t after)
{
	int fd = regular_file_open(path);
	const char *name = NULL;
	Elf *elf;

	if (fd < 0)
		return NULL;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf)
		name = read_call(elf, after);
	elf_end(elf);
	close(fd);
	return name;
}
