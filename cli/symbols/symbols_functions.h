/* SPDX-License-Identifier: MIT */
/*
 * The symbols of one module's tables, sorted once where libdwfl would look at
 * each symbol every time.  Addresses are ELF addresses.  All die when out of
 * memory.
 */
#ifndef SYMBOLS_FUNCTIONS_H
#define SYMBOLS_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbols_module;

struct functions_one {
	uint64_t address, size;
	const char *name; /* lives as long as the module */
};

struct functions_list { /* all zero at first */
	bool read;
	struct functions_one *list;
	size_t count;
};

/* A symbol that has a size. */
struct symbols_sized {
	uint64_t address, size;
	uint64_t reach; /* the greatest end of it and of all before it */
	const char *name;
	uint32_t number; /* in libdwfl's table */
	uint16_t section;
	uint8_t type; /* STT_FUNC ... */
	uint8_t rank; /* global before weak before local */
	bool first;   /* among those that libdwfl looks at first */
};

struct symbols_sized_list { /* all zero at first */
	bool read;
	struct symbols_sized *list; /* by address, then by number */
	size_t count;
	bool *labelled; /* sections with a global symbol that has no size;
			   NULL: none has */
};

struct symbols_functions { /* all zero at first */
	struct symbols_sized_list sized;
	struct functions_list by_address; /* those that have a size */
	struct functions_list by_name;    /* the same */
	struct functions_list for_others; /* that other modules find, by name */
};

/* What a symbol says of an address. */
struct symbols_at {
	const char *name; /* lives as long as the module */
	uint64_t offset;  /* of the address in it */
	uint64_t size;    /* 0: its table has none */
	uint8_t type;     /* STT_FUNC ... */
};

/* The symbol by which dwfl_module_addrinfo() names `address`; false: none. */
bool symbols_functions_name(struct symbols_module *m, uint64_t address,
			    struct symbols_at *at);

/* The function around `address`: of several the one that starts last; NULL if
 * there is none. */
const struct functions_one *symbols_functions_at(struct symbols_module *m,
						 uint64_t address);

/* Where the only function starts whose name is the `length` bytes at `name`; 0:
 * there is none, or there are several. */
uint64_t symbols_functions_only(struct symbols_module *m, const char *name,
				size_t length);

/* Where the function starts that the dynamic loader finds by that name in the
 * module; 0: nowhere. */
uint64_t symbols_functions_for_others(struct symbols_module *m,
				      const char *name);

void symbols_functions_release(struct symbols_functions *f);

#endif
