/* SPDX-License-Identifier: MIT */
#include "executable.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "dynamic.h"
#include "sys.h"
#include "text.h"

#define SCRIPTS 5 /* that interpret each other; the kernel follows no more */
#define LOADER  "ld-linux" /* how glibc's loader calls itself begins */

COLD long executable_open(const char *path)
{
	long fd = sys_open(path, O_PATH, 0), mode;

	if (fd < 0)
		return fd;
	mode = sys_file_mode((int)fd);
	if (mode < 0 || (S_ISREG(mode) && mode & 0111))
		return fd;
	sys_close((int)fd);
	return -EACCES;
}

static void name_descriptor(struct executable *x, int fd)
{
	struct text t = { x->link, sizeof(x->link), 0 };

	text_add(&t, "/proc/self/fd/");
	text_number(&t, (uint64_t)fd);
}

/* Opening what is not a regular file may have effects, and closing what is
 * locked has. */
static int open_to_read(struct executable *x, int fd)
{
	struct sys_identity id;
	long mode = sys_file_mode(fd);

	name_descriptor(x, fd);
	if (mode < 0 || !S_ISREG(mode) || sys_identify(fd, &id) < 0 ||
	    file_locks_have(&x->locks, &id))
		return -1;
	return (int)sys_open(x->link, O_RDONLY, 0);
}

static int open_named(struct executable *x, const char *path)
{
	long fd = executable_open(path);
	int result;

	if (fd < 0)
		return -1;
	result = open_to_read(x, (int)fd);
	sys_close((int)fd);
	return result;
}

static bool read_at(int fd, void *to, size_t size, uint64_t at)
{
	return sys_pread(fd, to, size, at) == (long)size;
}

/* --- ELF files --------------------------------------------------------------- */

/* All at once: they cost a system call each otherwise. */
static void read_segments(struct executable *x, int fd, const Elf64_Ehdr *h)
{
	const size_t one = sizeof(*x->segments);
	long size;

	x->segment_count =
	    h->e_phnum < EXECUTABLE_SEGMENTS ? h->e_phnum : EXECUTABLE_SEGMENTS;
	size = sys_pread(fd, x->segments, x->segment_count * one, h->e_phoff);
	if (size < (long)(x->segment_count * one))
		x->segment_count =
		    size > 0 ? (unsigned)((size_t)size / one) : 0;
}

static const Elf64_Phdr *find_segment(const struct executable *x, uint32_t type)
{
	for (unsigned i = 0; i < x->segment_count; i++)
		if (x->segments[i].p_type == type)
			return &x->segments[i];
	return NULL;
}

/* Of a file of 32 bits, where the type stands first, too. */
static bool has_short_interpreter(int fd, const char *head)
{
	Elf32_Ehdr h;
	uint32_t type;

	memcpy(&h, head, sizeof(h));
	for (unsigned i = 0; i < h.e_phnum && i < EXECUTABLE_SEGMENTS; i++)
		if (read_at(fd, &type, sizeof(type),
			    (uint64_t)h.e_phoff + i * sizeof(Elf32_Phdr)) &&
		    type == PT_INTERP)
			return true;
	return false;
}

/* Where in the file that address is; 0: nowhere. */
static uint64_t offset_of(const struct executable *x, uint64_t address)
{
	for (unsigned i = 0; i < x->segment_count; i++) {
		const Elf64_Phdr *p = &x->segments[i];

		if (p->p_type == PT_LOAD && address - p->p_vaddr < p->p_filesz)
			return address - p->p_vaddr + p->p_offset;
	}
	return 0;
}

struct facts {
	bool loader; /* it is glibc's */
	bool pie;    /* it says that it is a program */
};

/* Its segments are read. */
static void read_dynamic(struct executable *x, int fd, struct facts *f)
{
	const Elf64_Phdr *p = find_segment(x, PT_DYNAMIC);
	uint64_t names = 0, name = 0, count;
	char text[sizeof(LOADER) - 1];

	*f = (struct facts){ false, false };
	if (!p)
		return;
	count = p->p_filesz / sizeof(*x->entries);
	if (count > sizeof(x->entries) / sizeof(*x->entries))
		count = sizeof(x->entries) / sizeof(*x->entries);
	if (!read_at(fd, x->entries, count * sizeof(*x->entries), p->p_offset))
		return;
	for (uint64_t i = 0; i < count; i++) {
		if (x->entries[i].d_tag == DT_SONAME)
			name = x->entries[i].d_un.d_val;
		if (x->entries[i].d_tag == DT_STRTAB)
			names = x->entries[i].d_un.d_ptr;
		if (x->entries[i].d_tag == DT_FLAGS_1)
			f->pie = x->entries[i].d_un.d_val & DF_1_PIE;
	}
	f->loader =
	    name &&
	    read_at(fd, text, sizeof(text), offset_of(x, names) + name) &&
	    memcmp(text, LOADER, sizeof(text)) == 0;
}

/* A loader that cannot be read is taken for glibc's: so are nearly all. */
static bool is_foreign_loader(struct executable *x, const char *path)
{
	const struct link_map *own = dynamic_loader();
	struct facts f = { true, false };
	Elf64_Ehdr h;
	int fd;

	if (own && own->l_name && strcmp(own->l_name, path) == 0)
		return false;
	fd = open_named(x, path);
	if (fd < 0)
		return false;
	if (read_at(fd, &h, sizeof(h), 0)) {
		read_segments(x, fd, &h);
		read_dynamic(x, fd, &f);
	}
	sys_close(fd);
	return !f.loader;
}

/*
 * Without a loader nothing is loaded into it, whatever is in its environment,
 * which those that it executes may have need of.  A loader that is executed
 * itself is no program by its own account.
 */
static bool is_foreign_elf(struct executable *x, int fd)
{
	const Elf64_Phdr *p;
	Elf64_Ehdr h;
	struct facts f;

	memcpy(&h, x->head, sizeof(h));
	if (h.e_ident[EI_DATA] != ELFDATA2LSB)
		return true;
	if (h.e_ident[EI_CLASS] != ELFCLASS64)
		return has_short_interpreter(fd, x->head);
	read_segments(x, fd, &h);
	p = find_segment(x, PT_INTERP);
	if (!p) {
		read_dynamic(x, fd, &f);
		x->loader = f.loader;
		return h.e_type == ET_DYN && !f.pie && !f.loader;
	}
	if (h.e_machine != EM_X86_64)
		return true;
	if (p->p_filesz >= sizeof(x->interpreter) ||
	    !read_at(fd, x->interpreter, p->p_filesz, p->p_offset))
		return false;
	x->interpreter[p->p_filesz] = '\0';
	return is_foreign_loader(x, x->interpreter);
}

/* --- Scripts ----------------------------------------------------------------- */

/* What interprets the script that `head` is of; false: it is none. */
static bool read_interpreter(struct executable *x, size_t size)
{
	const char *at = x->head + 2, *end = x->head + size;
	size_t n = 0;

	if (size < 3 || memcmp(x->head, "#!", 2) != 0)
		return false;
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	while (at < end && *at && *at != ' ' && *at != '\t' && *at != '\n')
		x->interpreter[n++] = *at++;
	x->interpreter[n] = '\0';
	return n;
}

COLD void executable_look(struct executable *x, int fd)
{
	long size;

	name_descriptor(x, fd);
	size = sys_readlink(x->link, x->path, sizeof(x->path) - 1);
	x->path[size > 0 ? size : 0] = '\0';
	x->loader = x->foreign = false;
	fd = open_to_read(x, fd);
	for (int i = 0; fd >= 0 && i <= SCRIPTS; i++) {
		size = sys_pread(fd, x->head, sizeof(x->head), 0);
		if (size >= (long)sizeof(Elf64_Ehdr) &&
		    memcmp(x->head, ELFMAG, SELFMAG) == 0) {
			x->foreign = is_foreign_elf(x, fd);
			break;
		}
		if (size < 0 || !read_interpreter(x, (size_t)size))
			break;
		sys_close(fd);
		fd = open_named(x, x->interpreter);
	}
	if (fd >= 0)
		sys_close(fd);
}
