/* SPDX-License-Identifier: MIT */
#include "debug_file.h"

#include <elf.h>
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_name.h"
#include "crc32.h"
#include "debug_servers.h"
#include "die.h"
#include "escape.h"
#include "list.h"
#include "regular_file.h"
#include "root_path.h"

#define DEBUG_ROOT "/usr/lib/debug"
#define SHARED     DEBUG_ROOT "/.dwz/"
#define TREE       DEBUG_ROOT "/.build-id/"

char *debug_file_sysroot;

char *debug_file_settings(void)
{
	return xasprintf("sysroot %s, debuginfod %s",
			 debug_file_sysroot ? debug_file_sysroot : "/",
			 debug_servers_list());
}

void debug_search_release(struct debug_search *s)
{
	for (size_t i = 0; i < s->missed_count; i++)
		free(s->missed[i]);
	for (size_t i = 0; i < s->used_count; i++)
		free(s->used[i]);
	free(s->missed);
	free(s->used);
	free(s->refused);
	*s = (struct debug_search){ 0 };
}

void debug_file_note_used(struct debug_search *s, const char *path)
{
	for (size_t i = 0; i < s->used_count; i++)
		if (!strcmp(s->used[i], path))
			return;
	*LIST_ADD(s->used, s->used_count) = xstrdup(path);
}

/* --- Whether a file belongs --------------------------------------------------- */

/* It lives as long as `elf`. */
static struct build_id build_id_of(Elf *elf)
{
	const void *bits = NULL;
	ssize_t size = dwelf_elf_gnu_build_id(elf, &bits);

	return size > 0 ? (struct build_id){ bits, (size_t)size }
			: (struct build_id){ 0 };
}

/* `known` may have the first bytes only, as a recording has of a long one. */
static bool is_same_build(const struct build_id *known,
			  const struct build_id *id)
{
	if (!known->size || !id->size)
		return !known->size && !id->size;
	return id->size >= known->size &&
	       !memcmp(id->bits, known->bits, known->size);
}

static char *hex(const struct build_id *id)
{
	char *text = xcalloc(2 * id->size + 1, 1);

	for (size_t i = 0; i < id->size; i++)
		snprintf(text + 2 * i, 3, "%02x", id->bits[i]);
	return text;
}

int debug_file_open(const char *path)
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

static bool has_build(int fd, const struct build_id *id, struct build_id *other)
{
	Elf *elf;
	bool same;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	*other = elf ? build_id_of(elf) : (struct build_id){ 0 };
	same = elf && is_same_build(id, other);
	/* What is printed of it must stay. */
	other->bits =
	    other->size ? memcpy(xmalloc(other->size), other->bits, other->size)
			: NULL;
	elf_end(elf);
	return same;
}

/* `what` file `path`, of which there is more to say; takes `why`. */
static void refuse(struct debug_search *s, const char *what, const char *path,
		   const char *module, char *why)
{
	char *shown = escape(path), *of = escape(module);

	if (!s->refused)
		s->refused = xasprintf("%s %s of %s %s", what, shown, of, why);
	free(why);
	free(shown);
	free(of);
}

/* `fd` of what was found at last: nothing has to be said of what does not belong
 * and was found before it. */
static int settle(struct debug_search *s, const char *refused, int fd)
{
	if (fd >= 0 && !refused) {
		free(s->refused);
		s->refused = NULL;
	}
	return fd;
}

/* Closes `fd` and says why, if its file has another build-id. */
static int check_build(struct debug_search *s, int fd, const char *what,
		       const char *path, const char *module,
		       const struct build_id *id)
{
	struct build_id other;
	char *has, *wanted;

	if (has_build(fd, id, &other)) {
		free((void *)(uintptr_t)other.bits);
		return fd;
	}
	has = hex(&other);
	wanted = hex(id);
	refuse(s, what, path, module,
	       xasprintf("is of another build and not used: it has %s%s, where "
			 "%s was looked for; put the file of that build there",
			 other.size ? "build-id " : "no build-id", has,
			 wanted));
	free(wanted);
	free(has);
	free((void *)(uintptr_t)other.bits);
	close(fd);
	return -ESTALE;
}

static bool has_crc(int fd, uint32_t wanted, uint32_t *crc)
{
	unsigned char bytes[1 << 14];
	off_t at = 0;
	ssize_t n;

	*crc = 0;
	while ((n = pread(fd, bytes, sizeof(bytes), at)) > 0) {
		*crc = crc32_update(*crc, bytes, (size_t)n);
		at += n;
	}
	return n == 0 && *crc == wanted;
}

/* The next section with code, from `section` (NULL: the first) on. */
static Elf_Scn *next_code(Elf *elf, Elf_Scn *section, GElf_Shdr *header)
{
	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, header) &&
		    header->sh_flags & SHF_EXECINSTR)
			return section;
	return NULL;
}

/* Whether the file has its code where `elf` has it: all that there is to go by
 * where neither a build-id nor a link names it. */
static bool has_code_of(int fd, Elf *elf)
{
	Elf *other = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	Elf_Scn *a = NULL, *b = NULL;
	GElf_Shdr x, y;
	bool same = other != NULL;

	while (same) {
		a = next_code(elf, a, &x);
		b = next_code(other, b, &y);
		if (!a || !b)
			break;
		same = x.sh_addr == y.sh_addr && x.sh_size == y.sh_size;
	}
	same = same && !a && !b;
	elf_end(other);
	return same;
}

/* --- Places ------------------------------------------------------------------- */

/* In the tree of build-ids, where a debug file has ".debug" behind it. */
static char *tree_path(const struct build_id *id, const char *suffix)
{
	char *all = hex(id), *path = NULL;

	if (id->size > 1)
		path = xasprintf(TREE "%.2s/%s%s", all, all + 2, suffix);
	free(all);
	return path;
}

/* Opens `path`, which is as the program has it. *found is where that is. */
static int open_place(const char *path, char **found)
{
	*found = root_path(debug_file_sysroot, path);
	return *found ? debug_file_open(*found) : -ELOOP;
}

static void forget(char **path)
{
	free(*path);
	*path = NULL;
}

/* --- The ELF file --------------------------------------------------------------- */

static int try_elf(struct debug_search *s, const char *path,
		   const struct build_id *id, char **found)
{
	struct build_id other = { 0 };
	int fd = open_place(path, found);

	if (fd >= 0 && id && !has_build(fd, id, &other)) {
		close(fd);
		fd = -ESTALE;
	}
	free((void *)(uintptr_t)other.bits);
	if (fd < 0 && *found)
		*LIST_ADD(s->missed, s->missed_count) = *found;
	else if (fd < 0)
		free(*found);
	if (fd < 0)
		*found = NULL;
	return fd;
}

static int try_tree(struct debug_search *s, const struct build_id *id,
		    const char *suffix, char **found)
{
	char *path = tree_path(id, suffix);
	int fd = path ? try_elf(s, path, id, found) : -ENOENT;

	free(path);
	return fd;
}

static int ask_servers(struct debug_search *s, enum debug_servers_kind kind,
		       const char *module, const struct build_id *id,
		       char **found)
{
	int fd = debug_servers_find(kind, id->bits, id->size, module, found);

	if (fd >= 0)
		fd =
		    check_build(s, fd, "debuginfod's file", *found, module, id);
	if (fd < 0)
		forget(found);
	return fd;
}

int debug_file_open_elf(struct debug_search *s, const char *path,
			const struct build_id *id, char **found)
{
	const char *refused = s->refused;
	int fd, error = try_elf(s, path, id, found);

	if (error >= 0 || !id || !id->size)
		return error;
	fd = try_tree(s, id, "", found);
	if (fd < 0)
		fd = ask_servers(s, DEBUG_SERVERS_EXECUTABLE, path, id, found);
	if (fd < 0)
		fd = try_tree(s, id, ".debug", found);
	return fd < 0 ? error : settle(s, refused, fd);
}

/* --- Its debug file -------------------------------------------------------------- */

struct wanted { /* a debug file */
	struct debug_search *search;
	const char *module;   /* path that is printed */
	struct build_id id;   /* of size 0: by */
	const GElf_Word *crc; /* NULL: it must have */
	Elf *elf;             /* this one's code */
	struct stat own;      /* of that: it is no debug file of its own */
	const char *what;
};

static int try_debug(const struct wanted *w, const char *path, char **found)
{
	int fd = open_place(path, found);
	struct stat st;
	uint32_t crc;

	if (fd >= 0 && !fstat(fd, &st) && st.st_dev == w->own.st_dev &&
	    st.st_ino == w->own.st_ino) {
		close(fd);
		fd = -ENOENT;
	}
	if (fd >= 0 && w->id.size) {
		fd = check_build(w->search, fd, w->what, *found, w->module,
				 &w->id);
	} else if (fd >= 0 && w->crc && !has_crc(fd, *w->crc, &crc)) {
		refuse(w->search, w->what, *found, w->module,
		       xasprintf("is another than .gnu_debuglink means and not "
				 "used: its CRC-32 is %08x, where %08x was "
				 "looked for; put the file of that build there",
				 crc, *w->crc));
		close(fd);
		fd = -ESTALE;
	} else if (fd >= 0 && !w->crc && !has_code_of(fd, w->elf)) {
		refuse(w->search, w->what, *found, w->module,
		       xstrdup("is of another build and not used: its code is "
			       "elsewhere; put the file of that build there"));
		close(fd);
		fd = -ESTALE;
	} else if (fd == -ENOEXEC || fd == -EACCES) {
		refuse(w->search, w->what, *found, w->module,
		       xstrdup(fd == -EACCES
				   ? "cannot be read; make it readable "
				     "(chmod +r)"
				   : "is not an ELF file and not used; put "
				     "the file of that build there"));
	}
	if (fd < 0)
		forget(found);
	return fd;
}

/* Takes `path`, which may be NULL. */
static int try_taken(const struct wanted *w, char *path, char **found)
{
	int fd = path ? try_debug(w, path, found) : -ENOENT;

	free(path);
	return fd;
}

/* In `directory` of the ELF file, and where its debug files may be. */
static int try_directory(const struct wanted *w, const char *directory,
			 const char *name, char **found)
{
	const char *rest = *directory == '/' ? directory : NULL;
	int fd = try_taken(w, xasprintf("%s/%s", directory, name), found);

	if (fd < 0)
		fd = try_taken(w, xasprintf("%s/.debug/%s", directory, name),
			       found);
	for (; fd < 0 && rest; rest = strchr(rest + 1, '/'))
		fd = try_taken(w, xasprintf(DEBUG_ROOT "%s/%s", rest, name),
			       found);
	return fd;
}

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
}

/* The directory in which `found` is, as the program would have it. */
static char *real_directory(const char *found)
{
	char *path = realpath(found, NULL), *directory = NULL;
	const char *root = debug_file_sysroot;
	size_t top = root && root[1] ? strlen(root) : 0;

	if (path && (!top || (!strncmp(path, root, top) && path[top] == '/')))
		directory = directory_of(path + top);
	free(path);
	return directory;
}

int debug_file_open_debug(struct debug_search *s, Elf *elf, const char *path,
			  const char *found, char **debug)
{
	GElf_Word crc;
	const char *link = dwelf_elf_gnu_debuglink(elf, &crc);
	struct wanted w = { .search = s,
			    .module = path,
			    .id = build_id_of(elf),
			    .crc = link ? &crc : NULL,
			    .elf = elf,
			    .what = "debug file" };
	char *name =
	    link ? xstrdup(link) : xasprintf("%s.debug", base_name(path));
	char *directory = directory_of(path), *real = real_directory(found);
	const char *refused = s->refused;
	int fd;

	if (stat(found, &w.own))
		w.own = (struct stat){ 0 };
	fd =
	    try_taken(&w, w.id.size ? tree_path(&w.id, ".debug") : NULL, debug);
	if (fd < 0 && name[0] == '/')
		fd = try_debug(&w, name, debug);
	else if (fd < 0)
		fd = try_directory(&w, directory, name, debug);
	if (fd < 0 && name[0] != '/' && real && strcmp(real, directory) != 0)
		fd = try_directory(&w, real, name, debug);
	if (fd < 0 && w.id.size)
		fd = ask_servers(s, DEBUG_SERVERS_DEBUG, path, &w.id, debug);
	free(name);
	free(directory);
	free(real);
	return fd < 0 ? -ENOENT : settle(s, refused, fd);
}

int debug_file_open_shared(struct debug_search *s, const char *path,
			   const char *file, const char *name,
			   const struct build_id *id, char **found)
{
	const struct wanted w = { .search = s,
				  .module = path,
				  .id = *id,
				  .what = "shared debug file" };
	char *directory = real_directory(file);
	const char *refused = s->refused;
	int fd = try_taken(&w, tree_path(id, ".debug"), found);

	if (fd < 0 && name[0] == '/')
		fd = try_debug(&w, name, found);
	else if (fd < 0 && directory)
		fd = try_taken(&w, xasprintf("%s/%s", directory, name), found);
	if (fd < 0)
		fd = try_taken(&w, xasprintf(SHARED "%s", base_name(name)),
			       found);
	if (fd < 0)
		fd = ask_servers(s, DEBUG_SERVERS_DEBUG, path, id, found);
	if (fd >= 0)
		debug_file_note_used(s, *found);
	else if (!s->refused)
		refuse(s, w.what, name, path,
		       xstrdup("is not there, and names from it are missing; "
			       "install what it is in"));
	free(directory);
	return settle(s, refused, fd);
}
