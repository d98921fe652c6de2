/* SPDX-License-Identifier: MIT */
/*
 * What the text of a call that allocates says about the type: its tokens only,
 * without any preprocessor, so that a name may be anything until the debug
 * information has it (source_types.h).  Reads any bytes.  All die when out of
 * memory.
 */
#ifndef SOURCE_CALL_H
#define SOURCE_CALL_H

#include <stddef.h>

/* How the block's size follows from the type's. */
enum source_room {
	SOURCE_ONE,  /* it is that */
	SOURCE_MANY, /* a multiple */
	SOURCE_TAIL, /* at least that: something may follow */
	SOURCE_CAST, /* likewise, or several */
	SOURCE_OPEN, /* likewise, but only if the type ends in an open array */
};

#define SOURCE_HINT  120 /* bytes of a hint's text */
#define SOURCE_HINTS 4u
#define SOURCE_LINES 30u /* of a statement on either side of its call's line */

struct source_hint {
	/* Tokens with a space between them: "struct entry", "* list", "p -> key
	 * [ ]": of a type, or of an expression whose type it is. */
	char text[SOURCE_HINT];
	enum source_room room;
};

struct source_call {
	struct source_hint hints[SOURCE_HINTS];
	size_t count; /* 0: it says nothing */
};

/*
 * Of the call on line `line` of `text`, whose first line is `first`: `callee` is
 * the name of the function that is called, NULL: one of the C library's that
 * allocate. `column`, from 1, tells several apart and calls by a macro; 0: it is
 * not known.
 */
void source_call_read(struct source_call *c, const char *text, size_t size,
		      unsigned first, unsigned line, unsigned column,
		      const char *callee);

#endif
