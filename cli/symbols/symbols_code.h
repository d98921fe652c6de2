/* SPDX-License-Identifier: MIT */
/*
 * The calls and jumps in one module's machine code: where a call leads to, and
 * where a function is left by a jump.  x86-64 only; for other machines nothing
 * is known.  All die when out of memory.
 */
#ifndef SYMBOLS_CODE_H
#define SYMBOLS_CODE_H

#include "code_words.h"

struct code_call {
	uint64_t start; /* of the function around the call; 0: not known */
	struct code_target to;
};

struct code_exit {
	uint64_t end; /* address after the jump */
	struct code_target to;
};

struct code_exits {
	struct code_exit *list; /* ascending end */
	size_t count;
	bool open; /* it may also be left to an unknown place */
};

/* The call that returns to `address`; CODE_UNKNOWN too where there is none. */
struct code_call code_call(struct symbols_module *m, uint64_t address);

/* The tail calls of the function that starts at `start`: jumps out of it to
 * where another function starts. Its list is for the caller to free. */
struct code_exits code_exits(struct symbols_module *m, uint64_t start);

#endif
