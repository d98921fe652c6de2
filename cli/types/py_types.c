/* SPDX-License-Identifier: MIT */
#include "py_types.h"

#include <ctype.h>
#include <string.h>

#define COLLECTED  16 /* bytes before what the garbage collector knows */
#define TEXT_LEAST 41 /* bytes of a str without a character */
#define SIZE_MOST  (1u << 20)

/* Whether the word leads to PyType_Type, the type of types. */
static bool leads_to_type(struct elf_words *w, const struct elf_word *word)
{
	static const char type[] = "PyType_Type";
	struct elf_symbol symbol;

	if (word->symbol)
		return !strcmp(word->symbol, type) &&
		       (word->pointer || !word->number);
	return word->pointer && elf_words_symbol(w, word->address, &symbol) &&
	       symbol.start == word->address && !strcmp(symbol.name, type);
}

static bool is_name(const char *text)
{
	if (!isalpha((unsigned char)*text) && *text != '_')
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && *text != '_' &&
		    *text != '.' && *text != '-')
			return false;
	return true;
}

static bool read_number(struct elf_words *w, uint64_t address, uint64_t *number)
{
	struct elf_word word;

	if (!elf_words_read(w, address, &word) || word.pointer || word.symbol ||
	    word.number > SIZE_MOST)
		return false;
	*number = word.number;
	return true;
}

/* A type that says 0 where its own type is gets it as it is made ready. Then all
 * the rest must be as in a type of a module. */
static bool is_unready(struct elf_words *w, uint64_t address, const char *name)
{
	uint64_t references, size;

	return read_number(w, address, &references) && references == 1 &&
	       read_number(w, address + 16, &size) && !size &&
	       elf_words_lead_to_code(w, address + 48) && strchr(name, '.');
}

bool py_types_read(struct py_type *t, struct elf_words *w, uint64_t address)
{
	struct elf_word type, name;
	const char *text, *dot;

	if (!elf_words_read(w, address + 8, &type) ||
	    !elf_words_read(w, address + 24, &name) || !name.pointer ||
	    !read_number(w, address + 32, &t->basic) ||
	    !read_number(w, address + 40, &t->item) || t->basic < 16)
		return false;
	text = elf_words_text(w, name.address);
	if (!text || !is_name(text))
		return false;
	if (type.pointer || type.symbol || type.number
		? !leads_to_type(w, &type)
		: !is_unready(w, address, text))
		return false;
	dot = strrchr(text, '.');
	t->name = dot ? dot + 1 : text;
	return *t->name;
}

bool py_types_fits(const struct py_type *t, uint64_t size, uint32_t word)
{
	const uint64_t least = t->basic + (word == 3 ? COLLECTED : 0);

	if (t->item)
		return size >= least;
	/* Most have their characters behind a shorter beginning. */
	if (!strcmp(t->name, "str") && word == 1)
		return size >= TEXT_LEAST;
	return size == least;
}
