/* SPDX-License-Identifier: MIT */
/* Which stores are there, in order, and whose processes still are. */
#include <fcntl.h>
#include <refknot/store.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "live.h"
#include "path_safety.h"
#include "scratch.h"

static void write_store_of(const struct live *l, const char *name, pid_t pid,
			   uint64_t start, uint32_t flags)
{
	struct store_header h = { .magic = STORE_MAGIC,
				  .state = STORE_RUNNING,
				  .start_mono_ns = 1 + start,
				  .meta.flags = flags,
				  .meta.pid = (uint32_t)pid,
				  .meta.start_ns = start };
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", l->directory, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(&h, sizeof(h), 1, f), 1);
	assert_int_equal(fclose(f), 0);
}

static void write_store(const struct live *l, const char *name, pid_t pid,
			uint64_t start)
{
	write_store_of(l, name, pid, start, 0);
}

/* A process that maps the store of that name and stays until killed. */
static pid_t keep_mapped(const struct live *l, const char *name)
{
	char path[4096], byte;
	int ready[2], fd;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/%s", l->directory, name);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* should a test fail */
		fd = open(path, O_RDWR | O_CREAT, 0600);
		if (ftruncate(fd, 4096) ||
		    mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) ==
			MAP_FAILED ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void empty_directory(const struct live *l)
{
	scratch_run("rm -f '%s'/*", l->directory);
}

static void the_directory_is_private_and_goes_when_empty(void **state)
{
	struct live l;
	struct stat st;
	char *path;

	(void)state;
	assert_int_equal(live_open(&l, "."), 0);
	assert_int_equal(l.directory[0], '/');
	assert_int_equal(stat(l.directory, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_true(live_room(&l) > 0);
	path = strdup(l.directory);
	assert_true(live_close(&l));
	assert_int_equal(access(path, F_OK), -1);
	free(path);
}

static void a_place_that_others_can_change_is_known(void **state)
{
	(void)state;
	scratch_run(
	    "rm -rf * && mkdir -p a/b && ln -s a/b l && chmod 755 a a/b");
	assert_false(path_safety_replaceable("."));
	assert_false(path_safety_replaceable("a/b"));
	scratch_run("chmod 777 a");
	assert_true(path_safety_replaceable("a"));
	assert_true(path_safety_replaceable("a/b"));
	assert_true(path_safety_replaceable("l"));
	scratch_run("chmod 1777 a");
	assert_false(path_safety_replaceable("a/b"));
	scratch_run("chmod 775 a/b");
	assert_true(path_safety_replaceable("l"));
	assert_true(path_safety_replaceable("none"));
	scratch_run("rm -rf *");
}

static void a_directory_with_a_store_stays(void **state)
{
	struct live l, again = { .owner = -1 };

	(void)state;
	assert_int_equal(live_open(&l, "."), 0);
	write_store(&l, "a.1.rkn", 1, 1);
	again.directory = strdup(l.directory);
	assert_false(live_close(&l));
	empty_directory(&again);
	assert_true(live_close(&again));
}

static void stores_are_in_order_of_time(void **state)
{
	struct live_store *list;
	size_t count;
	struct live l;

	(void)state;
	assert_int_equal(live_open(&l, "."), 0);
	write_store(&l, "late.rkn", 1 << 29, 300);
	write_store(&l, "early.rkn", 1 << 29, 100);
	write_store(&l, "other.rkn", (1 << 29) + 1, 200);
	list = live_list(&l, &count);
	assert_int_equal(count, 3);
	assert_non_null(strstr(list[0].path, "/early.rkn"));
	assert_non_null(strstr(list[1].path, "/other.rkn"));
	assert_non_null(strstr(list[2].path, "/late.rkn"));
	assert_true(list[0].replaced);
	assert_false(list[1].replaced);
	assert_false(list[2].replaced);
	for (size_t i = 0; i < count; i++) {
		assert_true(list[i].readable);
		assert_false(list[i].alive);
	}
	live_list_release(list, count);
	empty_directory(&l);
	assert_true(live_close(&l));
}

/* Processes are many, and their numbers are used again. */
static void who_was_forked_replaces_nobody(void **state)
{
	struct live_store *list;
	size_t count;
	struct live l;

	(void)state;
	assert_int_equal(live_open(&l, "."), 0);
	write_store_of(&l, "first.rkn", 1 << 29, 100, RKN_META_FORKED);
	write_store_of(&l, "second.rkn", 1 << 29, 200, RKN_META_FORKED);
	list = live_list(&l, &count);
	assert_int_equal(count, 2);
	assert_false(list[0].replaced);
	live_list_release(list, count);
	empty_directory(&l);
	assert_true(live_close(&l));
}

/* Alone its number does not tell: it may have executed something else. */
static void who_has_the_store_mapped_is_alive(void **state)
{
	struct live_store *list;
	struct live l;
	size_t count;
	pid_t pid;

	(void)state;
	assert_int_equal(live_open(&l, "."), 0);
	pid = keep_mapped(&l, "now.rkn");
	write_store(&l, "before.rkn", pid, 100);
	write_store(&l, "now.rkn", pid, 200);
	list = live_list(&l, &count);
	assert_int_equal(count, 2);
	assert_false(list[0].alive);
	assert_true(list[1].alive);
	live_list_release(list, count);
	end(pid);
	list = live_list(&l, &count);
	assert_false(list[1].alive);
	live_list_release(list, count);
	empty_directory(&l);
	assert_true(live_close(&l));
}

static void other_files_are_not_readable(void **state)
{
	struct live_store *list;
	struct live l;
	size_t count;

	(void)state;
	assert_int_equal(live_open(&l, "."), 0);
	scratch_run("echo hello >'%s'/short.rkn", l.directory);
	scratch_run("head -c 9999 /dev/zero >'%s'/zero.rkn", l.directory);
	scratch_run("mkfifo '%s'/pipe.rkn", l.directory);
	scratch_run("touch '%s'/.hidden", l.directory);
	list = live_list(&l, &count);
	assert_int_equal(count, 3);
	assert_false(list[0].readable);
	assert_false(list[1].readable);
	assert_false(list[2].readable);
	live_list_release(list, count);
	scratch_run("rm '%s'/.hidden", l.directory);
	empty_directory(&l);
	assert_true(live_close(&l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_directory_is_private_and_goes_when_empty),
		cmocka_unit_test(a_place_that_others_can_change_is_known),
		cmocka_unit_test(a_directory_with_a_store_stays),
		cmocka_unit_test(stores_are_in_order_of_time),
		cmocka_unit_test(who_was_forked_replaces_nobody),
		cmocka_unit_test(who_has_the_store_mapped_is_alive),
		cmocka_unit_test(other_files_are_not_readable),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
