/* SPDX-License-Identifier: MIT */
/* Which pages of large mappings were touched, by each way to find out. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "pages.h"
#include "process.h"

#define PAGE    4096ull
#define SIZE    (4ull << 30)
#define NEAR    (64ull << 20) /* what pages_note() looks at, at each end */
#define CHUNK   (16ull << 20) /* and in between at a time */
#define TOUCHED 101           /* more than are told at once */

static char *memory;
static uint64_t start, end;

static int map(void **state)
{
	(void)state;
	process.pid = getpid();
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED || madvise(memory, SIZE, MADV_NOHUGEPAGE))
		return -1;
	start = (uintptr_t)memory;
	end = start + SIZE;
	return 0;
}

static int unmap(void **state)
{
	(void)state;
	return munmap(memory, SIZE);
}

/* Page `i` of those that are touched: the first, the last and some between, at
 * distances that grow. */
static uint64_t touched(unsigned i)
{
	uint64_t at = (uint64_t)i * i * 97 * PAGE;

	return i == TOUCHED - 1 ? SIZE - PAGE : at;
}

static void assert_all_are_found(struct pages *p, uint64_t most_visits)
{
	uint64_t at = start, visits = 0;
	unsigned found = 0;

	for (; (at = pages_next(p, at, end)) < end; at += PAGE, visits++) {
		if (!pages_touched(p, at))
			continue;
		assert_true(found < TOUCHED);
		assert_int_equal(at - start, touched(found));
		found++;
	}
	assert_int_equal(at, end);
	assert_int_equal(found, TOUCHED);
	assert_in_range(visits, TOUCHED, most_visits);
}

static void touched_pages_are_found(void **state)
{
	struct pages p;

	(void)state;
	for (unsigned i = 0; i < TOUCHED; i++)
		memory[touched(i)] = 1;
	pages_open(&p);
	assert_true(pages_known(&p));
	assert_false(pages_touched(&p, start + PAGE));
	assert_int_equal(pages_next(&p, start, start), start);
	/* The last 64 MiB are looked at page by page; older kernels have no
	 * other way for the rest, either. */
	pages_next(&p, start, end);
	assert_all_are_found(&p, p.cannot_scan ? SIZE / PAGE
					       : TOUCHED + NEAR / PAGE + 1);
	p.cannot_scan = true;
	assert_all_are_found(&p, SIZE / PAGE);
	pages_close(&p);
}

/* As after setuid(). */
static void hide(struct pages *p)
{
	pages_open(p);
	pages_close(p);
	p->fd = p->memory = -1;
	p->cannot_scan = true;
}

static void where_nothing_is_told_all_may_be_touched(void **state)
{
	struct pages p;
	char bytes[8];

	(void)state;
	hide(&p);
	assert_false(pages_known(&p));
	assert_true(pages_touched(&p, start));
	assert_true(pages_copied(&p, start, true));
	assert_false(pages_copied(&p, start, false));
	assert_false(pages_read(&p, bytes, start, 8));
	assert_int_equal(pages_next(&p, start + 5, end), start + 5);
	assert_int_equal(pages_next(&p, end, end), end);
}

/* Before Linux 6.7 no page is told without asking for it. */
static void where_nothing_scans_pages_are_asked_for_one_by_one(void **state)
{
	struct pages p;

	(void)state;
	pages_open(&p);
	pages_close(&p);
	p.fd = open("/dev/null", O_RDWR);
	p.memory = -1;
	assert_int_equal(pages_next(&p, start + PAGE, end), start + PAGE);
	assert_true(p.cannot_scan);
	assert_int_equal(pages_next(&p, start + 3 * PAGE, end),
			 start + 3 * PAGE);
	assert_true(pages_touched(&p, start + PAGE)); /* who knows */
	pages_close(&p);
}

static void what_is_only_at_the_ends_leaves_a_hole(void **state)
{
	struct pages p;

	(void)state;
	memory[0] = memory[NEAR - PAGE] = memory[SIZE - NEAR] = 1;
	hide(&p);
	pages_note(&p, start, end, 3 * PAGE);
	assert_int_equal(p.hole_count, 1);
	assert_int_equal(pages_next(&p, start, end), start);
	assert_int_equal(pages_next(&p, start + NEAR, end), end - NEAR);
	assert_int_equal(pages_next(&p, end - NEAR - PAGE, end), end - NEAR);
	assert_int_equal(pages_next(&p, start + NEAR, end - NEAR - PAGE),
			 end - NEAR - PAGE);
	/* One is somewhere else, it cannot be told where. */
	hide(&p);
	pages_note(&p, start, end, 4 * PAGE);
	assert_int_equal(p.hole_count, 0);
	/* Fewer are there than are seen: it has changed. */
	pages_note(&p, start, end, 2 * PAGE);
	pages_note(&p, start, start + (1ull << 30) - PAGE, 2 * PAGE);
	pages_note(&p, start, end, 2 * NEAR + PAGE);
	assert_int_equal(p.hole_count, 0);
}

/* Pages of zeros may be the kernel's own, so that the sum tells nothing. */
static void what_is_between_is_left_out_of_holes(void **state)
{
	const uint64_t at = NEAR + 5 * CHUNK + 7 * PAGE;
	volatile char *zeros = memory;
	struct pages p;

	(void)state;
	memory[0] = 1;
	(void)zeros[3 * PAGE];
	memory[at] = 1;
	hide(&p);
	pages_note(&p, start, end, 2 * PAGE);
	assert_int_equal(p.hole_count, 2);
	assert_int_equal(pages_next(&p, start + NEAR, end),
			 start + NEAR + 5 * CHUNK);
	assert_int_equal(pages_next(&p, start + at, end), start + at);
	assert_int_equal(pages_next(&p, start + NEAR + 6 * CHUNK, end),
			 end - NEAR);
}

static void a_page_that_was_written_is_no_longer_its_files(void **state)
{
	FILE *f = tmpfile();
	struct pages p;
	volatile char *file;
	uint64_t at;

	(void)state;
	assert_non_null(f);
	assert_int_equal(ftruncate(fileno(f), 2 * PAGE), 0);
	file = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		    fileno(f), 0);
	at = (uintptr_t)file;
	(void)file[0];
	file[PAGE] = 1;
	pages_open(&p);
	assert_false(pages_copied(&p, at, true));
	assert_true(pages_copied(&p, at + PAGE, false));
	assert_false(pages_copied(&p, start, true));
	pages_close(&p);
	munmap((void *)at, 2 * PAGE);
	fclose(f);
}

static void what_the_program_may_not_read_is_read(void **state)
{
	struct pages p;
	char bytes[8] = "";

	(void)state;
	memcpy(memory + 100, "hidden", 7);
	assert_int_equal(mprotect(memory, PAGE, PROT_NONE), 0);
	pages_open(&p);
	assert_true(pages_read(&p, bytes, start + 100, 7));
	assert_string_equal(bytes, "hidden");
	assert_false(pages_read(&p, bytes, 0, 8));
	pages_close(&p);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, map, unmap)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(touched_pages_are_found),
		TEST(where_nothing_is_told_all_may_be_touched),
		TEST(where_nothing_scans_pages_are_asked_for_one_by_one),
		TEST(what_is_only_at_the_ends_leaves_a_hole),
		TEST(what_is_between_is_left_out_of_holes),
		TEST(a_page_that_was_written_is_no_longer_its_files),
		TEST(what_the_program_may_not_read_is_read),
	};

	return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
