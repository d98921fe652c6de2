/* SPDX-License-Identifier: MIT */
#include "split_files.h"

#include <dwarf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "die.h"
#include "elf_copy.h"
#include "list.h"
#include "root_path.h"

#define ZSTD 2 /* type of compression, which older headers lack */

struct changes { /* that make a copy of the file */
	struct elf_change *list;
	size_t count;
};

static void add_change(struct changes *c, Elf_Scn *section, void *data,
		       size_t size)
{
	*LIST_ADD(c->list, c->count) =
	    (struct elf_change){ elf_ndxscn(section), data, size };
}

/* --- Compressed sections --------------------------------------------------------- */

static bool is_zstd(Elf_Scn *section)
{
	GElf_Shdr h;
	GElf_Chdr c;

	return gelf_getshdr(section, &h) && h.sh_flags & SHF_COMPRESSED &&
	       gelf_getchdr(section, &c) && c.ch_type == ZSTD;
}

static void unpack(struct changes *c, Elf *elf)
{
	Elf_Scn *section = NULL;
	size_t size;
	void *made;

	while ((section = elf_nextscn(elf, section)))
		if (is_zstd(section) &&
		    elf_copy_plain(elf, section, &size, &made) && made)
			add_change(c, section, made, size);
}

/* --- Names of .dwo files --------------------------------------------------------- */

static Dwarf_Attribute *name_attribute(Dwarf_Die *skeleton, Dwarf_Attribute *a)
{
	return dwarf_attr(skeleton, DW_AT_dwo_name, a)
		   ?: dwarf_attr(skeleton, DW_AT_GNU_dwo_name, a);
}

struct split_name { /* before it was replaced */
	uint64_t id;
	char *text;
};

static int by_id(const void *a, const void *b)
{
	const struct split_name *x = a, *y = b;

	return ORDER(x->id, y->id);
}

static uint64_t id_of(Dwarf_Die *skeleton)
{
	uint64_t id;

	return dwarf_cu_info(skeleton->cu, NULL, NULL, NULL, NULL, &id, NULL,
			     NULL)
		   ? 0
		   : id;
}

const char *split_files_name(const struct split_files *s, Dwarf_Die *skeleton)
{
	struct split_name key = { .id = id_of(skeleton) }, *found;
	Dwarf_Attribute a;

	if (!s->placed)
		return dwarf_formstring(name_attribute(skeleton, &a));
	found = bsearch(&key, s->names, s->name_count, sizeof(key), by_id);
	return found ? found->text : NULL;
}

/* A section that is to be changed: a copy, with `more` bytes of room behind. */
struct section {
	Elf_Scn *scn;
	const unsigned char *seen; /* where libdw has it */
	unsigned char *data;
	size_t size; /* without the room */
};

static bool copy_section(struct section *s, Elf *elf, const char *name,
			 size_t more)
{
	Elf_Data *raw;

	*s = (struct section){ .scn = elf_copy_section(elf, name) };
	raw = s->scn ? elf_rawdata(s->scn, NULL) : NULL;
	if (!raw || !raw->d_buf)
		return false;
	s->seen = raw->d_buf;
	s->size = raw->d_size;
	s->data = xcalloc(s->size + more + 1, 1);
	memcpy(s->data, s->seen, s->size);
	return true;
}

/* Puts `offset` at `at`, which is in the section as libdw has it. */
static bool put(struct section *s, const unsigned char *at, uint32_t offset)
{
	if (!s->data || at < s->seen || s->size < sizeof(offset) ||
	    (size_t)(at - s->seen) > s->size - sizeof(offset))
		return false;
	memcpy(s->data + (at - s->seen), &offset, sizeof(offset));
	return true;
}

static uint64_t read_bytes(const unsigned char *at, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)at[i] << 8 * i;
	return value;
}

/* Where in .debug_str_offsets the string of a unit of DWARF 5 is. */
static bool find_offset(Dwarf_Die *skeleton, const Dwarf_Attribute *a,
			const struct section *offsets, size_t *at)
{
	Dwarf_Attribute base;
	Dwarf_Word start, index = 0;
	unsigned char byte;
	size_t size = 0;

	switch (a->form) {
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
		size = a->form - DW_FORM_strx1 + 1;
		index = read_bytes(a->valp, size);
		break;
	case DW_FORM_strx:
		do {
			if (size == 5)
				return false;
			byte = a->valp[size];
			index |= (Dwarf_Word)(byte & 0x7f) << 7 * size++;
		} while (byte & 0x80);
		break;
	default:
		return false;
	}
	if (!dwarf_attr(skeleton, DW_AT_str_offsets_base, &base) ||
	    dwarf_formudata(&base, &start) || start > offsets->size ||
	    index > (offsets->size - start) / 4)
		return false;
	*at = start + index * 4;
	return true;
}

struct renaming {
	struct section info, strings, offsets;
	uint32_t name; /* the new one, in `strings` */
	size_t units, renamed;
};

static void rename_one(struct split_files *s, struct renaming *r,
		       Dwarf_Die *unit)
{
	const char *name;
	Dwarf_Attribute a;
	uint8_t wide;
	size_t at;

	if (!name_attribute(unit, &a) ||
	    dwarf_cu_info(unit->cu, NULL, NULL, NULL, NULL, NULL, NULL,
			  &wide) ||
	    wide != 4)
		return;
	r->units++;
	name = dwarf_formstring(&a);
	*LIST_ADD(s->names, s->name_count) =
	    (struct split_name){ id_of(unit), xstrdup(name ? name : "") };
	if (a.form == DW_FORM_strp)
		r->renamed += put(&r->info, a.valp, r->name);
	else if (r->offsets.data && find_offset(unit, &a, &r->offsets, &at))
		r->renamed += put(&r->offsets, r->offsets.seen + at, r->name);
}

static void rename_all(struct split_files *s, struct renaming *r, Dwarf *dwarf)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	uint8_t type;

	while (!dwarf_get_units(dwarf, cu, &cu, NULL, &type, &die, NULL))
		if (type == DW_UT_skeleton)
			rename_one(s, r, &die);
}

static void take_section(struct changes *c, struct section *s, size_t more)
{
	if (s->data)
		add_change(c, s->scn, s->data, s->size + more);
	*s = (struct section){ 0 };
}

/* Lets all skeleton units name our descriptor. `elf` is another than the one that
 * is copied: libdw unpacks its sections. */
static bool rename_files(struct split_files *s, struct changes *c, Elf *elf)
{
	Dwarf *dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	struct renaming r = { 0 };
	char name[48];
	size_t more;

	if (!dwarf)
		return false;
	s->slot = memfd_create("refknot", MFD_CLOEXEC);
	more =
	    (size_t)snprintf(name, sizeof(name), "/proc/self/fd/%d", s->slot) +
	    1;
	if (s->slot >= 0 && copy_section(&r.info, elf, ".debug_info", 0) &&
	    copy_section(&r.strings, elf, ".debug_str", more) &&
	    r.strings.size < UINT32_MAX - more) {
		copy_section(&r.offsets, elf, ".debug_str_offsets", 0);
		r.name = (uint32_t)r.strings.size;
		memcpy(r.strings.data + r.name, name, more);
		rename_all(s, &r, dwarf);
	}
	s->placed = r.units && r.units == r.renamed;
	if (s->name_count)
		qsort(s->names, s->name_count, sizeof(*s->names), by_id);
	if (s->placed) {
		take_section(c, &r.info, 0);
		take_section(c, &r.strings, more);
		take_section(c, &r.offsets, 0);
	} else if (s->slot >= 0) {
		close(s->slot);
	}
	free(r.info.data);
	free(r.strings.data);
	free(r.offsets.data);
	dwarf_end(dwarf);
	return s->placed;
}

/* --- Packages ---------------------------------------------------------------------- */

/* Takes `path`, of a package as the program has it. */
static bool open_package(struct split_files *s, char *path)
{
	char *place = root_path(debug_file_sysroot, path);
	int fd = place ? debug_file_open(place) : -ENOENT;

	s->package = fd < 0 ? NULL : dwp_file_open(fd);
	s->package_fd = fd;
	if (s->package)
		debug_file_note_used(s->search, place);
	else if (fd >= 0)
		close(fd);
	free(path);
	free(place);
	return s->package;
}

/* The package of a program is beside it, or beside its debug file. */
static bool find_package(struct split_files *s, const char *path,
			 const char *file)
{
	static const char end[] = ".debug";
	size_t length = strlen(file), tail = sizeof(end) - 1;
	const char *root = debug_file_sysroot;
	size_t top = root && root[1] && !strncmp(file, root, strlen(root))
			 ? strlen(root)
			 : 0;

	return open_package(s, xasprintf("%s.dwp", path)) ||
	       open_package(s, xasprintf("%s.dwp", file + top)) ||
	       (length > tail && !strcmp(file + length - tail, end) &&
		open_package(s,
			     xasprintf("%.*s.dwp", (int)(length - tail - top),
				       file + top)));
}

/* --- One module ---------------------------------------------------------------------- */

static char *real_directory(const char *file)
{
	char *path = realpath(file, NULL);
	char *slash = path ? strrchr(path, '/') : NULL;

	if (slash)
		*slash = '\0';
	return path;
}

static bool is_split(Elf *elf)
{
	return elf_copy_section(elf, ".debug_addr") &&
	       elf_copy_section(elf, ".debug_info");
}

int split_files_prepare(struct split_files *s, struct debug_search *search,
			const char *path, const char *file, int fd)
{
	struct changes c = { 0 };
	Elf *elf, *other;
	int copy = fd;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf || !elf_copy_can(elf)) {
		elf_end(elf);
		return fd;
	}
	unpack(&c, elf);
	if (c.count)
		copy = elf_copy(fd, elf, c.list, c.count);
	if (is_split(elf) && !s->directory && copy >= 0) {
		s->search = search;
		s->directory = real_directory(file);
		other = elf_begin(copy, ELF_C_READ_MMAP_PRIVATE, NULL);
		if ((find_package(s, path, file) || debug_file_sysroot) &&
		    other && rename_files(s, &c, other)) {
			if (copy != fd)
				close(copy);
			copy = elf_copy(fd, elf, c.list, c.count);
		}
		elf_end(other);
	}
	elf_end(elf);
	for (size_t i = 0; i < c.count; i++)
		free((void *)(uintptr_t)c.list[i].data);
	free(c.list);
	if (copy < 0 || copy == fd)
		return fd;
	close(fd);
	return copy;
}

/* Where libdw looks for the .dwo file: beside the file that names it, then where
 * the compiler ran. The caller frees it; NULL: there is no such place. */
static char *place_of(const struct split_files *s, Dwarf_Die *skeleton,
		      const char *name, bool compiled)
{
	Dwarf_Attribute a;
	const char *directory =
	    compiled
		? dwarf_formstring(dwarf_attr(skeleton, DW_AT_comp_dir, &a))
		: s->directory;

	if (*name == '/')
		return compiled ? NULL : xstrdup(name);
	if (directory && *directory != '/')
		return xasprintf("%s/%s/%s", s->directory ?: "", directory,
				 name);
	return directory ? xasprintf("%s/%s", directory, name) : NULL;
}

/* Whether the file has the split unit of that id. */
static bool has_unit(int fd, uint64_t id)
{
	Dwarf *dwarf = dwarf_begin(fd, DWARF_C_READ);
	Dwarf_CU *cu = NULL;
	bool found = false;
	uint64_t own = 0;
	uint8_t type;

	while (dwarf && !found &&
	       !dwarf_get_units(dwarf, cu, &cu, NULL, &type, NULL, NULL))
		found = type == DW_UT_split_compile &&
			!dwarf_cu_info(cu, NULL, NULL, NULL, NULL, &own, NULL,
				       NULL) &&
			own == id;
	dwarf_end(dwarf);
	return found;
}

/* Opens the .dwo file of the skeleton's unit at one of its places. */
static int open_file(struct split_files *s, Dwarf_Die *skeleton, uint64_t id)
{
	const char *name = split_files_name(s, skeleton);
	int fd = -ENOENT;

	for (int i = 0; name && i < 2 && fd < 0; i++) {
		char *place = place_of(s, skeleton, name, i);
		/* Beside the file that names it is in the sysroot already. */
		char *path = place && (i || *name == '/')
				 ? root_path(debug_file_sysroot, place)
				 : place;

		fd = path ? debug_file_open(path) : -ENOENT;
		if (fd >= 0 && !has_unit(fd, id)) {
			close(fd);
			fd = -ESTALE;
		}
		if (fd >= 0)
			debug_file_note_used(s->search, path);
		if (path != place)
			free(path);
		free(place);
	}
	return fd;
}

void split_files_supply(struct split_files *s, Dwarf_Die *skeleton)
{
	const uint64_t id = id_of(skeleton);
	int fd = -ENOENT;

	if (!s->placed)
		return;
	if (s->package)
		fd = dwp_file_take(s->package, id);
	if (fd < 0)
		fd = open_file(s, skeleton, id);
	if (fd < 0)
		fd = memfd_create("refknot", MFD_CLOEXEC); /* an empty one */
	if (fd < 0)
		return;
	dup3(fd, s->slot, O_CLOEXEC);
	close(fd);
}

const char *split_files_note(struct split_files *s, Dwarf_Die *skeleton,
			     bool found)
{
	const char *name = split_files_name(s, skeleton);
	bool there = false;

	if (s->placed)
		return s->package ? "is not in its package (.dwp), which is of "
				    "another build, and not there as a file"
				  : "is not there, or of another build";
	for (int i = 0; name && i < 2 && !(found && there); i++) {
		char *place = place_of(s, skeleton, name, i);

		if (place && !access(place, F_OK)) {
			there = true;
			if (found && s->search)
				debug_file_note_used(s->search, place);
		}
		free(place);
	}
	return there ? "is of another build, and not used"
		     : "is not there (any more)";
}

void split_files_release(struct split_files *s)
{
	dwp_file_close(s->package);
	if (s->package)
		close(s->package_fd);
	if (s->placed)
		close(s->slot);
	for (size_t i = 0; i < s->name_count; i++)
		free(s->names[i].text);
	free(s->names);
	free(s->directory);
	*s = (struct split_files){ 0 };
}
