/* SPDX-License-Identifier: MIT */
#include "vtables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plain_name.h"
#include "xmalloc.h"

#define ABI "N10__cxxabiv1" /* begins the mangled names of its classes */

static bool starts(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* The mangled name in the type_info at `address`; NULL: it has none. */
static const char *name_in(struct elf_words *w, uint64_t address)
{
	struct elf_word word;
	const char *name = NULL;

	if (!elf_words_read(w, address + 8, &word))
		return NULL;
	if (word.pointer)
		name = elf_words_text(w, word.address);
	else if (word.symbol && !word.number && starts(word.symbol, "_ZTS"))
		name = word.symbol + strlen("_ZTS");
	/* It begins with '*' if its address tells the type, too. */
	return name && *name == '*' ? name + 1 : name;
}

/* Whether `word` leads to the table of a type_info's class. */
static bool is_of_types(struct elf_words *w, const struct elf_word *word)
{
	struct elf_symbol symbol;
	struct elf_word type;
	const char *name;

	if (word->symbol)
		return starts(word->symbol, "_ZTV" ABI);
	if (!word->pointer)
		return false;
	if (elf_words_symbol(w, word->address, &symbol))
		return starts(symbol.name, "_ZTV" ABI);
	if (!elf_words_read(w, word->address - 8, &type) || !type.pointer)
		return false;
	name = name_in(w, type.address);
	return name && starts(name, ABI);
}

/* The mangled name of the type_info that `word` leads to; NULL: it is none. */
static const char *name_of(struct elf_words *w, const struct elf_word *word)
{
	struct elf_word table;

	if (word->symbol)
		return starts(word->symbol, "_ZTI") && !word->number
			   ? word->symbol + strlen("_ZTI")
			   : NULL;
	if (!word->pointer || !elf_words_read(w, word->address, &table) ||
	    !is_of_types(w, &table))
		return NULL;
	return name_in(w, word->address);
}

bool vtables_has_type(struct elf_words *w, uint64_t address)
{
	struct elf_word type;

	return elf_words_read(w, address - 8, &type) && name_of(w, &type);
}

/* "ns::Box<int>" for "N2ns3BoxIiEE"; NULL: it is not the name of a type. */
static char *demangle(const char *name, int length)
{
	static const char before[] = "typeinfo for ";
	char *symbol = xasprintf("_ZTI%.*s", length, name), *class = NULL;
	struct plain_name plain;

	if (plain_name_read(symbol, &plain) && starts(plain.full, before))
		class = xstrdup(plain.full + strlen(before));
	free(plain.shown);
	free(plain.full);
	free(symbol);
	return class;
}

char *vtables_class(struct elf_words *w, uint64_t address)
{
	struct elf_word top, type, copied;
	struct elf_symbol symbol;
	bool there = elf_words_read(w, address, &copied);

	if (there) {
		if (!elf_words_read(w, address - 16, &top) || top.pointer ||
		    top.symbol || top.number ||
		    !elf_words_read(w, address - 8, &type))
			return NULL;
		if (type.pointer || type.symbol || type.number) {
			const char *name = name_of(w, &type);

			return name ? demangle(name, (int)strlen(name)) : NULL;
		}
	}
	/* Without a type, or in a copy of another module's table, the symbol
	 * tells the class; of a copy only that of a simple one. */
	if (!elf_words_only_symbol(w, address, "_ZTV", &symbol) ||
	    (!there && address - symbol.start != 16))
		return NULL;
	return demangle(symbol.name + strlen("_ZTV"),
			symbol.length - (int)strlen("_ZTV"));
}

char *vtables_plain(const struct elf_symbol *symbol, uint64_t address)
{
	char *name = xstrndup(symbol->name, (size_t)symbol->length);
	struct plain_name plain;
	const char *text = plain_name_read(name, &plain) ? plain.full : name;
	char *whole =
	    address == symbol->start
		? xstrdup(text)
		: xasprintf("%s+0x%" PRIx64, text, address - symbol->start);

	free(plain.shown);
	free(plain.full);
	free(name);
	return whole;
}
