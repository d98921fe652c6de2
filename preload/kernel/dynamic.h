/* SPDX-License-Identifier: MIT */
/*
 * A loaded module's dynamic section, as the loader sees it: the symbols that
 * the module defines, and those that it takes from others.  It takes no lock
 * and calls nothing of the loader; it may run inside malloc.
 */
#ifndef DYNAMIC_H
#define DYNAMIC_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dynamic {
	uint64_t base;     /* address less the file's address */
	const char *texts; /* names */
	const ElfW(Sym) * symbols;
	const uint32_t *hash;     /* DT_GNU_HASH */
	const uint32_t *old_hash; /* DT_HASH */
	const uint16_t *versions; /* DT_VERSYM, one a symbol */
	const ElfW(Rela) * calls; /* what its calls are bound by */
	size_t call_count;
	const ElfW(Rela) * data; /* and its other words */
	size_t data_count;
};

/* Reads the dynamic section of `map`; false if it has no table of symbols. */
bool dynamic_read(struct dynamic *d, const struct link_map *map);
/* The same in steps, for a caller that reads the section's entries itself: set
 * d->base, call dynamic_take() with each, then dynamic_finish() for the result
 * of dynamic_read(). */
void dynamic_take(struct dynamic *d, const struct link_map *map,
		  const ElfW(Dyn) * e);
bool dynamic_finish(struct dynamic *d);

/* The definition of `name`, its default version if it has several; NULL if
 * there is none. */
const ElfW(Sym) * dynamic_find(const struct dynamic *d, const char *name);

/*
 * The first definition of `name`: behind this library, as dlsym() finds it with
 * RTLD_NEXT, or in the program and all of its libraries, as with RTLD_DEFAULT.
 * NULL if there is none. Only for the start, while the program loads nothing.
 */
void *dynamic_next(const char *name);
void *dynamic_first(const char *name);
/* The same in one module; NULL for `map`: NULL. */
void *dynamic_in(const struct link_map *map, const char *name);

/* This library; NULL: not known. */
const struct link_map *dynamic_own(void);
/* The C library that the program itself uses; NULL: not known by its name. */
const struct link_map *dynamic_libc(void);
/* The dynamic loader; NULL: not known. */
const struct link_map *dynamic_loader(void);

/* Whether the part of `map`'s path behind the last slash starts with `name`. */
bool dynamic_is_named(const struct link_map *map, const char *name);

#endif
