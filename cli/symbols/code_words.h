/* SPDX-License-Identifier: MIT */
/*
 * The bytes of one module's machine code, where a branch in them leads to, and
 * the words that the dynamic loader fills in (the GOT).  x86-64 only; for other
 * machines nothing is known.  All die when out of memory.
 */
#ifndef CODE_WORDS_H
#define CODE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbols_module;

enum code_kind {
	CODE_UNKNOWN, /* by a register, or to what is not known */
	CODE_ADDRESS, /* in this module */
	CODE_NAME,    /* what the dynamic loader finds by that name */
	CODE_OURS,    /* refknot's interface, by a function of refknot.h */
};

struct code_target {
	enum code_kind kind;
	uint64_t address; /* CODE_ADDRESS: ELF address */
	const char *name; /* CODE_NAME; lives as long as the module */
};

struct code_words { /* of one module; all zero at first */
	bool read;
	struct code_word *list; /* ascending address */
	size_t count;
};

struct code_bytes {
	const unsigned char *data; /* NULL: there are none */
	uint64_t low, high;        /* addresses: of data[0], after the last */
};

/* The segment of code around `address`. */
struct code_bytes code_bytes_at(const struct symbols_module *m,
				uint64_t address);
bool code_has_bytes(const struct code_bytes *b, uint64_t address,
		    uint64_t size);

/* The address that the four bytes at `at` mean, relative to `end`. */
uint64_t code_relative(const unsigned char *at, uint64_t end);

/* The word by which the stub whose first 11 bytes are `code`, at `address`,
 * jumps; 0: it is not one. In front of the jump may be an endbr64 and a bnd. */
uint64_t code_stub_word(const unsigned char *code, uint64_t address);

/* What the loader writes to the word at `address`, for good. */
struct code_target code_word_at(struct symbols_module *m, uint64_t address);

/* Where a branch to `address` leads: a stub (PLT) leads on. */
struct code_target code_follow(struct symbols_module *m, uint64_t address);

/* What the instruction before `address` calls. */
struct code_target code_called(struct symbols_module *m, uint64_t address);

void code_words_release(struct code_words *w);

#endif
