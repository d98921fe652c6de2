/* SPDX-License-Identifier: MIT */
/*
 * Where blocks come from, and of what type they are as far as that place tells:
 * one answer for each call stack.  A function that only hands on what it
 * allocated is passed over, which the machine code proves; where that cannot be
 * followed, its name (place_is_wrapper()).  All die when out of memory.
 */
#ifndef SITES_H
#define SITES_H

#include "c_types.h"
#include "model.h"
#include "sourced.h"
#include "symbols.h"
#include "variables.h"

struct site {
	bool known;                  /* false until it was asked for */
	const struct location *at;   /* NULL: the stack is empty */
	const struct c_type *type;   /* what the block begins with, or is an
				      array of; NULL: not known */
	uint64_t offset;             /* where in the block it begins; bytes */
	const struct c_type *inside; /* without `type`: there is one somewhere
					in the block; NULL: that is not so */
	bool bytes;                  /* it is text or other bytes; no `type` */
	const char *by; /* name of the variable or field that tells; NULL */
	bool allocated; /* the compiler says what the call allocates */
	struct sourced sourced; /* what the call's source says */
};

struct sites;
struct flow_module;

/* Both must outlive the result. */
struct sites *sites_open(const struct model *m, struct symbols *s);
void sites_close(struct sites *s);

/* Of blocks that `stack` allocated; of another stack, as of a release, its first
 * function whose name is not a wrapper's. Lives as long as `s`. */
const struct site *sites_of(struct sites *s, uint32_t stack);

/* The file that `at`, a location of `frame`, is in, if it is the text that was
 * compiled; NULL: that is not known. Lives as long as `s`. */
const struct source_file *sites_source(struct sites *s, uint32_t frame,
				       const struct location *at);

/* The module as flow.h looks at it; NULL for RKN_NONE. Lives as long as `s`. */
struct flow_module *sites_module(struct sites *s, uint32_t module);

/* The variable in the data of `module` at `address`, which is set to the offset
 * in it; NULL: none is known. Lives as long as `s`. */
const struct global *sites_global(struct sites *s, uint32_t module,
				  uint64_t *address);

/* The class that is called so ("ns::Box<int>") in the debug information of
 * `module`; NULL: there is none, or there are several. Lives as long as `s`. */
const struct c_type *sites_class(struct sites *s, uint32_t module,
				 const char *name);

#endif
