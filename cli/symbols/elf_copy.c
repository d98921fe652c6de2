/* SPDX-License-Identifier: MIT */
#include "elf_copy.h"

#include <elf.h>
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "die.h"

#define ZSTD   2    /* type of compression, which older headers lack */
#define MOST   1100 /* times what is packed: more than DEFLATE ever reaches */
#define MEMORY "refknot"

/* --- Reading ----------------------------------------------------------------- */

bool elf_copy_can(Elf *elf)
{
	GElf_Ehdr h;

	return elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &h) &&
	       h.e_ident[EI_CLASS] == ELFCLASS64 &&
	       h.e_ident[EI_DATA] == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
					  ? ELFDATA2LSB
					  : ELFDATA2MSB);
}

Elf_Scn *elf_copy_section(Elf *elf, const char *name)
{
	Elf_Scn *section = NULL;
	GElf_Shdr h;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *text = gelf_getshdr(section, &h)
				       ? elf_strptr(elf, names, h.sh_name)
				       : NULL;

		if (text && h.sh_type != SHT_NOBITS && !strcmp(text, name))
			return section;
	}
	return NULL;
}

static bool unpack(unsigned type, const void *from, size_t size, void *to,
		   size_t full)
{
	uLongf length = full;

	if (type == ZSTD)
		return ZSTD_decompress(to, full, from, size) == full;
	return type == ELFCOMPRESS_ZLIB &&
	       uncompress(to, &length, from, size) == Z_OK && length == full;
}

const void *elf_copy_plain(Elf *elf, Elf_Scn *section, size_t *size,
			   void **made)
{
	size_t all = 0;
	const char *file = elf_rawfile(elf, &all), *from;
	GElf_Shdr h;
	Elf64_Chdr c;

	*made = NULL;
	if (!file || !section || !gelf_getshdr(section, &h) ||
	    h.sh_type == SHT_NOBITS || h.sh_offset > all ||
	    h.sh_size > all - h.sh_offset)
		return NULL;
	from = file + h.sh_offset;
	*size = h.sh_size;
	if (!(h.sh_flags & SHF_COMPRESSED))
		return from;
	if (h.sh_size < sizeof(c))
		return NULL;
	memcpy(&c, from, sizeof(c));
	if (c.ch_size / MOST > h.sh_size)
		return NULL;
	*made = xmalloc(c.ch_size + 1);
	*size = c.ch_size;
	if (unpack(c.ch_type, from + sizeof(c), h.sh_size - sizeof(c), *made,
		   c.ch_size))
		return *made;
	free(*made);
	return *made = NULL;
}

/* --- Writing ----------------------------------------------------------------- */

static int write_at(int fd, off_t at, const void *data, size_t size)
{
	const char *from = data;
	ssize_t n = 0;

	for (; size; size -= (size_t)n, from += n, at += n) {
		n = pwrite(fd, from, size, at);
		if (n <= 0)
			return n ? -errno : -EIO;
	}
	return 0;
}

static int copy_all(int from, int to, off_t size)
{
	off_t at = 0;

	while (at < size) {
		ssize_t n = sendfile(to, from, &at, (size_t)(size - at));

		if (n <= 0)
			return n ? -errno : -EIO;
	}
	return 0;
}

/* Appends the section's new contents at *end, and lets its header say so. */
static int change(int fd, const Elf64_Ehdr *file, const struct elf_change *c,
		  off_t *end)
{
	off_t at = (off_t)(file->e_shoff + c->section * sizeof(Elf64_Shdr));
	Elf64_Shdr h;
	int error;

	if (pread(fd, &h, sizeof(h), at) != sizeof(h))
		return -EINVAL;
	*end = (*end + 15) & ~(off_t)15;
	h.sh_flags &= ~(Elf64_Xword)SHF_COMPRESSED;
	h.sh_offset = (Elf64_Off)*end;
	h.sh_size = c->size;
	h.sh_addralign = 1;
	error = write_at(fd, *end, c->data, c->size);
	*end += (off_t)c->size;
	return error ? error : write_at(fd, at, &h, sizeof(h));
}

int elf_copy(int fd, Elf *elf, const struct elf_change *changes, size_t count)
{
	const Elf64_Ehdr *file = elf_copy_can(elf) ? elf64_getehdr(elf) : NULL;
	int error, copy = memfd_create(MEMORY, MFD_CLOEXEC);
	struct stat st;
	off_t end;

	if (copy < 0)
		return -errno;
	error =
	    !file || fstat(fd, &st) || file->e_shentsize != sizeof(Elf64_Shdr)
		? -EINVAL
		: copy_all(fd, copy, st.st_size);
	end = st.st_size;
	for (size_t i = 0; !error && i < count; i++)
		error = change(copy, file, &changes[i], &end);
	if (!error)
		return copy;
	close(copy);
	return error;
}

/* Names of sections, each with its NUL, behind a first empty one. */
static char *make_names(const struct elf_section *list, size_t count,
			size_t *size)
{
	char *names = NULL;

	*size = 1 + sizeof(".shstrtab");
	for (size_t i = 0; i < count; i++)
		*size += strlen(list[i].name) + 1;
	names = xcalloc(*size, 1);
	*size = 1;
	for (size_t i = 0; i < count; i++) {
		strcpy(names + *size, list[i].name);
		*size += strlen(list[i].name) + 1;
	}
	strcpy(names + *size, ".shstrtab");
	*size += sizeof(".shstrtab");
	return names;
}

int elf_copy_make(const struct elf_section *list, size_t count)
{
	size_t size, name = 1;
	char *names = make_names(list, count, &size);
	Elf64_Shdr *headers = xcalloc(count + 2, sizeof(*headers));
	Elf64_Ehdr file = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			     __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
				 ? ELFDATA2LSB
				 : ELFDATA2MSB,
			     EV_CURRENT },
		.e_type = ET_REL,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(file),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = (Elf64_Half)(count + 2),
		.e_shstrndx = (Elf64_Half)(count + 1),
	};
	int error = 0, fd = memfd_create(MEMORY, MFD_CLOEXEC);
	off_t end = sizeof(file);

	if (fd < 0)
		error = -errno;
	for (size_t i = 0; i <= count && !error; i++) {
		const struct elf_section s =
		    i < count ? list[i]
			      : (struct elf_section){ "", names, size };

		headers[i + 1] = (Elf64_Shdr){
			.sh_name = (Elf64_Word)name,
			.sh_type = i < count ? SHT_PROGBITS : SHT_STRTAB,
			.sh_offset = (Elf64_Off)end,
			.sh_size = s.size,
			.sh_addralign = 1,
		};
		name += strlen(s.name) + 1;
		error = write_at(fd, end, s.data, s.size);
		end += (off_t)s.size;
	}
	end = (end + 15) & ~(off_t)15;
	file.e_shoff = (Elf64_Off)end;
	if (!error)
		error =
		    write_at(fd, end, headers, (count + 2) * sizeof(*headers));
	if (!error)
		error = write_at(fd, 0, &file, sizeof(file));
	free(headers);
	free(names);
	if (!error)
		return fd;
	if (fd >= 0)
		close(fd);
	return error;
}
