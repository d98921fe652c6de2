/* SPDX-License-Identifier: MIT */
#include "symbols_module.h"

#include <elf.h>
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clones.h"
#include "die.h"
#include "elf_copy.h"
#include "escape.h"
#include "fnv.h"

struct module_name {
	struct module_name *next;
	char text[];
};

/* libdw asks for the ELF file only where it has none. */
static int find_elf(Dwfl_Module *module, void **data, const char *name,
		    Dwarf_Addr base, char **found, Elf **elf)
{
	(void)module;
	(void)data;
	(void)name;
	(void)base;
	(void)found;
	(void)elf;
	return -1;
}

/* What dwz moved out of the debug information at `file`. Where it is not found
 * an empty file: else libdw takes what has that name, whatever build it is of. */
static int find_shared(struct symbols_module *m, const char *file, char **found)
{
	static const struct elf_section empty = { ".debug_line", "", 1 };
	Dwarf_Addr bias;
	Dwarf *dwarf = dwfl_module_getdwarf(m->module, &bias);
	const void *bits = NULL;
	const char *name;
	ssize_t size =
	    dwarf ? dwelf_dwarf_gnu_debugaltlink(dwarf, &name, &bits) : 0;
	const struct build_id id = { bits, size > 0 ? (size_t)size : 0 };
	int fd;

	if (!id.size)
		return -1;
	fd =
	    debug_file_open_shared(&m->search, m->path, file, name, &id, found);
	if (fd >= 0)
		return fd;
	m->partial = true;
	fd = elf_copy_make(&empty, 1);
	return fd < 0 ? -1 : fd;
}

/* libdw asks for the debug file with the link of the ELF file, which may be NULL,
 * and afterwards for what dwz moved out of it, with another. */
static int find_debuginfo(Dwfl_Module *module, void **data, const char *name,
			  Dwarf_Addr base, const char *file, const char *link,
			  GElf_Word crc, char **found)
{
	struct symbols_module *m = *data;
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(module, &bias);
	int fd;

	(void)name;
	(void)base;
	if (!elf)
		return -1;
	if (link != dwelf_elf_gnu_debuglink(elf, &crc))
		return find_shared(m, file ? file : m->file, found);
	fd = debug_file_open_debug(&m->search, elf, m->path, m->file, found);
	return fd < 0 ? -1
		      : split_files_prepare(&m->scopes.split, &m->search,
					    m->path, *found, fd);
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = find_elf,
	.find_debuginfo = find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

static bool is_codeless(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) &&
		    header.sh_flags & SHF_EXECINSTR &&
		    header.sh_type == SHT_NOBITS && header.sh_size)
			return true;
	return false;
}

/* Shows the file to libdw, which takes `fd`. */
static bool report(struct symbols_module *m, int fd)
{
	GElf_Addr bias;
	void **data;
	Elf *elf;

	m->dwfl = dwfl_begin(&callbacks);
	if (!m->dwfl) {
		m->error = -ENOMEM;
		close(fd);
		return false;
	}
	dwfl_report_begin(m->dwfl);
	m->module = dwfl_report_elf(m->dwfl, m->path, m->file, fd, 0, true);
	if (!m->module)
		close(fd); /* else it is libdw's */
	dwfl_report_end(m->dwfl, NULL, NULL);
	elf = m->module ? dwfl_module_getelf(m->module, &bias) : NULL;
	if (elf) {
		m->codeless = is_codeless(elf);
		dwfl_module_info(m->module, &data, NULL, NULL, NULL, NULL, NULL,
				 NULL);
		*data = m;
		return true;
	}
	m->error = -ENOEXEC;
	dwfl_end(m->dwfl);
	m->dwfl = NULL;
	m->module = NULL;
	return false;
}

bool symbols_module_open(struct symbols_module *m, const char *path,
			 const void *build_id, int build_id_size)
{
	const struct build_id id = { build_id, (size_t)build_id_size };
	int fd;

	*m = (struct symbols_module){ .path = path };
	fd = debug_file_open_elf(&m->search, path,
				 build_id_size < 0 ? NULL : &id, &m->file);
	if (fd >= 0)
		return report(m,
			      split_files_prepare(&m->scopes.split, &m->search,
						  m->path, m->file, fd));
	m->error = fd;
	return false;
}

void symbols_module_close(struct symbols_module *m)
{
	code_words_release(&m->words);
	symbols_functions_release(&m->functions);
	while (m->names) {
		struct module_name *next = m->names->next;

		free(m->names);
		m->names = next;
	}
	if (m->dwfl)
		dwfl_end(m->dwfl);
	symbols_scopes_release(&m->scopes);
	debug_search_release(&m->search);
	free(m->file);
	m->file = NULL;
	m->dwfl = NULL;
	m->module = NULL;
}

const char *symbols_module_keep(struct symbols_module *m, const char *text,
				size_t length)
{
	struct module_name *n = m->names;

	while (n && (strncmp(n->text, text, length) != 0 || n->text[length]))
		n = n->next;
	if (!n) {
		n = xcalloc(1, sizeof(*n) + length + 1);
		memcpy(n->text, text, length);
		n->next = m->names;
		m->names = n;
	}
	return n->text;
}

const char *symbols_module_function(struct symbols_module *m, uint64_t address)
{
	struct symbols_at at;
	size_t length;

	if (!symbols_functions_name(m, address, &at))
		return NULL;
	length = clones_plain_length(at.name);
	return at.name[length] ? symbols_module_keep(m, at.name, length)
			       : at.name;
}

uint64_t symbols_module_sum(const struct symbols_module *m)
{
	uint64_t sum = 0;
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(m->module, &bias);
	size_t size = 0, count = 0;
	const char *bytes = elf_rawfile(elf, &size);
	GElf_Phdr p;

	if (!bytes || elf_getphdrnum(elf, &count))
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, &p) || p.p_type != PT_LOAD ||
		    !(p.p_flags & PF_X) || p.p_offset > size ||
		    p.p_filesz > size - p.p_offset)
			continue;
		sum = fnv_bytes(sum ? sum : FNV_OFFSET, bytes + p.p_offset,
				p.p_filesz);
	}
	return sum;
}

static bool has_table(Dwfl_Module *module)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(module, &bias);
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) &&
		    header.sh_type == SHT_SYMTAB)
			return true;
	return false;
}

enum symbols_source symbols_module_source(const struct symbols_module *m,
					  const char **file)
{
	bool debug, symbols;
	Dwarf_Addr bias;

	debug = dwfl_module_getdwarf(m->module, &bias) != NULL;
	symbols = dwfl_module_getsymtab(m->module) > 1;
	dwfl_module_info(m->module, NULL, NULL, NULL, NULL, NULL, NULL, file);
	if (debug)
		return SYMBOLS_DEBUG;
	if (symbols && (*file || has_table(m->module)))
		return SYMBOLS_TABLE;
	return symbols ? SYMBOLS_DYNAMIC : SYMBOLS_NONE;
}

bool symbols_module_is_partial(const struct symbols_module *m)
{
	return m->partial || m->scopes.lost;
}

void symbols_module_try_splits(struct symbols_module *m)
{
	Dwarf_Die *unit = NULL;
	Dwarf_Addr bias;

	while (!m->scopes.lost &&
	       (unit = dwfl_module_nextcu(m->module, unit, &bias)))
		symbols_scopes_whole(&m->scopes, unit);
}

char *symbols_module_warning(const struct symbols_module *m)
{
	char *file, *path, *text;

	if (m->search.refused)
		return xstrdup(m->search.refused);
	if (m->codeless) {
		path = escape(m->path);
		text = xasprintf("only the debug file of %s is there, not the "
				 "file itself: functions that ended by a jump "
				 "are not shown",
				 path);
		free(path);
		return text;
	}
	if (!m->scopes.lost)
		return NULL;
	file = escape(m->scopes.lost);
	path = escape(m->path);
	text = xasprintf("split debug information %s of %s %s; functions that "
			 "were inlined are not shown",
			 file, path, m->scopes.why_lost);
	free(path);
	free(file);
	return text;
}
