/* SPDX-License-Identifier: MIT */
#include "symbols_functions.h"
#include "list.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "progress.h"
#include "symbols_module.h"

#define MOST_NESTED 64     /* symbols that are looked at for one address */
#define OLD_VERSION 0x8000 /* of a symbol: found only by its version */

/* --- Lists ----------------------------------------------------------------- */

static bool is_function(const GElf_Sym *s)
{
	int type = GELF_ST_TYPE(s->st_info);

	return s->st_shndx != SHN_UNDEF && s->st_value &&
	       (type == STT_FUNC || type == STT_GNU_IFUNC);
}

static void make_room(struct functions_list *l, size_t count)
{
	l->read = true;
	l->list = xcalloc(count + 1, sizeof(*l->list));
}

static void add(struct functions_list *l, const char *name, uint64_t address,
		uint64_t size)
{
	l->list[l->count++] = (struct functions_one){ address, size, name };
}

/* The names of a function that has several in the same order in all runs. */
static int by_address(const void *a, const void *b)
{
	const struct functions_one *x = a, *y = b;

	return ORDER(x->address, y->address) ?: strcmp(y->name, x->name);
}

static int by_name(const void *a, const void *b)
{
	const struct functions_one *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : ORDER(x->address, y->address);
}

static void sort(struct functions_list *l,
		 int (*order)(const void *, const void *))
{
	if (l->count)
		qsort(l->list, l->count, sizeof(*l->list), order);
}

/* --- What others find --------------------------------------------------------- */

static Elf_Data *section_data(Elf *elf, uint32_t type, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, header) && header->sh_type == type)
			return elf_getdata(section, NULL);
	return NULL;
}

static void read_for_others(struct symbols_module *m)
{
	struct functions_list *l = &m->functions.for_others;
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(m->module, &bias);
	GElf_Shdr header, other;
	Elf_Data *data = elf ? section_data(elf, SHT_DYNSYM, &header) : NULL;
	Elf_Data *versions =
	    elf ? section_data(elf, SHT_GNU_versym, &other) : NULL;
	size_t size = elf ? gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT) : 0;
	size_t count = data && size ? data->d_size / size : 0;
	GElf_Versym version;
	GElf_Sym s;

	make_room(l, count);
	for (int i = 1; (size_t)i < count && gelf_getsym(data, i, &s); i++) {
		const char *name = elf_strptr(elf, header.sh_link, s.st_name);

		if (name && is_function(&s) &&
		    !(versions && gelf_getversym(versions, i, &version) &&
		      version & OLD_VERSION) &&
		    GELF_ST_BIND(s.st_info) != STB_LOCAL)
			add(l, name, s.st_value, s.st_size);
	}
	sort(l, by_name);
}

/* --- Names of addresses ---------------------------------------------------- */

static uint8_t rank_of(const GElf_Sym *s)
{
	static const uint8_t ranks[] = {
		[STB_LOCAL] = 1, [STB_GLOBAL] = 3, [STB_WEAK] = 2
	};
	const unsigned bind = GELF_ST_BIND(s->st_info);

	return bind < sizeof(ranks) ? ranks[bind] : 0;
}

static int by_number(const void *a, const void *b)
{
	const struct symbols_sized *x = a, *y = b;

	return ORDER(x->address, y->address) ?: ORDER(x->number, y->number);
}

/* The section has a global symbol without a size. */
static void label_section(struct symbols_sized_list *l, uint16_t section)
{
	if (!l->labelled)
		l->labelled = xcalloc(SHN_LORESERVE, sizeof(*l->labelled));
	l->labelled[section] = true;
}

static void read_sized(struct symbols_module *m)
{
	struct symbols_sized_list *l = &m->functions.sized;
	const int count = dwfl_module_getsymtab(m->module);
	const int first = dwfl_module_getsymtab_first_global(m->module);
	uint64_t reach = 0;

	progress_begin("reading symbols of", m->path, 0);
	l->read = true;
	l->list =
	    xcalloc((size_t)(count > 0 ? count : 0) + 1, sizeof(*l->list));
	for (int i = 1; i < count; i++) {
		GElf_Addr address;
		GElf_Sym s;
		const char *name = dwfl_module_getsym_info(
		    m->module, i, &s, &address, NULL, NULL, NULL);
		const int type = name ? GELF_ST_TYPE(s.st_info) : STT_FILE;

		if (!name || !*name || !address || s.st_shndx == SHN_UNDEF ||
		    type == STT_SECTION || type == STT_FILE || type == STT_TLS)
			continue;
		if (!s.st_size) {
			if (i >= first && s.st_shndx < SHN_LORESERVE)
				label_section(l, s.st_shndx);
			continue;
		}
		l->list[l->count++] = (struct symbols_sized){
			.address = address,
			.size = s.st_size,
			.name = name,
			.number = (uint32_t)i,
			.section = s.st_shndx,
			.type = (uint8_t)type,
			.rank = rank_of(&s),
			.first = i >= first,
		};
	}
	if (l->count)
		qsort(l->list, l->count, sizeof(*l->list), by_number);
	for (size_t i = 0; i < l->count; i++) {
		struct symbols_sized *s = &l->list[i];
		const uint64_t end = s->address + s->size;

		reach = end > reach ? end : reach;
		s->reach = reach;
	}
	progress_end();
}

/* The functions among them. */
static void read_functions(struct symbols_module *m)
{
	struct symbols_functions *f = &m->functions;

	if (!f->sized.read)
		read_sized(m);
	make_room(&f->by_address, f->sized.count);
	for (size_t i = 0; i < f->sized.count; i++) {
		const struct symbols_sized *s = &f->sized.list[i];

		if (s->type == STT_FUNC || s->type == STT_GNU_IFUNC)
			add(&f->by_address, s->name, s->address, s->size);
	}
	sort(&f->by_address, by_address);
	make_room(&f->by_name, f->by_address.count);
	f->by_name.count = f->by_address.count;
	memcpy(f->by_name.list, f->by_address.list,
	       f->by_name.count * sizeof(*f->by_name.list));
	sort(&f->by_name, by_name);
}

/* Whether libdwfl, which is at `s`, prefers it to `best`. */
static bool better(const struct symbols_sized *s,
		   const struct symbols_sized *best)
{
	if (!best || s->first != best->first)
		return !best;
	if (best->address < s->address || s->rank > best->rank)
		return true;
	return best->address == s->address && best->size > s->size &&
	       s->rank >= best->rank;
}

/* Those around `address`, at most MOST_NESTED, as libdwfl looks at them: the
 * global ones first. */
static size_t find_around(const struct symbols_sized_list *l, uint64_t address,
			  const struct symbols_sized **found)
{
	size_t count = 0;

	for (size_t i = LOWER_BOUND(l->count, k, l->list[k].address <= address);
	     i-- && l->list[i].reach > address;) {
		const struct symbols_sized *s = &l->list[i];
		size_t at = count;

		if (address - s->address >= s->size)
			continue;
		if (count == MOST_NESTED)
			return 0;
		for (; at && (s->first > found[at - 1]->first ||
			      (s->first == found[at - 1]->first &&
			       s->number < found[at - 1]->number));
		     at--)
			found[at] = found[at - 1];
		found[at] = s;
		count++;
	}
	return count;
}

bool symbols_functions_name(struct symbols_module *m, uint64_t address,
			    struct symbols_at *at)
{
	const struct symbols_sized *around[MOST_NESTED], *best = NULL;
	struct symbols_sized_list *l = &m->functions.sized;
	GElf_Off offset = 0;
	GElf_Sym sym = { 0 };
	size_t count;

	if (!l->read)
		read_sized(m);
	count = find_around(l, address, around);
	for (size_t i = 0; i < count; i++)
		if (better(around[i], best))
			best = around[i];
	/* Of symbols without a size libdwfl knows which it believes, and some
	 * global ones come before local ones. */
	if (best &&
	    (best->first || !l->labelled || best->section >= SHN_LORESERVE ||
	     !l->labelled[best->section])) {
		*at = (struct symbols_at){ best->name, address - best->address,
					   best->size, best->type };
		return true;
	}
	at->name = dwfl_module_addrinfo(m->module, address, &offset, &sym, NULL,
					NULL, NULL);
	at->offset = offset;
	at->size = sym.st_size;
	at->type = GELF_ST_TYPE(sym.st_info);
	return at->name;
}

/* --- Looking ----------------------------------------------------------------- */

const struct functions_one *symbols_functions_at(struct symbols_module *m,
						 uint64_t address)
{
	const struct functions_list *l = &m->functions.by_address;
	size_t after;

	if (!l->read)
		read_functions(m);
	after = LOWER_BOUND(l->count, i, l->list[i].address <= address);
	for (size_t i = 0; i < MOST_NESTED && i < after; i++) {
		const struct functions_one *one = &l->list[after - 1 - i];

		if (address - one->address < one->size)
			return one;
	}
	return NULL;
}

/* The only start of those that are called so; 0. */
static uint64_t only_start(const struct functions_list *l, const char *name,
			   size_t length)
{
	uint64_t start = 0;

	size_t first = LOWER_BOUND(l->count, i,
				   strncmp(l->list[i].name, name, length) < 0);

	for (size_t i = first;
	     i < l->count && !strncmp(l->list[i].name, name, length) &&
	     !l->list[i].name[length];
	     i++) {
		if (start && l->list[i].address != start)
			return 0; /* which one? */
		start = l->list[i].address;
	}
	return start;
}

uint64_t symbols_functions_only(struct symbols_module *m, const char *name,
				size_t length)
{
	if (!m->functions.by_name.read)
		read_functions(m);
	return only_start(&m->functions.by_name, name, length);
}

uint64_t symbols_functions_for_others(struct symbols_module *m,
				      const char *name)
{
	if (!m->functions.for_others.read)
		read_for_others(m);
	return only_start(&m->functions.for_others, name, strlen(name));
}

void symbols_functions_release(struct symbols_functions *f)
{
	free(f->sized.list);
	free(f->sized.labelled);
	free(f->by_address.list);
	free(f->by_name.list);
	free(f->for_others.list);
	*f = (struct symbols_functions){ 0 };
}
