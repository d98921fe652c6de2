/* SPDX-License-Identifier: MIT */
/* What one ELF file says about how it is loaded, by libelf. */
#ifndef ELF_FILE_H
#define ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file {
	int class;           /* ELFCLASS32 or ELFCLASS64 */
	int data;            /* ELFDATA2LSB or ELFDATA2MSB */
	unsigned machine;    /* EM_X86_64 */
	unsigned type;       /* ET_EXEC, ET_DYN */
	bool pie;            /* marked as a program, position-independent */
	bool cut;            /* its segments reach beyond the file's end */
	bool unwind;         /* has a table to find tables for stacks by */
	uint64_t code_bytes; /* of executable sections */
	bool own_malloc; /* exports a malloc, which comes before any preload */
	char
	    *interpreter; /* of PT_INTERP, PATH_MAX bytes at most; NULL: none */
	char *soname;     /* NULL: none */
	char **needed;    /* names of libraries */
	size_t needed_count;
	const char *sanitizer; /* "AddressSanitizer"; NULL: none; constant */
};

/*
 * Reads `path`. 0; -ENOEXEC if it is not an ELF file; or the -errno of opening
 * it. On failure there is nothing to release.
 */
int elf_file_read(struct elf_file *e, const char *path);
void elf_file_release(struct elf_file *e);

#endif
