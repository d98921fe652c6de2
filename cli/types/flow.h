/* SPDX-License-Identifier: MIT */
/*
 * What becomes of the result of a call: the machine code after it, followed
 * path by path.  A claim is made where the result gets into a variable, a field
 * of a structure or a global; and it is noted whether it is returned.  x86-64
 * only; elsewhere there are no claims.  All die when out of memory.
 *
 * Each instruction is followed once, with what is known on the path that comes
 * to it first.  A path on which the result was found to be NULL is left, and one on
 * which a function is called that does not come back.
 */
#ifndef FLOW_H
#define FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "c_types.h"
#include "disassembler.h"
#include "hash.h"
#include "source_notes.h"
#include "symbols_module.h"
#include "symbols_own.h"
#include "variables.h"

/* An offset that is not known: the pointer leads somewhere into the block. */
#define FLOW_INSIDE INT64_MIN

enum claim_kind {
	CLAIM_VARIABLE, /* its value became the variable's */
	CLAIM_FIELD,    /* it was stored into a field */
	CLAIM_GLOBAL,   /* it was stored into a variable outside of functions */
};

struct claim {
	enum claim_kind kind;
	const struct c_type *type; /* that is pointed at */
	int64_t offset;    /* of what is pointed at, from the result; bytes */
	const char *name;  /* of the variable or field; NULL */
	unsigned depth;    /* CLAIM_VARIABLE: of its block */
	const void *owner; /* likewise: its function, see struct variable */
	uint64_t pc;       /* where that is so; ELF address */
	/* How many functions are inlined, at the call, into that of the claim. */
	size_t inner;
};

struct flow_use {
	uint64_t pc; /* ELF address */
	bool kept;   /* the result was stored, or a function got it; else
			something was stored in the block */
};

struct flow {
	struct claim *claims;
	size_t count;
	bool returned; /* on some path */
	bool used;     /* it was stored somewhere, something was stored in the
		      block, or a function got it, which may do either */
	struct flow_use *uses;
	size_t use_count;
	/* How many functions that are inlined at the call have handed the result
	 * on and not kept it. */
	size_t handed_on;
	int64_t returned_offset; /* from the result; bytes */
	/* What the function's declaration says that it returns; NULL: not
	 * known. */
	const struct c_type *declared;
	/* What the compiler says that the call allocates; NULL: it does not. */
	const struct c_type *allocated;
};

struct locals;

struct flow_function {   /* what is known of one function */
	const void *key; /* of its DIE */
	struct variables variables;
	const struct c_type *returns;
	UT_hash_handle hh;
};

struct flow_known { /* one call that was followed */
	uint64_t address;
	bool followed; /* false: there was no file or no disassembler */
	struct flow flow;
	UT_hash_handle hh;
};

struct flow_class { /* a type that was asked for by its name */
	char *name;
	const struct c_type *type; /* NULL: none, or several */
	UT_hash_handle hh;
};

/* Frees all of a table, which is empty then. */
static inline void flow_classes_release(struct flow_class **classes)
{
	struct flow_class *c, *next;

	HASH_ITER (hh, *classes, c, next) {
		HASH_DEL(*classes, c);
		free(c->name);
		free(c);
	}
}

struct flow_ending { /* a function that is called */
	uint64_t address;
	bool ends; /* it does not come back */
	UT_hash_handle hh;
};

struct
    flow_handed { /* a function that was given the result, as flow.c keeps it */
	struct flow_handed_key {
		uint64_t address;
		uint32_t reg, depth;
	} key;
	bool returned;
	int64_t offset;
	UT_hash_handle hh;
};

/* One module, as flow.c looks at it. */
struct flow_module {
	struct symbols *symbols;
	uint32_t number;          /* of the module */
	bool asked;               /* `m` was, which takes a while */
	struct symbols_module *m; /* NULL: its file cannot be read */
	bool changed; /* something is known that the cache does not have */
	struct c_types *types;
	struct globals globals;
	const struct disassembler *disassembler; /* NULL: none */
	struct flow_function *functions;
	struct flow_known *known; /* by address */
	struct flow_handed *handed;
	struct flow_class *classes; /* by name */
	struct flow_ending *endings;
	struct source_notes notes;
	struct locals *locals; /* hash table by address: see locals.h */
};

/* Begins with what the cache has. */
void flow_module_open(struct flow_module *f, struct symbols *s,
		      uint32_t module);
void flow_module_close(struct flow_module *f);

/* The variable in the module's data at ELF address `address`, or at that offset
 * among its thread-local ones; NULL: none is known. Lives as long as `f`. */
const struct global *flow_global(struct flow_module *f, uint64_t address,
				 bool thread_local_);

/* Whether the module's file is there as it was recorded: then f->m is not
 * NULL. */
bool flow_has_file(struct flow_module *f);

/* The variables of the function around ELF address `address`, and where its code
 * begins, 0: not known; NULL: none are known. Live as long as `f`. */
const struct variables *flow_variables(struct flow_module *f, uint64_t address,
				       uint64_t *low);

/* Where the address `reg` + `offset` is, in bytes from the CFA, at `pc`. */
bool flow_from_cfa(struct flow_module *f, uint64_t pc, unsigned reg,
		   int64_t offset, int64_t *at);

/* DWARF's number of a general register; 16: it is none, or a part of one. */
unsigned flow_register(x86_reg reg);

/* The only type of that whole name in the module's own debug information; NULL:
 * there is none, or there are several. Lives as long as `f`. */
const struct c_type *flow_class(struct flow_module *f, const char *name);

/* Of the call that returns to ELF address `address`; lives as long as `f`. */
const struct flow *flow_of(struct flow_module *f, uint64_t address);

#endif
