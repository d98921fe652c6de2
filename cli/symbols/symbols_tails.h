/* SPDX-License-Identifier: MIT */
/*
 * Functions whose frames a tail call removed.  A function that ends by jumping
 * to another is not on the stack while that one runs: if a calls b, and b jumps
 * to c, the stack has a and c.  The call in a says that it called b, and the
 * jumps out of b lead to c.
 *
 * The search is that of GDB's tail call frames, call_site_find_chain() in
 * gdb/dwarf2/loc.c, for which DWARF 5 has DW_TAG_call_site (3.4.1).  If several
 * paths lead to the callee, what all have in common at both ends is certain.
 * Two differences: what a call or a jump leads to is read from the machine
 * code, as compilers leave out call sites (clang those of all library functions
 * that it knows, such as malloc); and the called function has been left, so it
 * is certain if one path leads there, or may lead anywhere.
 */
#ifndef SYMBOLS_TAILS_H
#define SYMBOLS_TAILS_H

#include "symbols.h"

#define TAILS_MOST  16 /* functions between two frames */
#define TAILS_SITES 8  /* jumps of one of them that may have been it */

struct tail { /* a function */
	uint32_t module;
	uint64_t ends[TAILS_SITES]; /* ELF addresses behind the jumps, of which
				       one was it; at least one, or with
				       `others` any of the function's */
	size_t count;
	bool others; /* or another one was it, which is not in the list */
};

/* What the calls lead to. */
enum tails_goal {
	TAILS_FRAME,     /* the function around the return address `to` */
	TAILS_ALLOCATOR, /* a function that refknot hooks: malloc and its like */
	TAILS_ANY,       /* or of refknot's interface */
};

/* A return address, and the module that it is in. */
struct tails_place {
	uint32_t module;
	uint64_t address; /* ELF address */
};

/*
 * Finds the functions between the call that returns to `from` and the goal,
 * innermost first; returns how many. `function` is the name of the one around
 * `to`, NULL if it is not known.
 */
size_t tails_find(struct symbols *s, struct tails_place from,
		  enum tails_goal goal, struct tails_place to,
		  const char *function, struct tail list[TAILS_MOST]);

/* The function that the dynamic loader finds by `name`; false: no module has
 * it, or it is not known which one. */
bool tails_named(struct symbols *s, const char *name,
		 struct tails_place *function);

void tails_release(struct symbols *s);

#endif
