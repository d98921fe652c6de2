/* SPDX-License-Identifier: MIT */
/* Several recordings in one file: each is found by its name, whatever the others
 * are. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bytes.h"
#include "model.h"
#include "parts.h"
#include "scratch.h"
#include "specimen.h"
#include "sums.h"

#define FILE_NAME "r.rkn"
#define PARTS     4

/* Of each part: its process, its blocks, and its name. */
static const struct {
	uint32_t pid;
	size_t blocks;
	const char *name;
} made[PARTS] = {
	{ 100, 40, "r.rkn" },
	{ 101, 2, "r.rkn:101" },
	{ 100, 20, "r.rkn:100.2" },
	{ 102, 3000, "r.rkn:102" },
};

static struct model specimen_of(size_t i)
{
	struct model m;

	specimen_make(&m, made[i].blocks);
	m.meta.pid = made[i].pid;
	return m;
}

/* Where each part begins, and where the last ends. */
static void make_file(uint64_t ends[PARTS + 1])
{
	struct model_file f = { 0 };

	ends[0] = 0;
	for (size_t i = 0; i < PARTS; i++) {
		struct model m = specimen_of(i);
		char *name = NULL;

		if (i) {
			assert_int_equal(model_file_add(&f, &m, &name), 0);
			assert_string_equal(name, made[i].name);
		} else {
			assert_int_equal(model_file_begin(&f, &m, FILE_NAME),
					 0);
		}
		free(name);
		model_release(&m);
		assert_int_equal(f.count, i + 1);
		ends[i + 1] = f.end;
	}
	model_file_end(&f);
	assert_null(f.path);
}

static void assert_is(size_t i, const char *name)
{
	struct rkn_meta meta;
	struct model m;

	assert_int_equal(model_load(&m, name), 0);
	assert_int_equal(m.meta.pid, made[i].pid);
	assert_int_equal(m.block_count, made[i].blocks);
	assert_string_equal(m.path, name);
	assert_int_equal(model_peek(name, &meta), 0);
	assert_memory_equal(&meta, &m.meta, sizeof(meta));
	model_release(&m);
}

static void each_is_found_by_its_name(void **state)
{
	uint64_t ends[PARTS + 1];
	struct parts p;
	struct model m;

	(void)state;
	make_file(ends);
	assert_int_equal(parts_read(&p, FILE_NAME), 0);
	assert_int_equal(p.count, PARTS);
	for (size_t i = 0; i < PARTS; i++) {
		char *name = parts_name(&p, i, FILE_NAME);

		assert_string_equal(name, made[i].name);
		assert_int_equal(p.list[i].at, ends[i]);
		assert_int_equal(p.list[i].size, ends[i + 1] - ends[i]);
		assert_is(i, name);
		free(name);
	}
	parts_release(&p);
	assert_is(0, "r.rkn:100");
	assert_int_equal(model_load(&m, "r.rkn:103"), -ESRCH);
	assert_non_null(
	    strstr(m.error, "r.rkn:103: the file has no recording"));
	assert_int_equal(model_load(&m, "r.rkn:101.2"), -ESRCH);
	assert_int_equal(model_load(&m, "s.rkn:101"), -ENOENT);
	assert_int_equal(model_load(&m, "r.rkn:x"), -ENOENT);
	assert_int_equal(model_load(&m, "r.rkn:101:"), -ENOENT);
}

static uint32_t flags_of_first(void)
{
	struct rkn_meta meta;

	assert_int_equal(model_peek(FILE_NAME, &meta), 0);
	return meta.flags;
}

static void the_first_says_until_all_are_there(void **state)
{
	struct model_file f = { 0 };
	struct rkn_meta meta;
	struct model m;
	char *name;

	(void)state;
	m = specimen_of(0);
	m.meta.flags |= RKN_META_RUN_OPEN;
	assert_int_equal(model_file_begin(&f, &m, FILE_NAME), 0);
	meta = m.meta;
	model_release(&m);
	assert_true(flags_of_first() & RKN_META_RUN_OPEN);
	/* Who notes something else of it leaves that. */
	meta.flags = RKN_META_JUDGED;
	assert_int_equal(model_note(FILE_NAME, &meta), 0);
	assert_int_equal(flags_of_first(), RKN_META_JUDGED | RKN_META_RUN_OPEN);
	m = specimen_of(1);
	assert_int_equal(model_file_add(&f, &m, &name), 0);
	free(name);
	model_file_complete(&f);
	assert_int_equal(flags_of_first(), RKN_META_JUDGED);
	/* Nor is a recording noted that came there since. */
	meta.start_ns++;
	assert_int_equal(model_note(FILE_NAME, &meta), -ESTALE);
	/* Nothing is added to a file whose name is another's. */
	scratch_run("mv " FILE_NAME " was; cp was " FILE_NAME);
	assert_int_equal(model_file_add(&f, &m, &name), -ESTALE);
	model_release(&m);
	model_file_end(&f);
	scratch_run("rm was");
}

static void a_part_goes_before_a_file_of_its_name(void **state)
{
	uint64_t ends[PARTS + 1];
	char *file;

	(void)state;
	make_file(ends);
	file = parts_file("r.rkn:101");
	assert_string_equal(file, "r.rkn");
	free(file);
	scratch_run("cp r.rkn r.rkn:101; cp r.rkn s.rkn:5");
	assert_is(1, "r.rkn:101");
	assert_true(parts_is_part("r.rkn:101"));
	assert_is(0, "s.rkn:5");
	assert_false(parts_is_part("s.rkn:5"));
	file = parts_file("s.rkn:5");
	assert_string_equal(file, "s.rkn:5");
	free(file);
	scratch_run("rm r.rkn:101 s.rkn:5");
}

static void names_are_known_by_their_form(void **state)
{
	(void)state;
	assert_true(parts_is_name("r.rkn"));
	assert_true(parts_is_name("a b/r.rkn:1"));
	assert_true(parts_is_name("r.rkn:4294967295.12"));
	assert_false(parts_is_name(".rkn"));
	assert_false(parts_is_name("r.rkn:"));
	assert_false(parts_is_name("r.rkn:1.2.3"));
	assert_false(parts_is_name("r.rkn:1x"));
	assert_false(parts_is_name("r:1"));
	assert_false(parts_is_name(":1"));
}

static void recordings_can_be_put_together(void **state)
{
	uint64_t ends[PARTS + 1];

	(void)state;
	make_file(ends);
	scratch_run("head -c %llu r.rkn >one; tail -c +%llu r.rkn >rest; "
		    "cat rest one >r.rkn",
		    (unsigned long long)ends[1],
		    (unsigned long long)ends[1] + 1);
	assert_is(1, "r.rkn");
	assert_is(2, "r.rkn:100");
	assert_is(3, "r.rkn:102");
	assert_is(0, "r.rkn:100.2");
}

/* Where a recording does not say how long it is, its chunks do. */
static void lengths_are_not_needed(void **state)
{
	uint64_t ends[PARTS + 1];
	unsigned char *file;
	size_t size;

	(void)state;
	make_file(ends);
	file = bytes_read(FILE_NAME, &size);
	for (size_t i = 0; i < PARTS; i++) {
		unsigned char *at = file + ends[i];

		memset(at + offsetof(struct rkn_file_header, length), 0, 4);
		sums_mend(at, ends[i + 1] - ends[i]);
	}
	bytes_write(FILE_NAME, file, size);
	for (size_t i = 0; i < PARTS; i++)
		assert_is(i, made[i].name);
	/* Nor where one is wrong: the next is searched for. */
	memset(file + offsetof(struct rkn_file_header, length), 1, 1);
	sums_mend(file, ends[1]);
	bytes_write(FILE_NAME, file, size);
	assert_is(1, made[1].name);
	assert_is(3, made[3].name);
	free(file);
}

static void what_is_behind_one_of_an_older_version_is_none(void **state)
{
	uint64_t ends[PARTS + 1];
	unsigned char *file;
	struct parts p;
	struct model m;
	size_t size;

	(void)state;
	make_file(ends);
	file = bytes_read(FILE_NAME, &size);
	file[offsetof(struct rkn_file_header, minor)] = 7;
	sums_mend(file, ends[1]);
	bytes_write(FILE_NAME, file, size);
	free(file);
	assert_int_equal(parts_read(&p, FILE_NAME), 0);
	assert_int_equal(p.count, 1);
	parts_release(&p);
	assert_int_equal(model_load(&m, FILE_NAME), -EBADMSG);
	assert_non_null(strstr(m.error, "bytes follow the end"));
}

/* Any byte: the parts before and behind are as they were. */
static void a_damaged_byte_costs_one(void **state)
{
	uint64_t ends[PARTS + 1];
	unsigned char *file;
	size_t size;

	(void)state;
	make_file(ends);
	file = bytes_read(FILE_NAME, &size);
	for (uint64_t at = ends[1]; at < ends[2]; at++) {
		struct model m;

		file[at] ^= 0x10;
		bytes_write(FILE_NAME, file, size);
		file[at] ^= 0x10;
		assert_is(0, made[0].name);
		assert_true(model_load(&m, made[1].name));
		assert_is(2, made[2].name);
		assert_is(3, made[3].name);
	}
	free(file);
}

static void a_cut_costs_one(void **state)
{
	uint64_t ends[PARTS + 1];
	struct model m;

	(void)state;
	make_file(ends);
	for (uint64_t size = ends[3] - 1; size > ends[2]; size--) {
		assert_int_equal(truncate(FILE_NAME, (off_t)size), 0);
		assert_is(0, made[0].name);
		assert_is(1, made[1].name);
		assert_int_not_equal(model_load(&m, made[2].name), 0);
		model_release(&m);
		assert_int_equal(model_load(&m, made[3].name), -ESRCH);
	}
}

static void one_that_cannot_be_added_leaves_the_others(void **state)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct model_file f = { 0 };
	struct model m = specimen_of(0);
	struct rlimit limit = all;
	char *name = NULL;
	struct stat st;

	(void)state;
	assert_int_equal(model_file_begin(&f, &m, FILE_NAME), 0);
	model_release(&m);
	m = specimen_of(3);
	signal(SIGXFSZ, SIG_IGN);
	limit.rlim_cur = f.end + 5000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(model_file_add(&f, &m, &name), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
	assert_null(name);
	assert_int_equal(stat(FILE_NAME, &st), 0);
	assert_int_equal(st.st_size, f.end);
	assert_is(0, FILE_NAME);
	assert_int_equal(model_file_add(&f, &m, &name), 0);
	assert_string_equal(name, made[3].name);
	assert_is(3, name);
	free(name);
	model_release(&m);
	model_file_end(&f);
}

static void one_is_noted_and_copied(void **state)
{
	struct rkn_meta meta = { 0 };
	uint64_t ends[PARTS + 1];
	unsigned char *before, *after;
	struct model_file f = { 0 };
	struct model m;
	char *name;
	size_t size;

	(void)state;
	make_file(ends);
	before = bytes_read(FILE_NAME, &size);
	assert_int_equal(model_load(&m, made[2].name), 0);
	m.meta.run_leaks = 7;
	assert_int_equal(model_note(made[2].name, &m.meta), 0);
	assert_int_equal(model_peek(made[2].name, &meta), 0);
	assert_int_equal(meta.run_leaks, 7);
	after = bytes_read(FILE_NAME, &size);
	assert_memory_equal(before, after, ends[2]);
	assert_memory_equal(before + ends[3], after + ends[3], size - ends[3]);
	/* Only it. */
	assert_true(m.packed);
	assert_int_equal(model_file_begin(&f, &m, "copy.rkn"), 0);
	assert_int_equal(f.end, ends[3] - ends[2]);
	m.meta.pid = 9;
	assert_int_equal(model_file_add(&f, &m, &name), 0);
	assert_string_equal(name, "copy.rkn:9");
	meta = m.meta;
	meta.run_leaks = 8;
	assert_int_equal(model_file_note(&f, &meta), 0);
	model_file_end(&f);
	model_release(&m);
	assert_int_equal(model_load(&m, name), 0);
	assert_int_equal(m.meta.run_leaks, 8);
	assert_int_equal(m.block_count, made[2].blocks);
	model_release(&m);
	assert_int_equal(model_load(&m, "copy.rkn"), 0);
	assert_int_equal(m.meta.run_leaks, 7);
	model_release(&m);
	free(name);
	free(before);
	free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_found_by_its_name),
		cmocka_unit_test(the_first_says_until_all_are_there),
		cmocka_unit_test(a_part_goes_before_a_file_of_its_name),
		cmocka_unit_test(names_are_known_by_their_form),
		cmocka_unit_test(recordings_can_be_put_together),
		cmocka_unit_test(lengths_are_not_needed),
		cmocka_unit_test(
		    what_is_behind_one_of_an_older_version_is_none),
		cmocka_unit_test(a_damaged_byte_costs_one),
		cmocka_unit_test(a_cut_costs_one),
		cmocka_unit_test(one_that_cannot_be_added_leaves_the_others),
		cmocka_unit_test(one_is_noted_and_copied),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
