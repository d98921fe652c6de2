/* SPDX-License-Identifier: MIT */
#include "preflight.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "die.h"
#include "escape.h"
#include "program.h"

static const char *const names[] = {
	[PREFLIGHT_OK] = "ok",
	[PREFLIGHT_NOT_FOUND] = "not-found",
	[PREFLIGHT_DIRECTORY] = "directory",
	[PREFLIGHT_NOT_EXECUTABLE] = "not-executable",
	[PREFLIGHT_UNREADABLE] = "unreadable",
	[PREFLIGHT_SCRIPT_DEPTH] = "script-depth",
	[PREFLIGHT_NOT_ELF] = "not-elf",
	[PREFLIGHT_CUT] = "cut",
	[PREFLIGHT_MACHINE] = "machine",
	[PREFLIGHT_LIBRARY] = "library",
	[PREFLIGHT_STATIC] = "static",
	[PREFLIGHT_LOADER_MISSING] = "loader-missing",
	[PREFLIGHT_MUSL] = "musl",
	[PREFLIGHT_PRIVILEGE] = "privilege",
	[PREFLIGHT_OWN_MALLOC] = "own-malloc",
	[PREFLIGHT_SANITIZER] = "sanitizer",
};

const char *preflight_name(enum preflight_verdict verdict)
{
	return names[verdict];
}

/* The verdict about `path`, and why; the format's text follows the path. */
static bool __attribute__((format(printf, 4, 5)))
refuse(struct preflight *p, enum preflight_verdict verdict, const char *path,
       const char *format, ...)
{
	va_list arguments;
	char *why, *all;

	va_start(arguments, format);
	if (vasprintf(&why, format, arguments) < 0)
		why = NULL;
	va_end(arguments);
	if (!p->program || !strcmp(path, p->program))
		all = xasprintf("%s %s", path, why ? why : "");
	else
		all = xasprintf("%s (the interpreter of %s) %s", path,
				p->program, why ? why : "");
	free(why);
	p->verdict = verdict;
	p->message = escape(all);
	free(all);
	return false;
}

static bool refuse_missing(struct preflight *p, const char *name, int error)
{
	if (error == EISDIR)
		return refuse(p, PREFLIGHT_DIRECTORY, name,
			      "is a directory; name a program in it");
	if (error == EACCES)
		return refuse(
		    p, PREFLIGHT_NOT_EXECUTABLE, name,
		    "cannot be executed; check its mode (chmod +x) and whether its file system is mounted noexec");
	if (error == ENOENT && !strchr(name, '/'))
		return refuse(
		    p, PREFLIGHT_NOT_FOUND, name,
		    "was not found in PATH; give its path, such as ./%s", name);
	if (error == ENOENT)
		return refuse(p, PREFLIGHT_NOT_FOUND, name,
			      "does not exist; check the path");
	return refuse(p, PREFLIGHT_NOT_FOUND, name, "cannot be used: %s",
		      strerror(error));
}

/* From the program to the ELF file that is executed for it. */
static bool follow_scripts(struct preflight *p, const char *name)
{
	char *path, *next;
	int error;

	p->program = program_find(name, &error);
	if (!p->program)
		return refuse_missing(p, name, error);
	path = xstrdup(p->program);
	for (int i = 0; (next = program_interpreter(path)); i++) {
		free(path);
		path =
		    i < PREFLIGHT_SCRIPTS ? program_find(next, &error) : NULL;
		if (!path && i < PREFLIGHT_SCRIPTS)
			refuse_missing(p, next, error);
		else if (!path)
			refuse(
			    p, PREFLIGHT_SCRIPT_DEPTH, p->program,
			    "is a script for a script, more than %d deep; run the last interpreter by name",
			    PREFLIGHT_SCRIPTS);
		free(next);
		if (!path)
			return false;
	}
	p->binary = path;
	return true;
}

/* Reads the ELF file. The shim is of the same kind as this program, which was
 * built with it. */
static bool check_binary(struct preflight *p)
{
	int error = elf_file_read(&p->elf, p->binary);
	struct elf_file own;
	bool same;

	if (error == -ENOEXEC)
		return refuse(
		    p, PREFLIGHT_NOT_ELF, p->binary,
		    "is neither an ELF program nor a script that begins with #!; if it is a shell script, run it as: sh %s",
		    p->binary);
	if (error)
		return refuse(
		    p, PREFLIGHT_UNREADABLE, p->binary,
		    "cannot be read (%s), so what it needs is not known; make it readable (chmod +r)",
		    strerror(-error));
	if (!elf_file_read(&own, "/proc/self/exe")) {
		same = own.class == p->elf.class && own.data == p->elf.data &&
		       own.machine == p->elf.machine;
		elf_file_release(&own);
		if (!same)
			return refuse(
			    p, PREFLIGHT_MACHINE, p->binary,
			    "is a %s-bit program for ELF machine %u, and this refknot is built for another; use a refknot built for that machine",
			    p->elf.class == ELFCLASS32 ? "32" : "64",
			    p->elf.machine);
	}
	return !p->elf.cut ||
	       refuse(
		   p, PREFLIGHT_CUT, p->binary,
		   "is cut short: it ends before what its headers say it holds; build or copy it again");
}

static bool check_loader(struct preflight *p)
{
	const struct elf_file *e = &p->elf;
	bool loader = e->soname && !strncmp(e->soname, "ld-linux", 8);

	if (!e->interpreter && loader)
		return true;
	if (!e->interpreter && strstr(p->binary, "musl") && e->type == ET_DYN &&
	    !e->pie)
		return refuse(
		    p, PREFLIGHT_MUSL, p->binary,
		    "is musl's loader, and refknot works with glibc; build the program for glibc");
	if (!e->interpreter && e->type == ET_DYN && !e->pie)
		return refuse(
		    p, PREFLIGHT_LIBRARY, p->binary,
		    "is a shared library; name the program that uses it");
	if (!e->interpreter)
		return refuse(
		    p, PREFLIGHT_STATIC, p->binary,
		    "is statically linked, so nothing can be loaded into it; link it without %s",
		    e->pie ? "-static-pie" : "-static");
	if (strstr(e->interpreter, "/ld-musl"))
		return refuse(
		    p, PREFLIGHT_MUSL, p->binary,
		    "is built for musl (its loader is %s), and refknot works with glibc; build it for glibc",
		    e->interpreter);
	if (access(e->interpreter, F_OK))
		return refuse(
		    p, PREFLIGHT_LOADER_MISSING, p->binary,
		    "needs the loader %s, which does not exist; install the C library that it was built for",
		    e->interpreter);
	return true;
}

/*
 * What makes the loader ignore LD_PRELOAD when this process executes the file,
 * as credentials(7) rules; NULL: nothing. The file's bits by themselves do not:
 * root gains nothing from a program that is setuid root.
 */
static const char *privilege_gained(const char *path)
{
	const mode_t group = S_ISGID | S_IXGRP;
	struct vfs_ns_cap_data caps = { 0 };
	uid_t uid = geteuid();
	gid_t gid = getegid();
	struct statvfs fs;
	struct stat st;

	if (stat(path, &st) || (!statvfs(path, &fs) && fs.f_flag & ST_NOSUID))
		return NULL;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) {
		if (st.st_mode & S_ISUID)
			uid = st.st_uid;
		if ((st.st_mode & group) == group)
			gid = st.st_gid;
	}
	if (uid != getuid())
		return "is setuid";
	if (gid != getgid())
		return "is setgid";
	/* The kernel's rule: effective, or permitted ones that the user
	 * lacks. */
	if (getuid() != 0 &&
	    getxattr(path, "security.capability", &caps, sizeof(caps)) >=
		(ssize_t)XATTR_CAPS_SZ_1 &&
	    ((le32toh(caps.magic_etc) & VFS_CAP_FLAGS_EFFECTIVE) ||
	     caps.data[0].permitted || caps.data[1].permitted))
		return "has file capabilities";
	return NULL;
}

static bool check_start(struct preflight *p)
{
	const char *gained = privilege_gained(p->binary);

	if (gained)
		return refuse(
		    p, PREFLIGHT_PRIVILEGE, p->binary,
		    "%s, so the loader ignores LD_PRELOAD for this user; record a copy without that (cp), or as the user that it runs as",
		    gained);
	if (p->elf.sanitizer)
		return refuse(
		    p, PREFLIGHT_SANITIZER, p->binary,
		    "has %s inside, which replaces malloc itself; build it without -fsanitize",
		    p->elf.sanitizer);
	if (p->elf.own_malloc)
		return refuse(
		    p, PREFLIGHT_OWN_MALLOC, p->binary,
		    "defines malloc itself, which comes before any preloaded one; link its allocator as a shared library instead");
	return true;
}

void preflight_check(struct preflight *p, const char *program)
{
	*p = (struct preflight){ .verdict = PREFLIGHT_OK };
	if (follow_scripts(p, program) && check_binary(p) && check_loader(p) &&
	    check_start(p))
		p->message = xstrdup("");
}

void preflight_release(struct preflight *p)
{
	elf_file_release(&p->elf);
	free(p->message);
	free(p->binary);
	free(p->program);
	*p = (struct preflight){ 0 };
}
