/* SPDX-License-Identifier: MIT */
#include "first_words.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "py_types.h"
#include "symbols_own.h"
#include "vtables.h"

struct place { /* of the model's places */
	bool asked;
	struct first_word word; /* name NULL: nothing is proved */
	char *name;
	struct py_type python;
};

struct first_words {
	const struct model *m;
	struct symbols *symbols;
	struct elf_words *files; /* one a module */
	struct place *places;
};

struct first_words *first_words_open(const struct model *m, struct symbols *s)
{
	struct first_words *f = xcalloc(1, sizeof(*f));

	f->m = m;
	f->symbols = s;
	f->files = xcalloc(m->module_count + 1, sizeof(*f->files));
	f->places = xcalloc(m->place_count + 1, sizeof(*f->places));
	return f;
}

void first_words_close(struct first_words *f)
{
	for (size_t i = 0; i < f->m->module_count; i++)
		if (f->files[i].m)
			elf_words_close(&f->files[i]);
	for (size_t i = 0; i < f->m->place_count; i++)
		free(f->places[i].name);
	free(f->files);
	free(f->places);
	free(f);
}

/* NULL: the module's file cannot be read. */
static struct elf_words *file_of(struct first_words *f, uint32_t module)
{
	struct symbols_module *elf = module < f->m->module_count
					 ? symbols_own_elf(f->symbols, module)
					 : NULL;

	if (!elf)
		return NULL;
	if (!f->files[module].m && !elf_words_open(&f->files[module], elf))
		return NULL;
	return &f->files[module];
}

/* --- Tables of functions ------------------------------------------------------- */

/* Whether a name is there, as linkers may put it anywhere. */
static bool is_name(struct elf_words *w, uint64_t address)
{
	struct elf_word word;
	const char *text;

	if (!elf_words_read(w, address, &word) || !word.pointer)
		return false;
	text = elf_words_text(w, word.address);
	if (!text || !*text)
		return false;
	while (isprint((unsigned char)*text))
		text++;
	return !*text;
}

/*
 * A structure whose first word leads to another that begins with a function is
 * not of the same type, so that one is no neighbour in a list.  A name before
 * the functions does as well, where nobody writes.
 */
static bool is_table(struct elf_words *w, uint64_t address)
{
	int place = elf_words_place(w, address);

	if (place < 0 || place & ELF_PLACE_CODE || address % 8)
		return false;
	if (elf_words_lead_to_code(w, address))
		return true;
	if (place & ELF_PLACE_WRITABLE || !is_name(w, address))
		return false;
	return elf_words_lead_to_code(w, address + 8) ||
	       elf_words_lead_to_code(w, address + 16);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Two functions that follow each other are no chance where words that lead to
 * code cannot be told from numbers. */
static bool is_certain(struct elf_words *w, uint64_t address)
{
	const int place = elf_words_place(w, address);

	return !(place & ELF_PLACE_WRITABLE) &&
	       elf_words_lead_to_code(w, address) &&
	       (!w->fixed || elf_words_lead_to_code(w, address + 8)) &&
	       !vtables_has_type(w, address);
}

static void name_table(const struct first_words *f, struct elf_words *w,
		       const struct rkn_place *r, struct place *p)
{
	const struct rkn_module *module = &f->m->modules[r->module];
	struct elf_symbol symbol;

	if (!is_table(w, r->offset))
		return;
	if (elf_words_symbol(w, r->offset, &symbol)) {
		if (!strncmp(symbol.name, "_ZT", 3))
			return;
		p->word.kind = FIRST_TABLE;
		p->name = vtables_plain(&symbol, r->offset);
	} else if (is_certain(w, r->offset)) {
		p->word.kind = FIRST_PLACE;
		p->name = xasprintf("class at %s+0x%" PRIx64,
				    base_name(model_text(f->m, module->path)),
				    r->offset);
	}
}

/* --- Places -------------------------------------------------------------------- */

static void ask(struct first_words *f, const struct rkn_place *r,
		struct place *p)
{
	struct elf_words *w = file_of(f, r->module);

	if (!w)
		return;
	if (r->word) {
		if (!py_types_read(&p->python, w, r->offset))
			return;
		p->word.kind = FIRST_PYTHON;
		p->name = xstrdup(p->python.name);
	} else {
		p->word.kind = FIRST_CLASS;
		p->name = vtables_class(w, r->offset);
		if (!p->name)
			name_table(f, w, r, p);
	}
	p->word.name = p->name;
	p->word.module = r->module;
}

const struct first_word *first_words_of(struct first_words *f, uint32_t block)
{
	const struct rkn_place *r = model_first_of(f->m, block);
	struct place *p = r ? &f->places[r - f->m->places] : NULL;

	if (!p)
		return NULL;
	if (!p->asked)
		ask(f, r, p);
	p->asked = true;
	if (!p->name ||
	    (r->word &&
	     !py_types_fits(&p->python, f->m->blocks[block].size, r->word)))
		return NULL;
	return &p->word;
}
