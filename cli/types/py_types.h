/* SPDX-License-Identifier: MIT */
/*
 * CPython's types that are variables of a module (PyTypeObject), as its file has
 * them:
 *
 *      0  1                     24  tp_name, "collections.deque"
 *      8  PyType_Type, or 0     32  tp_basicsize
 *     16  0                     40  tp_itemsize
 *                               48  tp_dealloc
 *
 * Types that the program makes as it runs are blocks, and so are their names.
 */
#ifndef PY_TYPES_H
#define PY_TYPES_H

#include "elf_words.h"

struct py_type {
	const char *name; /* "deque", as type(o).__name__ has it */
	uint64_t basic;   /* bytes of an object, */
	uint64_t item;    /* and of each element behind it */
};

/* The type at `address`; false: it is none, or it does not say enough. The name
 * lives as long as the module. */
bool py_types_read(struct py_type *t, struct elf_words *w, uint64_t address);

/* Whether a block of that size, with its type in word `word`, can be an object
 * of the type. */
bool py_types_fits(const struct py_type *t, uint64_t size, uint32_t word);

#endif
