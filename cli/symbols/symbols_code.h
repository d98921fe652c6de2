/* SPDX-License-Identifier: MIT */
/*
 * The calls and jumps in one module's machine code: where a call leads to, and
 * where a function is left by a jump.  x86-64 alone; of other machines nothing
 * is known.  All die when out of memory.
 */
#ifndef SYMBOLS_CODE_H
#define SYMBOLS_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbols_module;

enum code_kind {
	CODE_UNKNOWN, /* by a register, or what cannot be told */
	CODE_ADDRESS, /* in this module */
	CODE_NAME,    /* what the dynamic loader finds by that name */
	CODE_OURS,    /* refknot's interface, by a function of refknot.h */
};

struct code_target {
	enum code_kind kind;
	uint64_t address; /* CODE_ADDRESS: ELF address */
	const char *name; /* CODE_NAME; lives as long as the module */
};

struct code_call {
	uint64_t start; /* of the function around the call; 0: not known */
	struct code_target to;
};

struct code_exit {
	uint64_t end; /* address behind the jump */
	struct code_target to;
};

struct code_exits {
	struct code_exit *list; /* ascending end */
	size_t count;
	bool open; /* it may be left to where cannot be told */
};

struct symbols_code { /* of one module; all zero at first */
	bool read;
	struct code_slot *slots; /* ascending address */
	size_t count;
};

/* The call that returns to `address`; CODE_UNKNOWN too where there is none. */
struct code_call code_call(struct symbols_module *m, uint64_t address);

/* The tail calls of the function that starts at `start`: jumps out of it to
 * where another function starts. Its list is for the caller to free. */
struct code_exits code_exits(struct symbols_module *m, uint64_t start);

void symbols_code_release(struct symbols_code *c);

#endif
