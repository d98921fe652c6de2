/* SPDX-License-Identifier: MIT */
#include "wishes.h"

#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

#include "compiler.h"
#include "environment.h"
#include "file_locks.h"
#include "libc.h"
#include "own_memory.h"
#include "spare.h"
#include "store.h"
#include "sys.h"

#define PROGRAM    "/proc/self/exe"
#define PAGE       4096ull
#define TABLE_MOST (1ull << 32) /* bytes of a table that are believed */

extern const char *__lsan_default_options(void) __attribute__((weak));
extern const char *__lsan_default_suppressions(void) __attribute__((weak));
extern int __lsan_is_turned_off(void) __attribute__((weak));

static struct wishes {
	const char *(*options)(void); /* NULL: the program has none */
	const char *(*suppressions)(void);
	int (*is_turned_off)(void);
	char *text;      /* of the suppressions, a copy; NULL: none */
	bool undetected; /* detect_leaks=0 */
	bool turned_off; /* atomic: each question asks anew */
} wishes;

/* --- The program's own symbols --------------------------------------------- */

struct file {
	int fd;
	Elf64_Ehdr header;
	Elf64_Shdr symbols, names; /* where in the file */
};

/* Of the file's sections some that lie side by side: a system call for each would
 * be thirty. */
#define SECTIONS 64
static struct {
	uint32_t first, count;
	Elf64_Shdr list[SECTIONS];
} sections APART;

static bool read_section(const struct file *f, uint32_t i, Elf64_Shdr *s)
{
	const uint32_t first = i / SECTIONS * SECTIONS;
	long size;

	if (i >= f->header.e_shnum)
		return false;
	if (first != sections.first || !sections.count) {
		size = sys_pread(f->fd, sections.list, sizeof(sections.list),
				 f->header.e_shoff + first * sizeof(*s));
		sections.first = first;
		sections.count =
		    size > 0 ? (uint32_t)((size_t)size / sizeof(*s)) : 0;
	}
	if (i - first >= sections.count)
		return false;
	*s = sections.list[i - first];
	return true;
}

/* Does the file hold all of it? */
static bool is_whole(const struct file *f, const Elf64_Shdr *s)
{
	char last;

	return s->sh_size && s->sh_size < TABLE_MOST &&
	       s->sh_offset < TABLE_MOST &&
	       sys_pread(f->fd, &last, 1, s->sh_offset + s->sh_size - 1) == 1;
}

static bool find_tables(struct file *f)
{
	Elf64_Ehdr *h = &f->header;

	if (sys_pread(f->fd, h, sizeof(*h), 0) != sizeof(*h) ||
	    memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 ||
	    h->e_ident[EI_CLASS] != ELFCLASS64 ||
	    h->e_shentsize != sizeof(Elf64_Shdr))
		return false;
	for (uint32_t i = h->e_shnum; i-- > 0;)
		if (read_section(f, i, &f->symbols) &&
		    f->symbols.sh_type == SHT_SYMTAB)
			return read_section(f, f->symbols.sh_link, &f->names) &&
			       is_whole(f, &f->symbols) &&
			       is_whole(f, &f->names);
	return false;
}

/* Its bytes; *start, *size are for sys_unmap(). */
static const char *map_table(const struct file *f, const Elf64_Shdr *s,
			     void **start, size_t *size)
{
	uint64_t offset = s->sh_offset & ~(PAGE - 1);

	*size = s->sh_offset - offset + s->sh_size;
	*start = sys_map_part(f->fd, offset, *size);
	return *start ? (const char *)*start + (s->sh_offset - offset) : NULL;
}

/* Is there code of the program's? `bias`: what to add to the file's addresses. */
static bool is_code(uint64_t address, uint64_t bias)
{
	const Elf64_Phdr *h =
	    (const void *)(uintptr_t)libc()->getauxval(AT_PHDR);

	for (uint64_t i = 0; h && i < libc()->getauxval(AT_PHNUM); i++)
		if (h[i].p_type == PT_LOAD && h[i].p_flags & PF_X &&
		    address - bias - h[i].p_vaddr < h[i].p_filesz)
			return true;
	return false;
}

static void take(const char *name, uint64_t address)
{
	void (*f)(void) = (void (*)(void))(uintptr_t)address;

	if (!wishes.options && !strcmp(name, "__lsan_default_options"))
		wishes.options = (const char *(*)(void))f;
	else if (!wishes.suppressions &&
		 !strcmp(name, "__lsan_default_suppressions"))
		wishes.suppressions = (const char *(*)(void))f;
	else if (!wishes.is_turned_off && !strcmp(name, "__lsan_is_turned_off"))
		wishes.is_turned_off = (int (*)(void))f;
}

/* Global ones stand behind the others, from the section's sh_info on. */
static void look_through(const struct file *f, const char *symbols,
			 const char *names)
{
	uint64_t bias = libc()->getauxval(AT_ENTRY) - f->header.e_entry;
	uint64_t count = f->symbols.sh_size / sizeof(Elf64_Sym);

	if (names[f->names.sh_size - 1])
		return;
	for (uint64_t i = f->symbols.sh_info; i < count; i++) {
		Elf64_Sym s;

		memcpy(&s, symbols + i * sizeof(s), sizeof(s));
		if (ELF64_ST_TYPE(s.st_info) == STT_FUNC &&
		    s.st_shndx != SHN_UNDEF && s.st_name < f->names.sh_size &&
		    !strncmp(names + s.st_name, "__lsan_", 7) &&
		    is_code(bias + s.st_value, bias))
			take(names + s.st_name, bias + s.st_value);
	}
}

static void look_into(struct file *f)
{
	const char *symbols = NULL, *names = NULL;
	void *starts[2] = { NULL, NULL };
	size_t sizes[2];

	if (find_tables(f)) {
		symbols = map_table(f, &f->symbols, &starts[0], &sizes[0]);
		names = map_table(f, &f->names, &starts[1], &sizes[1]);
	}
	if (symbols && names)
		look_through(f, symbols, names);
	for (int i = 0; i < 2; i++)
		if (starts[i])
			sys_unmap(starts[i], sizes[i]);
}

/* Whoever executed it may have locked it, and this is that process. */
static bool is_locked(void)
{
	struct file_locks *l = spare_map(sizeof(*l));
	long fd = sys_open(PROGRAM, O_PATH, 0);
	struct sys_identity id;
	bool locked = l && fd >= 0 && sys_identify((int)fd, &id) == 0 &&
		      file_locks_have(l, &id);

	if (fd >= 0)
		sys_close((int)fd);
	if (l)
		spare_unmap(l, sizeof(*l));
	return locked;
}

static void find_functions(void)
{
	struct file f = { 0 };

	wishes.options = __lsan_default_options;
	wishes.suppressions = __lsan_default_suppressions;
	wishes.is_turned_off = __lsan_is_turned_off;
	f.fd = is_locked() ? -1 : (int)sys_open(PROGRAM, O_RDONLY, 0);
	if (f.fd < 0)
		return;
	look_into(&f);
	sys_close(f.fd);
}

/* --- Options ------------------------------------------------------------------- */

/* Whether the `size` characters at `value` are one of LeakSanitizer's words. */
static bool is_one_of(const char *value, size_t size, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == size && !memcmp(value, *words, size))
			return true;
	return false;
}

/* "verbosity=1:detect_leaks=0": what it says of that, the last if it is there
 * twice; else `before`. */
static bool detects(const char *options, bool before)
{
	static const char separators[] = " ,:\n\t\r", name[] = "detect_leaks=";
	static const char *const no[] = { "0", "no", "false", NULL };
	static const char *const yes[] = { "1", "yes", "true", NULL };

	while (*(options += strspn(options, separators))) {
		size_t size = strcspn(options, separators);
		size_t named = sizeof(name) - 1;

		if (size > named && !strncmp(options, name, named)) {
			const char *value = options + named;
			bool quoted = *value == '"' || *value == '\'';
			size_t length = size - named;

			value += quoted;
			length -= quoted ? (length > 1 ? 2 : 1) : 0;
			if (is_one_of(value, length, no))
				before = false;
			else if (is_one_of(value, length, yes))
				before = true;
		}
		options += size;
	}
	return before;
}

/* Who runs refknot wants to know of leaks: LSAN_OPTIONS can take back what the
 * program says, and does not turn off what it wants. */
static void read_options(void)
{
	const char *own = wishes.options ? wishes.options() : NULL;
	char *const *e = environment_variables();

	wishes.undetected = own && !detects(own, true);
	for (; wishes.undetected && *e; e++)
		if (!strncmp(*e, "LSAN_OPTIONS=", 13) &&
		    detects(*e + 13, false))
			wishes.undetected = false;
}

COLD void wishes_note(void)
{
	if (wishes.text)
		store.header->meta.suppressions =
		    store_text(wishes.text, strlen(wishes.text));
}

COLD void wishes_ask(void)
{
	const char *text;

	find_functions();
	read_options();
	text = wishes.suppressions ? wishes.suppressions() : NULL;
	if (!text || !*text)
		return;
	wishes.text = own_memory_map(strlen(text) + 1);
	if (wishes.text)
		memcpy(wishes.text, text, strlen(text) + 1);
	wishes_note();
}

COLD void wishes_ask_again(void)
{
	if (wishes.is_turned_off)
		WRITE_ONCE(wishes.turned_off, wishes.is_turned_off() != 0);
}

bool wishes_no_check(void)
{
	return wishes.undetected || READ_ONCE(wishes.turned_off);
}
