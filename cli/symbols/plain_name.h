/* SPDX-License-Identifier: MIT */
/*
 * Names of C++ and Rust in the words of their sources: the only part that
 * knows mangled names.  The words decide nothing: functions are
 * distinguished, counted and accepted by their symbols.
 */
#ifndef PLAIN_NAME_H
#define PLAIN_NAME_H

#include <stdbool.h>
#include <string.h>

struct plain_name {
	/* For people: "ns::Pool<...>::get", without parameters, and without
	 * template arguments that are long or that the library adds. */
	char *shown;
	/* All of it: "ns::Pool<std::string>::get(int) const". */
	char *full;
	/* A function of the standard library, or one that allocates for it:
	 * std::, operator new; of Rust core::, alloc:: and std::. */
	bool library;
};

/* Whether `symbol` may be mangled: what C++ and Rust begin theirs with. Few of
 * C's names do. */
static inline bool plain_name_may_differ(const char *symbol)
{
	return symbol[0] == '_' &&
	       (symbol[1] == 'Z' || symbol[1] == 'R' ||
		(symbol[1] == 'G' && !strncmp(symbol, "_GLOBAL__sub_", 13)));
}

/*
 * False, and `n` is all zero: `symbol` is a name of C's. Else the caller frees
 * both texts. Takes any bytes: time and memory have a limit, and what goes
 * beyond it ends in "...". Dies when out of memory.
 */
bool plain_name_read(const char *symbol, struct plain_name *n);

/* The same of "ns::Pool<int, std::allocator<int> >::get", as debug information
 * has it. */
void plain_name_shorten(const char *name, struct plain_name *n);

/* What people read for `symbol`, which may be C's: the caller frees it. */
char *plain_name_shown(const char *symbol);

#endif
