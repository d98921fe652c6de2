/* SPDX-License-Identifier: MIT */
/* Programs that cannot be recorded, each made here, and some that can. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "libraries.h"
#include "preflight.h"
#include "regular_file.h"
#include "scratch.h"

#define CC      "${CC:-cc} "
#define NOBODY  65534
#define NOT_RUN 99 /* no verdict */

static int setup(void **state)
{
	if (scratch_setup(state) || chmod(".", 0755))
		return -1;
	scratch_write("main.c", "int main(void) { return 0; }\n");
	scratch_run(CC "-o plain main.c");
	return 0;
}

static void check(const char *program, enum preflight_verdict verdict,
		  const char *said)
{
	struct preflight p;

	preflight_check(&p, program);
	assert_non_null(p.message);
	if (p.verdict != verdict)
		print_error("%s\n", p.message);
	assert_int_equal(p.verdict, verdict);
	if (verdict == PREFLIGHT_OK)
		assert_string_equal(p.message, "");
	else if (!strstr(p.message, said))
		fail_msg("\"%s\" lacks \"%s\"", p.message, said);
	preflight_release(&p);
}

/* The verdict in a process of a user without privileges. */
static int check_as_nobody(const char *program)
{
	struct preflight p;
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (getuid() == 0 &&
		    (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY)))
			_exit(NOT_RUN);
		preflight_check(&p, program);
		_exit((int)p.verdict);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void write_script(const char *name, const char *text)
{
	scratch_write(name, text);
	assert_int_equal(chmod(name, 0755), 0);
}

/* A copy of ./plain as `name` with `size` bytes at `offset` replaced. */
static void patch(const char *name, off_t offset, const void *bytes,
		  size_t size)
{
	int fd;

	scratch_run("cp plain %s", name);
	fd = open(name, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, size, offset), (ssize_t)size);
	close(fd);
}

static void ordinary_programs_can_be_recorded(void **state)
{
	struct preflight p;

	(void)state;
	check("./plain", PREFLIGHT_OK, "");
	preflight_check(&p, "sh");
	assert_int_equal(p.verdict, PREFLIGHT_OK);
	assert_int_equal(p.program[0], '/');
	assert_string_equal(p.program, p.binary);
	preflight_release(&p);
	scratch_run(CC "-no-pie -o fixed main.c");
	check("./fixed", PREFLIGHT_OK, "");
}

static void missing_programs_are_named(void **state)
{
	(void)state;
	check("no-such-program-1", PREFLIGHT_NOT_FOUND, "not found in PATH");
	check("./no-such", PREFLIGHT_NOT_FOUND, "./no-such does not exist");
	check("./plain/x", PREFLIGHT_NOT_FOUND, "Not a directory");
	check("", PREFLIGHT_NOT_FOUND, "");
}

static void path_is_searched_as_exec_does(void **state)
{
	char *old = strdup(getenv("PATH"));
	struct preflight p;

	(void)state;
	scratch_run("mkdir -p one/tool two && cp plain two/tool && "
		    "cp plain one/other && chmod 644 one/other");
	setenv("PATH", "one:two:", 1);
	preflight_check(&p, "tool");
	assert_int_equal(p.verdict, PREFLIGHT_OK);
	assert_string_equal(p.program, "two/tool");
	preflight_release(&p);
	check("other", PREFLIGHT_NOT_EXECUTABLE, "other cannot be executed");
	check("plain", PREFLIGHT_OK, "");
	unsetenv("PATH");
	check("sh", PREFLIGHT_OK, "");
	check("tool", PREFLIGHT_NOT_FOUND, "");
	setenv("PATH", old, 1);
	free(old);
}

static void directories_and_plain_files_are_refused(void **state)
{
	(void)state;
	check("/", PREFLIGHT_DIRECTORY, "is a directory");
	check("./main.c", PREFLIGHT_NOT_EXECUTABLE, "chmod +x");
	write_script("text", "echo hello\n");
	check("./text", PREFLIGHT_NOT_ELF, "neither an ELF program");
	write_script("empty", "");
	check("./empty", PREFLIGHT_NOT_ELF, "neither an ELF program");
}

static void unreadable_programs_are_refused(void **state)
{
	(void)state;
	scratch_run("cp plain unreadable && chmod 0111 unreadable");
	assert_int_equal(check_as_nobody("./unreadable"), PREFLIGHT_UNREADABLE);
}

static void scripts_are_followed(void **state)
{
	struct preflight p;

	(void)state;
	write_script("good", "#! /bin/sh -e\n");
	preflight_check(&p, "./good");
	assert_int_equal(p.verdict, PREFLIGHT_OK);
	assert_string_equal(p.program, "./good");
	assert_string_equal(p.binary, "/bin/sh");
	preflight_release(&p);
	write_script("env", "#!/usr/bin/env -S A=1 sh -e\n");
	preflight_check(&p, "./env");
	assert_int_equal(p.verdict, PREFLIGHT_OK);
	assert_non_null(strstr(p.binary, "/sh"));
	preflight_release(&p);
}

static void bad_interpreters_are_named_with_their_script(void **state)
{
	(void)state;
	write_script("gone", "#!/no/such/interpreter\n");
	check("./gone", PREFLIGHT_NOT_FOUND,
	      "/no/such/interpreter (the interpreter of ./gone)");
	write_script("envgone", "#!/usr/bin/env no-such-interpreter\n");
	check("./envgone", PREFLIGHT_NOT_FOUND, "no-such-interpreter");
	write_script("dir", "#!/\n");
	check("./dir", PREFLIGHT_DIRECTORY, "(the interpreter of ./dir)");
	write_script("blank", "#!  \n");
	check("./blank", PREFLIGHT_NOT_ELF, "");
}

static void scripts_nest_four_deep(void **state)
{
	(void)state;
	write_script("s1", "#!./plain\n");
	write_script("s2", "#!./s1\n");
	write_script("s3", "#!./s2\n");
	write_script("s4", "#!./s3\n");
	write_script("s5", "#!./s4\n");
	check("./s4", PREFLIGHT_OK, "");
	check("./s5", PREFLIGHT_SCRIPT_DEPTH, "more than 4 deep");
	write_script("loop", "#!./loop\n");
	check("./loop", PREFLIGHT_SCRIPT_DEPTH, "more than 4 deep");
}

static void other_machines_are_refused(void **state)
{
	const uint16_t machine = EM_AARCH64;
	const unsigned char class = ELFCLASS32;

	(void)state;
	patch("arm", offsetof(Elf64_Ehdr, e_machine), &machine,
	      sizeof(machine));
	check("./arm", PREFLIGHT_MACHINE, "64-bit program for ELF machine 183");
	patch("narrow", EI_CLASS, &class, 1);
	check("./narrow", PREFLIGHT_MACHINE, "32-bit");
}

static void static_programs_are_refused(void **state)
{
	(void)state;
	scratch_run(CC "-static -o static main.c");
	check("./static", PREFLIGHT_STATIC, "without -static");
	scratch_run(CC "-static-pie -o static-pie main.c");
	check("./static-pie", PREFLIGHT_STATIC, "without -static-pie");
	write_script("static-script", "#!./static\n");
	check("./static-script", PREFLIGHT_STATIC,
	      "./static (the interpreter of ./static-script)");
}

/* As the loader found it from where we are, and what it did not find. */
static void libraries_are_read_as_the_loader_names_them(void **state)
{
	char list[] = "\tlinux-vdso.so.1 (0x00007ffc0000000)\n"
		      "\tliba.so => ./liba.so (0x00007f0000000000)\n"
		      "\tlibb.so => sub/libb.so (0x00007f0000000000)\n"
		      "\t./libc.so (0x00007f0000000000)\n"
		      "\tlibh.so (0x00007f0000000000)\n"
		      "\tlibd.so => /lib/libd.so (0x00007f0000000000)\n"
		      "\t/lib64/ld.so (0x00007f0000000000)\n"
		      "\t./libe.so => not found\n"
		      "\tlibf.so.1 (VERSION_1) => /lib/libf.so.1\n";
	static const char *const near[] = { "/liba.so", "/sub/libb.so",
					    "/libc.so", "/libh.so" };
	FILE *f = fmemopen(list, strlen(list), "r");
	char *here = getcwd(NULL, 0);
	struct libraries l = { 0 };

	(void)state;
	libraries_read(&l, f);
	assert_int_equal(l.count, 7);
	for (size_t i = 0; i < 4; i++) {
		assert_memory_equal(l.list[i].path, here, strlen(here));
		assert_string_equal(l.list[i].path + strlen(here), near[i]);
	}
	assert_string_equal(l.list[4].path, "/lib/libd.so");
	assert_string_equal(l.list[5].path, "/lib64/ld.so");
	assert_string_equal(l.list[6].name, "./libe.so");
	assert_null(l.list[6].path);
	libraries_release(&l);
	fclose(f);
	free(here);
}

static void libraries_are_refused_but_the_loader_is_not(void **state)
{
	struct preflight p;

	(void)state;
	scratch_run(CC "-shared -fPIC -o lib.so main.c");
	check("./lib.so", PREFLIGHT_LIBRARY, "is a shared library");
	preflight_check(&p, "./plain");
	check(p.elf.interpreter, PREFLIGHT_OK, "");
	preflight_release(&p);
}

static void other_loaders_are_refused(void **state)
{
	(void)state;
	scratch_run(CC "-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1 "
		       "-o musl main.c");
	check("./musl", PREFLIGHT_MUSL, "/lib/ld-musl-x86_64.so.1");
	scratch_run(CC "-Wl,--dynamic-linker=/no/loader.so -o odd main.c");
	check("./odd", PREFLIGHT_LOADER_MISSING, "/no/loader.so");
}

static void own_malloc_is_refused(void **state)
{
	(void)state;
	scratch_write("own.c",
		      "#include <stddef.h>\n"
		      "static char pool[4096];\n"
		      "void *malloc(size_t n) { return n ? pool : 0; }\n"
		      "int main(void) { return !malloc(1); }\n");
	scratch_run(CC "-fno-builtin -rdynamic -o own own.c");
	check("./own", PREFLIGHT_OWN_MALLOC, "defines malloc itself");
}

static void sanitizers_are_refused(void **state)
{
	(void)state;
	scratch_run(CC "-fsanitize=address -o asan main.c");
	check("./asan", PREFLIGHT_SANITIZER, "AddressSanitizer");
	scratch_run(CC "-fsanitize=address -static-libasan -o sasan main.c");
	check("./sasan", PREFLIGHT_SANITIZER, "AddressSanitizer");
	scratch_run(CC "-fsanitize=leak -o lsan main.c");
	check("./lsan", PREFLIGHT_SANITIZER, "LeakSanitizer");
	scratch_run(CC "-fsanitize=undefined -o ubsan main.c");
	check("./ubsan", PREFLIGHT_OK, "");
}

static void asking_for_a_sanitizer_is_no_sanitizer(void **state)
{
	(void)state;
	scratch_write("weak.c",
		      "__attribute__((weak)) void __asan_init(void);\n"
		      "int main(void) { return __asan_init != 0; }\n");
	scratch_run(CC "-o weak weak.c");
	check("./weak", PREFLIGHT_OK, "");
}

static void need_root(void)
{
	if (getuid() != 0)
		skip();
}

static void setuid_matters_where_it_changes_the_user(void **state)
{
	(void)state;
	need_root();
	scratch_run("cp plain suid-nobody && chown 65534 suid-nobody && "
		    "chmod u+s suid-nobody");
	scratch_run("cp plain suid-root && chmod u+s suid-root");
	check("./suid-nobody", PREFLIGHT_PRIVILEGE, "is setuid");
	check("./suid-root", PREFLIGHT_OK, "");
	assert_int_equal(check_as_nobody("./suid-nobody"), PREFLIGHT_OK);
	assert_int_equal(check_as_nobody("./suid-root"), PREFLIGHT_PRIVILEGE);
}

static void setgid_matters_where_it_changes_the_group(void **state)
{
	(void)state;
	need_root();
	scratch_run("cp plain sgid && chgrp 65534 sgid && chmod g+s sgid");
	check("./sgid", PREFLIGHT_PRIVILEGE, "is setgid");
	assert_int_equal(check_as_nobody("./sgid"), PREFLIGHT_OK);
	/* Without group execution the bit means locking. */
	scratch_run("chmod g-x sgid");
	check("./sgid", PREFLIGHT_OK, "");
}

static void capabilities_matter_to_users_but_root(void **state)
{
	struct vfs_cap_data caps = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data[0].permitted = 1u << CAP_NET_RAW,
	};

	(void)state;
	need_root();
	scratch_run("cp plain capable");
	if (setxattr("capable", "security.capability", &caps, sizeof(caps), 0))
		skip();
	check("./capable", PREFLIGHT_OK, "");
	assert_int_equal(check_as_nobody("./capable"), PREFLIGHT_PRIVILEGE);
	caps.magic_etc = VFS_CAP_REVISION_2;
	caps.data[0] = (typeof(caps.data[0])){ .inheritable = 1 };
	assert_int_equal(
	    setxattr("capable", "security.capability", &caps, sizeof(caps), 0),
	    0);
	assert_int_equal(check_as_nobody("./capable"), PREFLIGHT_OK);
}

static void control_characters_are_escaped(void **state)
{
	(void)state;
	check("./a\n\x1b[31mb", PREFLIGHT_NOT_FOUND, "./a\\n\\x1b[31mb");
}

static void damaged_files_are_survived(void **state)
{
	const uint64_t far = UINT64_MAX - 8;

	(void)state;
	for (unsigned size = 1; size < 1024; size += 37) {
		scratch_run("cp plain cut && truncate -s %u cut", size);
		check_as_nobody("./cut");
	}
	patch("far", offsetof(Elf64_Ehdr, e_phoff), &far, sizeof(far));
	assert_int_equal(check_as_nobody("./far"), PREFLIGHT_CUT);
	/* p_offset and p_filesz of the second program header, PT_INTERP */
	patch("offset", 64 + 56 + 8, &far, sizeof(far));
	assert_int_equal(check_as_nobody("./offset"), PREFLIGHT_CUT);
	patch("size", 64 + 56 + 32, &far, sizeof(far));
	assert_int_equal(check_as_nobody("./size"), PREFLIGHT_CUT);
}

/* A program header and three section headers, as a damaged file has them. */
static void make_strange(const char *name, size_t interpreter)
{
	struct {
		Elf64_Ehdr e;
		Elf64_Phdr p;
		Elf64_Shdr s[4];
		Elf64_Dyn d[2];
		char names[16];
	} f = { 0 };
	char *text = malloc(interpreter);
	FILE *out = fopen(name, "w");

	memcpy(f.e.e_ident, ELFMAG, SELFMAG);
	f.e.e_ident[EI_CLASS] = ELFCLASS64;
	f.e.e_ident[EI_DATA] = ELFDATA2LSB;
	f.e.e_ident[EI_VERSION] = EV_CURRENT;
	f.e.e_version = EV_CURRENT;
	f.e.e_machine = EM_X86_64;
	f.e.e_type = ET_DYN;
	f.e.e_ehsize = sizeof(f.e);
	f.e.e_phoff = sizeof(f.e);
	f.e.e_phentsize = sizeof(f.p);
	f.e.e_phnum = 1;
	f.e.e_shoff = sizeof(f.e) + sizeof(f.p);
	f.e.e_shentsize = sizeof(f.s[0]);
	f.e.e_shnum = 4;
	f.e.e_shstrndx = 1;
	f.p.p_type = PT_INTERP;
	f.p.p_offset = sizeof(f);
	f.p.p_filesz = interpreter;
	f.d[0].d_tag = DT_NEEDED;
	f.d[0].d_un.d_val = 1;
	memcpy(f.names + 1, "libx.so", 8);
	f.s[1].sh_type = SHT_STRTAB;
	f.s[1].sh_offset = (uint64_t)(f.names - (char *)&f);
	f.s[1].sh_size = sizeof(f.names);
	for (int i = 2; i < 4; i++) {
		f.s[i].sh_type = SHT_DYNAMIC;
		f.s[i].sh_offset = (uint64_t)((char *)f.d - (char *)&f);
		f.s[i].sh_size = sizeof(f.d);
		f.s[i].sh_entsize = sizeof(f.d[0]);
		f.s[i].sh_link = 1;
	}
	assert_non_null(out);
	assert_non_null(text);
	memset(text, 'x', interpreter);
	fwrite(&f, sizeof(f), 1, out);
	fwrite(text, interpreter, 1, out);
	assert_int_equal(fclose(out), 0);
	free(text);
}

static void what_a_file_has_too_often_or_too_long_is_cut(void **state)
{
	struct elf_file e;

	(void)state;
	make_strange("strange", 100000);
	assert_int_equal(elf_file_read(&e, "strange"), 0);
	assert_int_equal(strlen(e.interpreter), PATH_MAX);
	assert_int_equal(e.needed_count, 1);
	assert_string_equal(e.needed[0], "libx.so");
	elf_file_release(&e);
}

static void only_regular_files_are_opened(void **state)
{
	struct elf_file e;
	int fd;

	(void)state;
	scratch_run("mkfifo pipe");
	assert_int_equal(regular_file_open("pipe"), -EINVAL);
	assert_int_equal(regular_file_open("/dev/tty"), -EINVAL);
	assert_int_equal(regular_file_open("/"), -EINVAL);
	assert_int_equal(regular_file_open("/proc/version"), -EINVAL);
	assert_int_equal(regular_file_open("nothing"), -ENOENT);
	assert_int_equal(elf_file_read(&e, "pipe"), -ENOEXEC);
	fd = regular_file_open("plain");
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_programs_can_be_recorded),
		cmocka_unit_test(missing_programs_are_named),
		cmocka_unit_test(path_is_searched_as_exec_does),
		cmocka_unit_test(directories_and_plain_files_are_refused),
		cmocka_unit_test(unreadable_programs_are_refused),
		cmocka_unit_test(scripts_are_followed),
		cmocka_unit_test(bad_interpreters_are_named_with_their_script),
		cmocka_unit_test(scripts_nest_four_deep),
		cmocka_unit_test(other_machines_are_refused),
		cmocka_unit_test(static_programs_are_refused),
		cmocka_unit_test(libraries_are_read_as_the_loader_names_them),
		cmocka_unit_test(libraries_are_refused_but_the_loader_is_not),
		cmocka_unit_test(other_loaders_are_refused),
		cmocka_unit_test(own_malloc_is_refused),
		cmocka_unit_test(sanitizers_are_refused),
		cmocka_unit_test(asking_for_a_sanitizer_is_no_sanitizer),
		cmocka_unit_test(setuid_matters_where_it_changes_the_user),
		cmocka_unit_test(setgid_matters_where_it_changes_the_group),
		cmocka_unit_test(capabilities_matter_to_users_but_root),
		cmocka_unit_test(control_characters_are_escaped),
		cmocka_unit_test(damaged_files_are_survived),
		cmocka_unit_test(what_a_file_has_too_often_or_too_long_is_cut),
		cmocka_unit_test(only_regular_files_are_opened),
	};

	return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
