/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cache.h"
#include "cache_room.h"
#include "scratch.h"

#define TEXT "one\ntwo\n"

static char place[4096];

static int fresh(void **state)
{
	(void)state;
	scratch_run("rm -rf cache elsewhere home");
	snprintf(place, sizeof(place), "%s/cache", scratch_line("pwd"));
	setenv("REFKNOT_CACHE", place, 1);
	return 0;
}

static void write_text(const char *name, const char *text)
{
	struct cache *c = cache_open();

	cache_write(c, name, text, strlen(text));
	cache_close(c);
}

/* NULL: nothing is to be found. */
static void assert_text(const char *name, const char *text)
{
	struct cache *c = cache_open();
	size_t size = 0;
	char *found = cache_read(c, name, &size);

	if (text) {
		assert_non_null(found);
		assert_int_equal(size, strlen(text));
		assert_string_equal(found, text);
	} else {
		assert_null(found);
	}
	free(found);
	cache_close(c);
}

static void assert_files(const char *command, const char *list)
{
	assert_string_equal(scratch_line(command), list);
}

static void what_was_written_is_read(void **state)
{
	(void)state;
	assert_text("a", NULL);
	write_text("a", TEXT);
	write_text("b", "");
	assert_text("a", TEXT);
	assert_text("b", "");
	assert_text("c", NULL);
	write_text("a", "new");
	assert_text("a", "new");
	assert_files("echo $(ls -A cache; stat -c %a cache cache/*)",
		     "a.refknot b.refknot 700 600 600");
}

static void reading_leaves_no_directory(void **state)
{
	(void)state;
	assert_text("a", NULL);
	assert_files("ls -d cache 2>/dev/null; echo none", "none");
}

static void place_follows_the_environment(void **state)
{
	char home[4096];

	(void)state;
	snprintf(home, sizeof(home), "%s/home", scratch_line("pwd"));
	scratch_run("mkdir home");
	setenv("HOME", home, 1);
	unsetenv("REFKNOT_CACHE");
	setenv("XDG_CACHE_HOME", "not/absolute", 1);
	write_text("a", TEXT);
	assert_text("a", TEXT);
	assert_files("cat home/.cache/refknot/a.refknot | tail -1", "two");
	snprintf(home, sizeof(home), "%s/home/xdg", scratch_line("pwd"));
	setenv("XDG_CACHE_HOME", home, 1);
	write_text("b", TEXT);
	assert_files("ls -A home/xdg/refknot", "b.refknot");
	setenv("REFKNOT_CACHE", "", 1);
	assert_null(cache_open());
	unsetenv("REFKNOT_CACHE");
	unsetenv("XDG_CACHE_HOME");
	unsetenv("HOME");
	assert_null(cache_open());
	assert_null(cache_read(NULL, "a", NULL));
	cache_write(NULL, "a", TEXT, 3);
	cache_close(NULL);
}

/* Any byte lost or changed, at any place. */
static void damaged_file_is_nothing(void **state)
{
	char bytes[128], copy[128];
	size_t size;
	FILE *f;

	(void)state;
	write_text("a", TEXT);
	f = fopen("cache/a.refknot", "r");
	assert_non_null(f);
	size = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	assert_in_range(size, sizeof(TEXT), sizeof(bytes) - 1);
	for (size_t i = 0; i < 2 * size; i++) {
		memcpy(copy, bytes, size);
		copy[i % size] ^= 4;
		f = fopen("cache/a.refknot", "w");
		assert_non_null(f);
		fwrite(copy, 1, i < size ? size : i - size, f);
		fclose(f);
		assert_text("a", NULL);
	}
	write_text("a", TEXT);
	assert_text("a", TEXT);
}

static void links_and_pipes_are_not_followed(void **state)
{
	(void)state;
	write_text("a", TEXT);
	scratch_run("mv cache/a.refknot target; cp target cache/a.refknot");
	assert_text("a", TEXT);
	scratch_run("ln -sf $PWD/target cache/a.refknot");
	assert_text("a", NULL);
	scratch_run("rm cache/a.refknot; mkfifo cache/a.refknot");
	assert_text("a", NULL); /* not waiting for a writer */
	scratch_run("mv cache elsewhere; ln -s elsewhere cache");
	write_text("b", TEXT);
	assert_text("b", NULL);
	scratch_run("test ! -e elsewhere/b.refknot");
}

static void place_that_others_can_write_to_is_not_used(void **state)
{
	(void)state;
	write_text("a", TEXT);
	scratch_run("chmod 770 cache");
	assert_text("a", NULL);
	write_text("b", TEXT);
	scratch_run("test ! -e cache/b.refknot");
}

static void files_of_another_user_are_not_used(void **state)
{
	(void)state;
	if (geteuid()) {
		print_message("skipped: only root can give files away\n");
		skip();
	}
	write_text("a", TEXT);
	scratch_run("chown 12345 cache/a.refknot");
	assert_text("a", NULL);
	write_text("a", TEXT);
	scratch_run("chown 12345 cache");
	assert_text("a", NULL);
	scratch_run("rm -rf cache; mkdir home; chown 12345 home");
	setenv("HOME", strcat(strcpy(place, scratch_line("pwd")), "/home"), 1);
	unsetenv("REFKNOT_CACHE");
	write_text("a", TEXT); /* as under sudo */
	scratch_run("test ! -e home/.cache");
}

static void file_in_the_place_of_the_directory_is_left_alone(void **state)
{
	(void)state;
	scratch_write("cache", TEXT);
	write_text("a", TEXT);
	assert_text("a", NULL);
	assert_files("head -1 cache", "one");
}

/* As on a full disk: a part of the file can be written. */
static void failed_write_keeps_what_was_there(void **state)
{
	const struct rlimit small = { 64, RLIM_INFINITY };
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	char large[4096] = "";

	(void)state;
	memset(large, 'x', sizeof(large) - 1);
	write_text("a", TEXT);
	signal(SIGXFSZ, SIG_IGN); /* as main() does */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	write_text("a", large);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_text("a", TEXT);
	assert_files("ls -A cache", "a.refknot");
}

static void too_large_is_not_kept(void **state)
{
	struct cache *c = cache_open();
	char *large = calloc(1, CACHE_FILE_MAX);

	(void)state;
	assert_non_null(large);
	cache_write(c, "a", large, CACHE_FILE_MAX);
	cache_close(c);
	free(large);
	assert_text("a", NULL);
}

static void least_used_go_first(void **state)
{
	int directory;

	(void)state;
	scratch_run("mkdir cache; cd cache; for n in 1 2 3 4; do"
		    " printf 12345678 >$n.refknot;"
		    " touch -d 2001-01-0$n $n.refknot; done;"
		    " printf 12345678 >notes; touch -d 2000-01-01 notes;"
		    " touch -a -d 2002-01-01 1.refknot");
	directory = open("cache", O_RDONLY | O_DIRECTORY);
	assert_true(directory >= 0);
	cache_room_make(directory, CACHE_SUFFIX, 32);
	assert_files("echo $(ls cache)",
		     "1.refknot 2.refknot 3.refknot 4.refknot notes");
	cache_room_make(directory, CACHE_SUFFIX, 17);
	assert_files("echo $(ls cache)", "1.refknot 4.refknot notes");
	cache_room_make(directory, CACHE_SUFFIX, 0);
	assert_files("echo $(ls cache)", "notes");
	close(directory);
}

static void write_often(char letter)
{
	char text[8192];

	memset(text, letter, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 300; i++)
		write_text("a", text);
	_exit(0);
}

static void readers_see_whole_files_while_others_write(void **state)
{
	struct cache *c;
	pid_t writers[3];

	(void)state;
	write_text("a", "aaa");
	for (int i = 0; i < 3; i++) {
		writers[i] = fork();
		assert_true(writers[i] >= 0);
		if (!writers[i])
			write_often((char)('a' + i));
	}
	c = cache_open();
	for (int i = 0; i < 1000; i++) {
		size_t size = 0;
		char *text = cache_read(c, "a", &size);

		assert_non_null(text);
		assert_int_equal(strspn(text, (char[]){ text[0], '\0' }), size);
		free(text);
	}
	cache_close(c);
	for (int i = 0; i < 3; i++) {
		int status;

		assert_int_equal(waitpid(writers[i], &status, 0), writers[i]);
		assert_int_equal(status, 0);
	}
	assert_files("ls -A cache", "a.refknot");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_was_written_is_read, fresh),
		cmocka_unit_test_setup(reading_leaves_no_directory, fresh),
		cmocka_unit_test_setup(place_follows_the_environment, fresh),
		cmocka_unit_test_setup(damaged_file_is_nothing, fresh),
		cmocka_unit_test_setup(links_and_pipes_are_not_followed, fresh),
		cmocka_unit_test_setup(
		    place_that_others_can_write_to_is_not_used, fresh),
		cmocka_unit_test_setup(files_of_another_user_are_not_used,
				       fresh),
		cmocka_unit_test_setup(
		    file_in_the_place_of_the_directory_is_left_alone, fresh),
		cmocka_unit_test_setup(failed_write_keeps_what_was_there,
				       fresh),
		cmocka_unit_test_setup(too_large_is_not_kept, fresh),
		cmocka_unit_test_setup(least_used_go_first, fresh),
		cmocka_unit_test_setup(
		    readers_see_whole_files_while_others_write, fresh),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
