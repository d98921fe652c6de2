/* SPDX-License-Identifier: MIT */
/* The source tree, in which code reviews and editors look for a finding. */
#ifndef SOURCES_H
#define SOURCES_H

#include <stdbool.h>
#include <stdint.h>

struct sources;

/* `root` NULL: the working directory. NULL with errno set when that is not
 * a directory. */
struct sources *sources_open(const char *root);
void sources_close(struct sources *s);

/* The root, absolute and without links. */
const char *sources_root(const struct sources *s);

/*
 * The path of `file`, as debug information has it, within the tree: "lib/x.c".
 * NULL when it is not in the tree. A path that is not absolute is taken
 * from the root. The caller frees it.
 */
char *sources_within(const struct sources *s, const char *file);

/* As source_text_hash(), of a file in the tree or elsewhere. */
bool sources_hash(const struct sources *s, const char *file, unsigned from,
		  unsigned line, uint16_t *hash);

/* As source_text_has(), _is_quiet() and _is_statement(), likewise. */
bool sources_has(const struct sources *s, const char *file, unsigned from,
		 uint16_t hash, bool *known);
bool sources_is_quiet(const struct sources *s, const char *file, unsigned line);
bool sources_is_statement(const struct sources *s, const char *file,
			  unsigned first, unsigned last);
/* As source_words_has(), likewise. */
bool sources_has_word(const struct sources *s, const char *file,
		      const char *name);

/*
 * A path without "." and "..", of which debug information is full: as the file
 * system has it where the file is there, else by its text; one that is not
 * absolute may still begin with "..". Takes the path, which may be NULL, and
 * its result is the caller's to free.
 */
char *sources_straight(char *path);

#endif
