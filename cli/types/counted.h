/* SPDX-License-Identifier: MIT */
/*
 * Types of the libraries of C++ and Rust that count references: the blocks that
 * counts stand in, and the references.  Known are std::shared_ptr and
 * std::weak_ptr of libstdc++ and libc++, and Rust's Rc and Arc with their Weak, by
 * their names; where debug information has the counts, these must agree.
 */
#ifndef COUNTED_H
#define COUNTED_H

#include <stddef.h>

#include "c_types.h"

enum counted_kind {
	COUNTED_NOTHING,
	COUNTED_SHARED_PTR, /* libstdc++: two ints behind a table of functions */
	COUNTED_SHARED_PTR_1, /* libc++: two words there */
	COUNTED_RC,           /* the first two words */
};

/* What a block with counts at its start has. */
struct counted {
	enum counted_kind kind;
	/* The object that is counted, behind the counts, and where: bytes; NULL:
	 * it is elsewhere, or that is not known. */
	const struct c_type *value;
	uint64_t at;
};

/* What a block has that is of `type`; kind is COUNTED_NOTHING if it is another. */
struct counted counted_of(const struct c_type *type);

/* The same of the class called `name`. Sets *value to the name of the type that
 * follows the counts, in `name` and *length letters long, or NULL. */
enum counted_kind counted_class(const char *name, const char **value,
				size_t *length);

/* Whether both are such classes, and of one type: compilers differ in how they
 * write the arguments behind the first. */
bool counted_is_same_class(const char *a, const char *b);

/* The name of such a class as clang's debug information has it, for the one that
 * its symbol has; the caller frees it. Dies when out of memory. */
char *counted_spelled(const char *name);

/* What a pointer in an object of a type does. */
enum counted_hold {
	COUNTED_OTHER,  /* not part of such a reference */
	COUNTED_STRONG, /* it keeps what it leads to */
	COUNTED_WEAK,   /* it keeps nothing but the counts */
};

/* Of any pointer in an object of `type`: it is one reference as a whole. */
enum counted_hold counted_hold(const struct c_type *type);

#endif
