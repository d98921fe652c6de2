/* SPDX-License-Identifier: MIT */
/* One address to its source locations, through every inlined function. */
#ifndef SYMBOLS_INLINE_H
#define SYMBOLS_INLINE_H

#include "symbols.h"
#include "symbols_module.h"

#define SYMBOLS_INLINE_MAX 64 /* inlined functions beyond this are left out */

/*
 * Fill function, file, lines and inlined of list[0..result) for the code at
 * ELF address `address`, innermost first; at least one, whose function is
 * NULL if nothing is known. The first has the line of the address itself,
 * each further one that of the call inlined into it. Texts live as long as
 * `m`.
 */
size_t symbols_inline(struct symbols_module *m, uint64_t address,
		      struct location list[SYMBOLS_INLINE_MAX]);

/* Whether that is code of one of refknot.h's functions, inlined. */
bool symbols_inline_is_ours(struct symbols_module *m, uint64_t address);

#endif
