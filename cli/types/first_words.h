/* SPDX-License-Identifier: MIT */
/*
 * What blocks are by their first words: the class of a C++ object by its table,
 * the type of a CPython object, the table of functions of an object of C.  Said
 * only where the module's own file proves it: a wrong name is worse than none.
 */
#ifndef FIRST_WORDS_H
#define FIRST_WORDS_H

#include "model.h"
#include "symbols.h"

enum first_word_kind {
	FIRST_CLASS,  /* "ns::Box<int>": the block begins with an object of it,
			 or with an array of such objects */
	FIRST_PYTHON, /* "list": __name__ of the type of a CPython object */
	FIRST_TABLE,  /* "file_methods": it begins with a pointer to that table
			 of functions, as an object does, or an array of such
			 pointers: less than a type */
	FIRST_PLACE,  /* "class at libfoo.so+0x1230": the same, of a table that
			 has no name */
};

struct first_word {
	enum first_word_kind kind;
	const char *name; /* as above, in full; bytes of a file: not escaped */
	uint32_t module;  /* that it leads to */
};

struct first_words;

/* `m` and `s` must outlive the result. Opens modules' files as it needs them. */
struct first_words *first_words_open(const struct model *m, struct symbols *s);
void first_words_close(struct first_words *f);

/* What `block` is; NULL: nothing proves it. Lives as long as `f`. */
const struct first_word *first_words_of(struct first_words *f, uint32_t block);

#endif
