/* SPDX-License-Identifier: MIT */
/*
 * Addresses to functions, files and lines: the only part that knows DWARF.
 * Works lazily, one module when first asked for, one address once, and not even
 * once when an earlier run has left the answer in the cache.
 */
#ifndef SYMBOLS_H
#define SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache.h"
#include "model.h"

struct location {
	/* As the symbol table spells it, which tells functions apart; NULL: not
	 * known. */
	const char *function;
	const char *file;      /* source file; NULL: not known */
	const char *directory; /* that a relative `file` is in, as far as that
				  is known; NULL */
	unsigned line;         /* 0: not known */
	const char *module;    /* path of the module; NULL: in none */
	uint64_t offset;       /* of the address in the module (ELF address) */
	bool inlined;          /* into the location that follows */
	/* It has no frame: it ended by a jump to the location before it. */
	bool tail_call;
	/* What was inlined there is not known, though there is debug
	 * information: see symbols_warning. */
	bool partial;
	unsigned declared; /* line of `file` at which the function begins; 0:
			      not known, or in another file */
	unsigned column;   /* of `line`, from 1; 0: not known */
	/* Of a function without a name: which build of the module it is in, so
	 * that the offset says something; 0: not known. */
	uint64_t build;
	/* Of a function of C++'s or Rust's whose symbol debug information leaves
	 * out: the symbol, or "ns::Pool::get" for "get"; NULL: of others. */
	const char *qualified;
	/* As people read it, see plain_name.h; of C's the same pointer. */
	const char *shown;
	const char *full; /* likewise, all of it; never NULL beside shown */
	bool library;     /* likewise; of C's false */
};

/* The path of code that the kernel brings, which is in no file. */
#define SYMBOLS_KERNEL "[vdso]"

struct symbols;

/* `m`, and `c` (NULL: no cache), must outlive the result. NULL only when out of
 * memory. */
struct symbols *symbols_open(const struct model *m, struct cache *c);
void symbols_close(struct symbols *s);

/*
 * The locations of frame `frame` (index into m->frames), innermost inlined
 * function first, at least one. `frame` holds a return address: the lookup is
 * made one byte before it. Behind them those that the caller's frame called and
 * that have none themselves (symbols_tails.h). Pointers live as long as `s`.
 */
size_t symbols_frame(struct symbols *s, uint32_t frame,
		     const struct location **locations);

/* Those between the innermost frame of `stack` and what refknot recorded there,
 * that have no frame: most often 0. walk.h has them too. */
size_t symbols_innermost(struct symbols *s, uint32_t stack,
			 const struct location **locations);

/*
 * The same of any code in a module of the model's, without functions that have
 * no frame: `address` is a return address, or that of an instruction + 1.
 */
size_t symbols_code_at(struct symbols *s, uint32_t module, uint64_t address,
		       const struct location **locations);

/* Name of the thread-local variable at byte `offset` of those of `module`, from
 * the symbol table: "current", "current+0x8"; false when not known. */
bool symbols_thread_data(struct symbols *s, uint32_t module, uint64_t offset,
			 char *name, size_t size);

/*
 * Name of the data object at `address` in module `module` ("cache" or
 * "cache+0x18"), from the symbol table, as people read it; false when not
 * known.
 */
bool symbols_data(struct symbols *s, uint32_t module, uint64_t address,
		  char *name, size_t size);

/* Counts `module` as missing if it is, without reading its symbols. */
void symbols_check(struct symbols *s, uint32_t module);

/* How many modules could not be read as recorded (absent, changed), of those
 * that were asked for. */
size_t symbols_missing(const struct symbols *s, const char **first_path);
/* NULL if `module` is not one of them; else why it is, and what helps, as in
 * "is not there any more; keep it ...": constant. */
const char *symbols_why_missing(const struct symbols *s, uint32_t module);

/*
 * What is wrong with debug information, of what was asked for so far: files that
 * do not belong and were not used, or are not there; servers that do not answer.
 * One sentence for each call, escaped, for the caller to free; NULL: there are no
 * more. *at is 0 at first.
 */
char *symbols_warning(const struct symbols *s, size_t *at);

#endif
