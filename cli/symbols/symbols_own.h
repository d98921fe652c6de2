/* SPDX-License-Identifier: MIT */
/* What the symbols_*.c files share of the modules of one recording. */
#ifndef SYMBOLS_OWN_H
#define SYMBOLS_OWN_H

#include "symbols.h"
#include "symbols_cache.h"
#include "symbols_code.h"
#include "symbols_module.h"

enum file_state { FILE_UNTRIED, FILE_OPEN, FILE_NONE, FILE_MISSING };

struct file {
	enum file_state state;
	const char *why; /* FILE_MISSING: and what helps */
	uint64_t build;  /* see struct location; 0: not asked yet */
	char *plain;     /* its path, where the kernel said "(deleted)" */
	struct symbols_module elf;
	struct symbols_cache cache;
	bool asked; /* the cache was opened, if there may be one */
};

struct symbols {
	const struct model *model;
	struct cache *cache;           /* of all runs; NULL: none */
	struct file *files;            /* one a module */
	struct entry *frames;          /* hash table: by address */
	struct pair *pairs;            /* hash table: see symbols.c */
	const struct entry **by_frame; /* one a frame of the model; NULL: not
					  asked yet */
	struct tails_name *names;      /* hash table: see symbols_tails.c */
	struct symbols_plain *plain;   /* hash table: see symbols.c */
	size_t missing;
	const char *first_missing;
	struct location nowhere; /* for want of memory */
};

/* NULL when the module's file is not there as it was recorded. */
struct symbols_module *symbols_own_elf(struct symbols *s, uint32_t module);
/* What earlier runs knew of the module, good to be used. */
struct symbols_cache *symbols_own_cache(struct symbols *s, uint32_t module);

/* Which build of the module it was, as far as that is known; 0: not. */
uint64_t symbols_own_build(struct symbols *s, uint32_t module);

/*
 * As in symbols_code.h, by the cache where that knows. Addresses are ELF
 * addresses of `module`; where its file is not there nothing is known.
 */
struct code_call symbols_own_call(struct symbols *s, uint32_t module,
				  uint64_t address);
/* The list is for the caller to free. */
struct code_exits symbols_own_exits(struct symbols *s, uint32_t module,
				    uint64_t start);
uint64_t symbols_own_find(struct symbols *s, uint32_t module, const char *name);

#endif
