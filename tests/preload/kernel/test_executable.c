/* SPDX-License-Identifier: MIT */
/* Files that may be executed, made byte by byte: which of them load a library
 * of this machine's, and whether a lock on them is seen. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dynamic.h"
#include "executable.h"
#include "file_locks.h"
#include "sys.h"

static char directory[] = "/tmp/test_executable-XXXXXX";

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) && !chdir(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	return chdir("/") || rmdir(directory);
}

static void put(const char *name, const void *bytes, size_t size)
{
	int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0700);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static struct executable x;

static bool is_foreign(const char *path)
{
	long fd = executable_open(path);

	assert_true(fd >= 0);
	memset(&x, 0x5a, sizeof(x));
	executable_look(&x, (int)fd);
	close((int)fd);
	return x.foreign;
}

/* As many segments as there is room for, of which `number` is the one that
 * names a loader; -1: none is. */
struct file {
	Elf64_Ehdr h;
	Elf64_Phdr segments[EXECUTABLE_SEGMENTS + 1];
	char interpreter[400];
};

static struct file file_of(int number, const char *interpreter)
{
	struct file f = { .h = { .e_type = ET_EXEC,
				 .e_machine = EM_X86_64,
				 .e_phoff = offsetof(struct file, segments),
				 .e_phnum = EXECUTABLE_SEGMENTS } };

	memcpy(f.h.e_ident, ELFMAG, SELFMAG);
	f.h.e_ident[EI_CLASS] = ELFCLASS64;
	f.h.e_ident[EI_DATA] = ELFDATA2LSB;
	strcpy(f.interpreter, interpreter);
	for (unsigned i = 0; i <= EXECUTABLE_SEGMENTS; i++)
		f.segments[i].p_type = PT_NOTE;
	if (number >= 0) {
		f.segments[number].p_type = PT_INTERP;
		f.segments[number].p_offset =
		    offsetof(struct file, interpreter);
		f.segments[number].p_filesz = strlen(interpreter) + 1;
	}
	return f;
}

static bool is_foreign_file(const struct file *f)
{
	put("program", f, sizeof(*f));
	return is_foreign("program");
}

static void programs_that_are_there_are_known(void **state)
{
	char own[4096] = "";

	(void)state;
	assert_true(readlink("/proc/self/exe", own, sizeof(own) - 1) > 0);
	assert_false(is_foreign("/proc/self/exe"));
	assert_string_equal(x.path, own);
	assert_false(x.loader);
	assert_false(is_foreign(dynamic_loader()->l_name));
	assert_true(x.loader);
	assert_false(is_foreign("/bin/sh"));
	assert_false(x.loader);
}

static void only_files_to_be_executed_are_opened(void **state)
{
	(void)state;
	put("plain", "x", 1);
	chmod("plain", 0600);
	assert_int_equal(executable_open("plain"), -EACCES);
	assert_int_equal(executable_open("."), -EACCES);
	assert_int_equal(executable_open("none"), -ENOENT);
	for (unsigned bit = 0100; bit; bit >>= 3) {
		long fd;

		chmod("plain", 0600 | bit);
		fd = executable_open("plain");
		assert_true(fd >= 0);
		close((int)fd);
	}
	unlink("plain");
}

static void every_segment_may_name_the_loader(void **state)
{
	struct file f;

	(void)state;
	for (int i = -1; i <= EXECUTABLE_SEGMENTS; i++) {
		f = file_of(i, dynamic_loader()->l_name);
		assert_false(is_foreign_file(&f));
		/* Of another machine: only one with a loader is foreign. */
		f.h.e_machine = EM_AARCH64;
		assert_int_equal(is_foreign_file(&f),
				 i >= 0 && i < EXECUTABLE_SEGMENTS);
	}
	f = file_of(3, dynamic_loader()->l_name);
	f.h.e_ident[EI_DATA] = ELFDATA2MSB;
	assert_true(is_foreign_file(&f));
	/* The file ends in the third segment. */
	f = file_of(2, "");
	f.h.e_machine = EM_AARCH64;
	put("program", &f, offsetof(struct file, segments[3]));
	assert_true(is_foreign("program"));
	put("program", &f, offsetof(struct file, segments[3]) - 1);
	assert_false(is_foreign("program"));
	unlink("program");
}

static void loaders_of_others_are_told_apart(void **state)
{
	char name[EXECUTABLE_HEAD + 2];
	struct file f = file_of(0, "/none");

	(void)state;
	assert_false(is_foreign_file(&f));
	f = file_of(0, "/bin/sh");
	assert_true(is_foreign_file(&f));
	f = file_of(0, "./loader");
	put("loader", "#!/bin/sh\n", 10);
	/* It cannot be read as one, and nearly all are glibc's. */
	assert_false(is_foreign_file(&f));
	put("loader", &f, sizeof(f));
	assert_true(is_foreign_file(&f));
	unlink("loader");
	/* As long a name as there is room for: it is a foreign loader's. */
	for (size_t size = EXECUTABLE_HEAD - 1; size <= EXECUTABLE_HEAD;
	     size++) {
		memset(name, '/', size);
		memcpy(name + size - 7, "/bin/sh", 8);
		f = file_of(0, name);
		assert_int_equal(is_foreign_file(&f), size < EXECUTABLE_HEAD);
	}
	unlink("program");
}

/* No program by its own account; but one if it says so. */
static void a_library_is_no_program(void **state)
{
	struct file f = file_of(-1, "");
	Elf64_Dyn *entries = (Elf64_Dyn *)(void *)f.interpreter;

	(void)state;
	f.h.e_type = ET_DYN;
	assert_true(is_foreign_file(&f));
	f.segments[5].p_type = PT_DYNAMIC;
	f.segments[5].p_offset = offsetof(struct file, interpreter);
	f.segments[5].p_filesz = 4 * sizeof(*entries);
	entries[3].d_tag = DT_FLAGS_1;
	entries[3].d_un.d_val = DF_1_NOW;
	assert_true(is_foreign_file(&f));
	entries[3].d_un.d_val = DF_1_NOW | DF_1_PIE;
	assert_false(is_foreign_file(&f));
	assert_false(x.loader);
	f.segments[5].p_filesz -= 1;
	assert_true(is_foreign_file(&f));
	/* Its name, at an address of its own. */
	entries[3].d_tag = DT_SONAME;
	entries[3].d_un.d_val = 3;
	entries[0].d_tag = DT_STRTAB;
	entries[0].d_un.d_ptr = 0x5010;
	f.segments[5].p_filesz += 1;
	f.segments[7].p_type = PT_LOAD;
	f.segments[7].p_offset = offsetof(struct file, interpreter);
	f.segments[7].p_vaddr = 0x5000 - 100;
	f.segments[7].p_filesz = 400;
	memcpy(f.interpreter + 100 + 0x10 + 3, "ld-linux-x", 11);
	assert_false(is_foreign_file(&f));
	assert_true(x.loader);
	memcpy(f.interpreter + 100 + 0x10 + 3, "ld-linuy-x", 11);
	assert_true(is_foreign_file(&f));
	assert_false(x.loader);
	unlink("program");
}

static void programs_of_32_bits_need_another_library(void **state)
{
	struct {
		Elf32_Ehdr h;
		Elf32_Phdr segments[EXECUTABLE_SEGMENTS + 1];
	} f = { .h = { .e_phoff = sizeof(Elf32_Ehdr),
		       .e_phnum = EXECUTABLE_SEGMENTS + 1 } };

	(void)state;
	memcpy(f.h.e_ident, ELFMAG, SELFMAG);
	f.h.e_ident[EI_CLASS] = ELFCLASS32;
	f.h.e_ident[EI_DATA] = ELFDATA2LSB;
	put("program", &f, sizeof(f));
	assert_false(is_foreign("program"));
	for (unsigned i = 0; i <= EXECUTABLE_SEGMENTS; i++) {
		f.segments[i].p_type = PT_INTERP;
		put("program", &f, sizeof(f));
		assert_int_equal(is_foreign("program"),
				 i < EXECUTABLE_SEGMENTS);
		f.h.e_phnum = (uint16_t)i;
		put("program", &f, sizeof(f));
		assert_false(is_foreign("program"));
		f.h.e_phnum = EXECUTABLE_SEGMENTS + 1;
		f.segments[i].p_type = PT_NOTE;
	}
	unlink("program");
}

static void script(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

static void scripts_are_what_interprets_them(void **state)
{
	struct file f = file_of(0, "/bin/sh");
	char name[] = "s0", text[] = "#! \t./s0 -x\n";

	(void)state;
	put("foreign", &f, sizeof(f));
	assert_true(is_foreign("foreign"));
	script("s0", "#!./foreign");
	assert_true(is_foreign("s0"));
	script("s0", "#!./foreign\tx");
	assert_true(is_foreign("s0"));
	script("s0", "#!\n./foreign");
	assert_false(is_foreign("s0"));
	script("s0", "# ./foreign\n");
	assert_false(is_foreign("s0"));
	script("s0", "#!");
	assert_false(is_foreign("s0"));
	script("s0", "#!/bin/sh\n");
	assert_false(is_foreign("s0"));
	script("s0", "");
	assert_false(is_foreign("s0"));
	script("s0", "#!./foreign\n");
	for (unsigned i = 1; i <= 6; i++) {
		text[7] = (char)('0' + i - 1);
		name[1] = (char)('0' + i);
		script(name, text);
		/* Behind five of them the kernel follows no more. */
		assert_int_equal(is_foreign(name), i < 5);
	}
	for (unsigned i = 0; i <= 6; i++) {
		name[1] = (char)('0' + i);
		unlink(name);
	}
	unlink("foreign");
}

/* --- Locks ------------------------------------------------------------------ */

#define LOCKED 60 /* more than fit the room to work at once */

static int lock(const char *name, uint64_t *inode)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(name, O_CREAT | O_RDWR, 0700);
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_SETLK, &l), 0);
	assert_int_equal(fstat(fd, &st), 0);
	*inode = st.st_ino;
	unlink(name);
	return fd;
}

static bool is_listed(uint64_t inode)
{
	static struct {
		struct file_locks l;
		char guard[64];
	} room;
	bool found;

	memset(&room, 0x5a, sizeof(room));
	found = file_locks_listed(&room.l, inode);
	for (unsigned i = 0; i < sizeof(room.guard); i++)
		assert_int_equal(room.guard[i], 0x5a);
	return found;
}

static bool have(int fd)
{
	struct sys_identity id;
	struct file_locks l;

	assert_int_equal(sys_identify(fd, &id), 0);
	return file_locks_have(&l, &id);
}

static void every_lock_is_listed(void **state)
{
	uint64_t inodes[LOCKED], unlocked;
	int fds[LOCKED], fd = lock("unlocked", &unlocked);

	(void)state;
	for (unsigned i = 0; i < LOCKED; i++)
		fds[i] = lock("locked", &inodes[i]);
	assert_true(is_listed(unlocked));
	close(fd);
	assert_false(is_listed(unlocked));
	assert_false(is_listed(0));
	assert_false(is_listed(UINT64_MAX));
	for (unsigned i = 0; i < LOCKED; i++) {
		assert_true(is_listed(inodes[i]));
		/* Neither the end nor the start of a number. */
		assert_false(is_listed(inodes[i] * 1000));
		assert_false(is_listed(inodes[i] / 1000));
		close(fds[i]);
		assert_false(is_listed(inodes[i]));
	}
}

/* Behind more descriptors than fit the room to work at once. */
static void only_who_has_the_file_open_has_its_lock(void **state)
{
	int fds[100], fd, path;
	uint64_t inode;
	pid_t child;
	int status;

	(void)state;
	for (unsigned i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		fds[i] = dup(STDERR_FILENO);
	fd = lock("locked", &inode);
	assert_true(have(fd));
	path = open("/proc/self/exe", O_PATH);
	assert_false(have(path)); /* that is no descriptor to be locked by */
	/* A child has no lock of its parent's: asked for by a name only, that
	 * is not so much as looked for. */
	child = fork();
	if (!child) {
		struct sys_identity id;
		struct file_locks l;
		bool seen = sys_identify(fd, &id) == 0;

		close(fd);
		_exit(seen && file_locks_listed(&l, inode) &&
			      !file_locks_have(&l, &id)
			  ? 0
			  : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(have(fd)); /* no descriptor was closed to find out */
	close(path);
	close(fd);
	for (unsigned i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		close(fds[i]);
}

/* They do not go with a descriptor that is closed. */
static void only_locks_of_a_process_count(void **state)
{
	int fd = open("flock", O_CREAT | O_RDWR, 0700);

	(void)state;
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_false(have(fd));
	close(fd);
	unlink("flock");
}

static void what_is_locked_is_not_opened(void **state)
{
	struct file f = file_of(0, "/bin/sh");
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd;

	(void)state;
	assert_true(is_foreign_file(&f));
	fd = open("program", O_RDWR);
	assert_int_equal(fcntl(fd, F_SETLK, &l), 0);
	assert_false(is_foreign("program"));
	assert_true(have(fd));
	close(fd);
	assert_true(is_foreign("program"));
	unlink("program");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_that_are_there_are_known),
		cmocka_unit_test(only_files_to_be_executed_are_opened),
		cmocka_unit_test(every_segment_may_name_the_loader),
		cmocka_unit_test(loaders_of_others_are_told_apart),
		cmocka_unit_test(a_library_is_no_program),
		cmocka_unit_test(programs_of_32_bits_need_another_library),
		cmocka_unit_test(scripts_are_what_interprets_them),
		cmocka_unit_test(every_lock_is_listed),
		cmocka_unit_test(only_who_has_the_file_open_has_its_lock),
		cmocka_unit_test(only_locks_of_a_process_count),
		cmocka_unit_test(what_is_locked_is_not_opened),
	};

	return cmocka_run_group_tests_name("executable", tests, make_directory,
					   remove_directory);
}
