/* SPDX-License-Identifier: MIT */
#include "symbols_module.h"

#include <elf.h>
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clones.h"
#include "die.h"
#include "fnv.h"
#include "regular_file.h"

#define DEBUG_ROOT "/usr/lib/debug" /* where libdw looks, too */

struct module_name {
	struct module_name *next;
	char text[];
};

/* A pipe or a device at a place where libdw would open a file. */
static bool is_trap(const char *root, const char *directory, const char *name)
{
	char *path = xasprintf("%s%s/%s", root, directory, name);
	struct stat st;
	bool trap =
	    !stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);

	free(path);
	return trap;
}

/* `link` is the debug file's name that ELF file `file` gives; NULL: none. */
static bool is_trapped(const char *file, const char *link)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash ? slash + 1 : file;
	char *directory =
	    slash ? xstrndup(file, (size_t)(slash - file)) : xstrdup(".");
	char *name = link ? xstrdup(link) : xasprintf("%s.debug", base);
	char *hidden = xasprintf(".debug/%s", name);
	bool trapped = name[0] == '/'
			   ? is_trap("", "", name)
			   : is_trap("", directory, name) ||
				 is_trap("", directory, hidden) ||
				 is_trap(DEBUG_ROOT, directory, name);

	free(hidden);
	free(name);
	free(directory);
	return trapped;
}

/* libdw's own search, but where that would wait for a pipe only by build-id:
 * an ELF file can name any file, and what is beside it is anyone's. */
static int find_debuginfo(Dwfl_Module *module, void **data, const char *name,
			  Dwarf_Addr base, const char *file, const char *link,
			  GElf_Word crc, char **found)
{
	if (file && is_trapped(file, link))
		return dwfl_build_id_find_debuginfo(module, data, name, base,
						    file, link, crc, found);
	return dwfl_standard_find_debuginfo(module, data, name, base, file,
					    link, crc, found);
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

static bool has_build_id(Dwfl_Module *module, const void *build_id, int size)
{
	const unsigned char *bits;
	GElf_Addr address;
	int bytes = dwfl_module_build_id(module, &bits, &address);

	if (size < 0)
		return true;
	/* A recording keeps the first bytes of a long one. */
	if (size == 0 || bytes <= 0)
		return size == 0 && bytes <= 0;
	return bytes >= size && !memcmp(bits, build_id, (size_t)size);
}

/* Nothing else is shown to libdw, which would unpack anything that is packed
 * however large it gets. The descriptor, or -errno. */
static int open_elf(const char *path)
{
	char magic[SELFMAG];
	int fd = regular_file_open(path);

	if (fd < 0)
		return fd;
	if (pread(fd, magic, SELFMAG, 0) == SELFMAG &&
	    !memcmp(magic, ELFMAG, SELFMAG))
		return fd;
	close(fd);
	return -ENOEXEC;
}

bool symbols_module_open(struct symbols_module *m, const char *path,
			 const void *build_id, int build_id_size)
{
	GElf_Addr bias;
	int fd = open_elf(path);

	m->error = fd < 0 ? fd : 0;
	if (fd < 0)
		return false;
	/* libdw would ask these servers, and wait for them. */
	unsetenv("DEBUGINFOD_URLS");
	m->scopes = (struct symbols_scopes){ 0 };
	m->words = (struct code_words){ 0 };
	m->functions = (struct symbols_functions){ 0 };
	m->names = NULL;
	m->dwfl = dwfl_begin(&callbacks);
	if (!m->dwfl) {
		m->error = -ENOMEM;
		close(fd);
		return false;
	}
	dwfl_report_begin(m->dwfl);
	m->module = dwfl_report_elf(m->dwfl, path, path, fd, 0, true);
	if (!m->module)
		close(fd); /* else it is libdw's */
	dwfl_report_end(m->dwfl, NULL, NULL);
	if (!m->module || !dwfl_module_getelf(m->module, &bias))
		m->error = -ENOEXEC;
	else if (has_build_id(m->module, build_id, build_id_size))
		return true;
	else
		m->error = -ESTALE;
	symbols_module_close(m);
	return false;
}

void symbols_module_close(struct symbols_module *m)
{
	symbols_scopes_release(&m->scopes);
	code_words_release(&m->words);
	symbols_functions_release(&m->functions);
	while (m->names) {
		struct module_name *next = m->names->next;

		free(m->names);
		m->names = next;
	}
	if (m->dwfl)
		dwfl_end(m->dwfl);
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
	const char *name = dwfl_module_addrname(m->module, address);
	size_t length = name ? clones_plain_length(name) : 0;

	return name && name[length] ? symbols_module_keep(m, name, length)
				    : name;
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
	const void *build_id;
	const char *name;
	Dwarf_Addr bias;
	Dwarf *dwarf = dwfl_module_getdwarf(m->module, &bias);

	return m->scopes.lost ||
	       (dwarf &&
		dwelf_dwarf_gnu_debugaltlink(dwarf, &name, &build_id) > 0 &&
		!dwarf_getalt(dwarf));
}

const char *symbols_module_lost_split(struct symbols_module *m)
{
	Dwarf_Die *unit = NULL;
	Dwarf_Addr bias;

	while (!m->scopes.lost &&
	       (unit = dwfl_module_nextcu(m->module, unit, &bias)))
		symbols_scopes_try_split(&m->scopes, unit);
	return m->scopes.lost;
}
