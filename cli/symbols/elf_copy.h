/* SPDX-License-Identifier: MIT */
/*
 * Copies of ELF files in memory, with other contents in some sections: to show
 * libdw what it can read where it cannot read the file.  64-bit files of this
 * machine's byte order only.
 */
#ifndef ELF_COPY_H
#define ELF_COPY_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>

struct elf_change {
	size_t section; /* its index */
	const void *data;
	size_t size;
};

/* Whether `elf` can be copied. */
bool elf_copy_can(Elf *elf);

/* A copy of the file `fd`, which `elf` reads, as a descriptor; or -errno. The
 * sections that change are not compressed in it. */
int elf_copy(int fd, Elf *elf, const struct elf_change *changes, size_t count);

/* The contents of a section, unpacked if they are compressed; NULL: they cannot
 * be read, or would be out of proportion. *made is what the caller frees. */
const void *elf_copy_plain(Elf *elf, Elf_Scn *section, size_t *size,
			   void **made);

/* The section with that name; NULL. */
Elf_Scn *elf_copy_section(Elf *elf, const char *name);

/* A new file in memory with the sections given, or -errno. */
struct elf_section {
	const char *name;
	const void *data;
	size_t size;
};
int elf_copy_make(const struct elf_section *list, size_t count);

#endif
