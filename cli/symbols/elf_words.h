/* SPDX-License-Identifier: MIT */
/*
 * What the words of a module's data hold when it is loaded, as far as its file
 * and its relocations say.  Nothing here comes from the program's memory.
 * Addresses are ELF addresses.  Believes no number in the file.
 */
#ifndef ELF_WORDS_H
#define ELF_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols_module.h"

struct elf_word {
	bool pointer;       /* it leads to `address` in the same module, */
	const char *symbol; /* or, or as well, to that symbol of any module,
			       plus `number`; NULL: to none */
	bool function;      /* ... which is known to be a function */
	uint64_t address;
	uint64_t number; /* neither: the word itself */
};

enum elf_place_flag {
	ELF_PLACE_CODE = 1u << 0,
	ELF_PLACE_WRITABLE = 1u << 1, /* after the loader has relocated it */
};

struct elf_symbol {
	const char *name; /* "stdout@GLIBC_2.2.5": perhaps with a version */
	int length;       /* of it without the version */
	uint64_t start, size;
};

struct elf_relocation;
struct elf_copy;

struct elf_words { /* all zero: not opened */
	struct symbols_module *m;
	Elf *elf;
	bool fixed; /* its words need no relocation to be pointers */
	struct elf_relocation *list; /* ascending by address */
	size_t count;
	struct elf_copy *copies; /* of other modules' data */
	size_t copy_count;
	struct elf_symbol *symbols; /* of data, ascending by start */
	size_t symbol_count;
	bool listed; /* the symbols are read */
};

/* `m` is open, and outlives it. False if it is of another machine: then there is
 * nothing to close. */
bool elf_words_open(struct elf_words *w, struct symbols_module *m);
void elf_words_close(struct elf_words *w);

/* False: the file does not say what is there. Texts live as long as `m`. */
bool elf_words_read(const struct elf_words *w, uint64_t address,
		    struct elf_word *word);

/* Whether the word at `address` leads to code. */
bool elf_words_lead_to_code(const struct elf_words *w, uint64_t address);

/* The text at `address`, in what nobody writes; NULL: there is none. Lives as
 * long as `m`. */
const char *elf_words_text(const struct elf_words *w, uint64_t address);

/* Of enum elf_place_flag; -1: no section of the file is there. */
int elf_words_place(const struct elf_words *w, uint64_t address);

/* The symbol of data that holds `address`; false: there is none with a size. */
bool elf_words_symbol(struct elf_words *w, uint64_t address,
		      struct elf_symbol *symbol);

/* The only one that holds `address` and begins with `prefix`; false: there is
 * none, or there are several with different names. */
bool elf_words_only_symbol(struct elf_words *w, uint64_t address,
			   const char *prefix, struct elf_symbol *symbol);

#endif
