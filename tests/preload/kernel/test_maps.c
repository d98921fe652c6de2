/* SPDX-License-Identifier: MIT */
/* The list of mappings, beside what the kernel writes and what was mapped. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "maps.h"

#define PAGE 4096u
#define LONG                                                                   \
	"0123456789abcdefghijklmnopqrstuvwxyz"                                 \
	"0123456789abcdefghijklmnopqrstuvwxyz"

static char directory[] = "/tmp/test_maps-XXXXXX";

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

static char *map(int protection, int flags, int fd)
{
	char *p = mmap(NULL, 4 * PAGE, protection, flags, fd, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	return p;
}

/* A file of four pages. */
static int make(const char *name, char *path, size_t room)
{
	int fd;

	assert_in_range(snprintf(path, room, "%s/%s", directory, name), 1,
			room - 1);
	fd = open(path, O_CREAT | O_RDWR, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 4 * PAGE), 0);
	return fd;
}

/* Neither writes memory that grows meanwhile. */
static void each_line_is_read_as_the_kernel_wrote_it(void **state)
{
	static char text[1 << 16];
	static struct map list[512];
	unsigned count = 0, seen = 0;
	int fd = open("/proc/self/maps", O_RDONLY);
	size_t size = 0;
	struct maps m;
	ssize_t n;

	(void)state;
	while ((n = read(fd, text + size, sizeof(text) - 1 - size)) > 0)
		size += (size_t)n;
	assert_true(maps_open(&m));
	while (count < 512 && maps_next(&m, &list[count]))
		count++;
	maps_close(&m);
	close(fd);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		const struct map *found = &list[seen++];
		unsigned long start, end, inode;
		char rights[5], name[256] = "";
		size_t length;

		assert_in_range(sscanf(line,
				       "%lx-%lx %4s %*x %*x:%*x %lu %255s",
				       &start, &end, rights, &inode, name),
				4, 5);
		length = strlen(name);
		assert_in_range(seen, 1, count);
		assert_int_equal(found->start, start);
		assert_int_equal(found->end, end);
		assert_int_equal(found->inode, inode);
		assert_int_equal(found->readable, rights[0] == 'r');
		assert_int_equal(found->writable, rights[1] == 'w');
		assert_int_equal(found->executable, rights[2] == 'x');
		assert_int_equal(found->private, rights[3] == 'p');
		assert_string_equal(found->name,
				    name + (length > 63 ? length - 63 : 0));
		assert_false(found->untouched);
		assert_true(found->resident == MAPS_SOMEWHERE);
	}
	assert_int_equal(seen, count);
	assert_true(count > 10);
}

static void a_mapping_is_found_from_its_first_byte_to_its_last(void **state)
{
	char *p = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	uint64_t start = (uint64_t)(uintptr_t)p + PAGE;
	struct map found;

	(void)state;
	assert_int_equal(mprotect(p + PAGE, 2 * PAGE, PROT_READ), 0);
	assert_true(maps_find(start, &found));
	assert_int_equal(found.start, start);
	assert_int_equal(found.end, start + 2 * PAGE);
	assert_true(found.readable && !found.writable && found.private);
	assert_true(maps_find(start + 2 * PAGE - 1, &found));
	assert_int_equal(found.start, start);
	assert_true(maps_find(start - 1, &found));
	assert_int_equal(found.end, start);
	assert_true(maps_find(start + 2 * PAGE, &found));
	assert_int_equal(found.start, start + 2 * PAGE);
	munmap(p, 4 * PAGE);
	assert_false(maps_find(start, &found));
	assert_false(maps_find(0, &found));
}

static struct map sizes_of(const char *at)
{
	uint64_t address = (uint64_t)(uintptr_t)at;
	struct map one = { 0 };
	struct maps m;

	assert_true(maps_open_sizes(&m));
	while (maps_next(&m, &one) &&
	       (address < one.start || address >= one.end))
		continue;
	maps_close(&m);
	assert_in_range(address, one.start, one.end - 1);
	return one;
}

static void what_is_in_memory_is_known(void **state)
{
	char path[256];
	int fd = make("resident", path, sizeof(path));
	char *p = map(PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	struct map one = sizes_of(p);

	(void)state;
	assert_true(one.untouched);
	assert_int_equal(one.resident, 0);
	for (unsigned i = 0; i < 4; i += 3)
		p[i * PAGE] = 1;
	one = sizes_of(p);
	assert_false(one.untouched);
	assert_int_equal(one.resident, 2 * PAGE);
	assert_false(one.private);
	assert_string_equal(one.name, path);
	munmap(p, 4 * PAGE);
	close(fd);
	unlink(path);
}

static void a_path_is_whole_or_none(void **state)
{
	static const char *const names[] = { "short", "two\nlines\n", "a\\012b",
					     LONG };
	char path[256], found[256];

	(void)state;
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int fd = make(names[i], path, sizeof(path));
		char *p = map(PROT_READ, MAP_PRIVATE, fd);
		uint64_t at = (uint64_t)(uintptr_t)p;
		unsigned size = (unsigned)strlen(path) + 1;

		for (unsigned k = 0; names[i][k]; k++)
			size += 3u * (names[i][k] == '\n');
		assert_true(maps_path(at, found, sizeof(found)));
		if (i != 2) /* the kernel writes it as it writes a line's end */
			assert_string_equal(found, path);
		assert_true(maps_path(at + 4 * PAGE - 1, found, size));
		memset(found, 'x', sizeof(found));
		assert_false(maps_path(at, found, size - 1));
		assert_int_equal(found[size - 1], 'x');
		/* Without "/tmp" the rest looks like a path. */
		assert_false(maps_path(at, found, size - 4));
		unlink(path);
		strcat(path, " (deleted)");
		assert_true(maps_path(at, found, sizeof(found)));
		if (i != 2)
			assert_string_equal(found, path);
		munmap(p, 4 * PAGE);
		close(fd);
	}
}

static void what_is_no_file_has_no_path(void **state)
{
	char *p = map(PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char found[256];

	(void)state;
	assert_false(maps_path((uint64_t)(uintptr_t)p, found, sizeof(found)));
	assert_false(maps_path((uint64_t)(uintptr_t)&p, found, sizeof(found)));
	assert_false(maps_path(0, found, sizeof(found)));
	munmap(p, 4 * PAGE);
}

static void the_first_that_ends_behind_is_found(void **state)
{
	struct map list[5] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		list[i].start = 100 * i + 100;
		list[i].end = 100 * i + 150;
	}
	for (uint32_t count = 0; count <= 5; count++)
		for (uint64_t at = 0; at < 700; at += 10) {
			uint32_t expected = 0;

			while (expected < count && list[expected].end <= at)
				expected++;
			assert_int_equal(maps_behind(list, count, at),
					 expected);
			assert_int_equal(maps_behind(list, count, at + 9),
					 expected);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_is_read_as_the_kernel_wrote_it),
		cmocka_unit_test(
		    a_mapping_is_found_from_its_first_byte_to_its_last),
		cmocka_unit_test(what_is_in_memory_is_known),
		cmocka_unit_test(a_path_is_whole_or_none),
		cmocka_unit_test(what_is_no_file_has_no_path),
		cmocka_unit_test(the_first_that_ends_behind_is_found),
	};

	return cmocka_run_group_tests_name("maps", tests, make_directory,
					   remove_directory);
}
