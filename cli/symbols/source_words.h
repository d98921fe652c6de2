/* SPDX-License-Identifier: MIT */
/*
 * The words of all sources in one directory, read once each, without those of
 * comments and texts: if a function's name is still there, no other name
 * replaced it.
 */
#ifndef SOURCE_WORDS_H
#define SOURCE_WORDS_H

#include <stdbool.h>

/* Bytes of a directory's sources; of more nothing is known. */
#define SOURCE_WORDS_MOST (64u << 20)

struct source_words; /* all directories that were asked for; NULL is none */

/*
 * Whether a source beside the file `path`, or that file, has the last word of
 * the name of a function: of "list<int>::take(int)" that is "take". True also
 * when that is not known, or the name has none.
 */
bool source_words_has(struct source_words **all, const char *path,
		      const char *name);

void source_words_release(struct source_words **all);

#endif
