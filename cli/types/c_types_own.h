/* SPDX-License-Identifier: MIT */
/* What c_types.c knows of types beside what c_types.h says, for c_types_saved.c. */
#ifndef C_TYPES_OWN_H
#define C_TYPES_OWN_H

#include "c_file.h"
#include "c_types.h"
#include "hash.h"

struct c_entry {
	struct c_type type;
	const void *key; /* where the DIE lies in memory; of a pointer the type
			    that it points at */
	Dwarf *dwarf;
	Dwarf_Die die; /* complete, and no typedef; of an array in an array the
			  number of its elements */
	struct c_types *table;
	char *name; /* type.name, if it is ours to free */
	struct c_member *members;
	size_t member_count;
	bool members_known;
	bool hidden;      /* see c_has_hidden() */
	json_int_t at;    /* restored: the offset of its DIE */
	json_int_t index; /* in the saved table */
	UT_hash_handle hh;
};

struct c_types_file { /* one Dwarf: the module's, a .dwo, a dwz */
	const Dwarf *key;
	struct c_file *file;
	UT_hash_handle hh;
};

struct c_types {
	struct c_entry *entries;
	struct c_entry *pointers;
	struct c_types_file *files;
	/* Restored types, by number, that have no DIE yet; NULL: there are none. */
	struct c_entry **restored;
	size_t restored_count;
	Dwarf *(*main)(void *data); /* see c_types_restore() */
	void *data;
};

/* void */
extern const struct c_type c_types_nothing;

#endif
