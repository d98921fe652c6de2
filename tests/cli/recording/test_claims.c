/* SPDX-License-Identifier: MIT */
/*
 * Files that claim more than there can be are refused, or read as far as they
 * go, in little memory: each size and count of both forms, in turn.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bytes.h"
#include "model.h"
#include "scratch.h"
#include "specimen.h"
#include "store_maker.h"
#include "sums.h"

#define FILE_NAME "a.rkn"
#define FEW       6            /* blocks */
#define ROOM      (256u << 20) /* bytes above what the test itself has */

static const uint64_t claims[] = { UINT32_MAX, 1ull << 40, 1ull << 60,
				   UINT64_MAX };
#define CLAIMS (sizeof(claims) / sizeof(claims[0]))

static rlim_t used(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu", &pages), 1);
	fclose(f);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static int setup(void **state)
{
	struct rlimit limit;

	if (scratch_setup(state) || getrlimit(RLIMIT_AS, &limit))
		return -1;
#ifdef __SANITIZE_ADDRESS__ /* it takes as much as it likes */
	return 0;
#endif
	limit.rlim_cur = used() + ROOM;
	return setrlimit(RLIMIT_AS, &limit);
}

static int teardown(void **state)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit))
		return -1;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_AS, &limit) || scratch_teardown(state);
}

/* Whatever it says of the file, it is not that memory was wanting. */
static int load(void)
{
	struct model m;
	int error = model_load(&m, FILE_NAME);

	if (error == -ENOMEM || strstr(m.error, "memory"))
		fail_msg("%s", m.error);
	if (error)
		assert_true(m.error[0]);
	model_release(&m);
	return error;
}

static unsigned char *small_file(size_t *size)
{
	struct model m;

	specimen_make(&m, FEW);
	assert_int_equal(model_save(&m, FILE_NAME), 0);
	model_release(&m);
	return bytes_read(FILE_NAME, size);
}

/* --- Chunk headers ---------------------------------------------------------- */

static const size_t fields[] = {
	offsetof(struct rkn_chunk, record_size),
	offsetof(struct rkn_chunk, raw_size),
	offsetof(struct rkn_chunk, stored_size),
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* Claim `value` in those fields of chunk `n` that `mask` has. */
static int load_claim(size_t n, unsigned mask, uint32_t value)
{
	size_t size;
	unsigned char *file = small_file(&size), *at;

	at = sums_chunk(file, size, n);
	assert_non_null(at);
	for (size_t i = 0; i < FIELDS; i++)
		if (mask & 1u << i)
			memcpy(at + fields[i], &value, sizeof(value));
	sums_mend(file, size);
	bytes_write(FILE_NAME, file, size);
	free(file);
	return load();
}

static size_t count_chunks(void)
{
	size_t size, n = 0;
	unsigned char *file = small_file(&size);

	while (sums_chunk(file, size, n))
		n++;
	free(file);
	return n;
}

static void no_size_of_any_chunk_is_believed(void **state)
{
	static const uint32_t values[] = { RKN_CHUNK_MAX, RKN_CHUNK_MAX + 1,
					   1u << 31, UINT32_MAX };
	size_t chunks = count_chunks();

	(void)state;
	assert_int_equal(chunks, RKN_CHUNK_CONTENTS + 1);
	for (size_t n = 0; n < chunks; n++)
		for (unsigned mask = 1; mask < 1u << FIELDS; mask++)
			for (size_t i = 0; i < 4; i++) {
				/* The end has no records of any size. */
				if (n == chunks - 1 && mask == 1)
					continue;
				assert_true(load_claim(n, mask, values[i]) < 0);
			}
}

/* The file ends within a chunk that would unpack to the most there can be. */
static void a_cut_chunk_is_not_unpacked(void **state)
{
	size_t size, chunks = count_chunks();

	(void)state;
	for (size_t n = 0; n < chunks - 1; n++) {
		unsigned char *file = small_file(&size), *at;
		struct rkn_chunk c;

		at = sums_chunk(file, size, n);
		memcpy(&c, at, sizeof(c));
		c.raw_size = RKN_CHUNK_MAX - RKN_CHUNK_MAX % c.record_size;
		c.stored_size = c.raw_size - 1;
		memcpy(at, &c, sizeof(c));
		sums_mend(file, size);
		bytes_write(FILE_NAME, file,
			    (size_t)(at - file) + sizeof(c) + 10);
		free(file);
		assert_int_equal(load(), n ? -ENODATA : -EBADMSG);
	}
}

/* --- Records ----------------------------------------------------------------- */

static const struct {
	size_t array, count, size;
} arrays[] = {
#define ARRAY(a, n)                                                            \
	{                                                                      \
		offsetof(struct model, a), offsetof(struct model, n),          \
		    sizeof(((struct model *)0)->a[0])                          \
	}
	ARRAY(modules, module_count),
	ARRAY(frames, frame_count),
	ARRAY(stacks, stack_count),
	ARRAY(threads, thread_count),
	ARRAY(blocks, block_count),
	ARRAY(edges, edge_count),
	ARRAY(roots, root_count),
	ARRAY(names, name_count),
	ARRAY(objects, object_count),
	ARRAY(references, reference_count),
	ARRAY(events, event_count),
	ARRAY(errors, error_count),
	ARRAY(regions, region_count),
	ARRAY(marks, mark_count),
	ARRAY(census, census_count),
	ARRAY(wide, wide_count),
	ARRAY(frees, free_count),
	ARRAY(places, place_count),
	ARRAY(first, first_count),
	ARRAY(counts, count_count),
	ARRAY(live_frames, live_frame_count),
	ARRAY(tls, tls_count),
	ARRAY(live_threads, live_thread_count),
	ARRAY(mappings, mapping_count),
	ARRAY(pages, page_count),
	ARRAY(arenas, arena_count),
	ARRAY(slack, slack_count),
	ARRAY(mapped_sites, mapped_site_count),
	ARRAY(mapped, mapped_count),
	ARRAY(contents, content_count),
#undef ARRAY
};

/* Each 4 and each 8 bytes of a record, as if they were a count. */
static void claim_in(struct model *m, char *record, size_t size)
{
	char old[8];

	for (size_t at = 0; at < size; at += 4)
		for (size_t width = 4; width <= 8; width += 4) {
			if (at % width || at + width > size)
				continue;
			for (size_t i = width / 8; i < CLAIMS; i++) {
				memcpy(old, record + at, width);
				memcpy(record + at, &claims[i], width);
				assert_int_equal(model_save(m, FILE_NAME), 0);
				load();
				memcpy(record + at, old, width);
			}
		}
}

static void no_number_in_a_record_is_believed(void **state)
{
	struct model m;

	(void)state;
	specimen_make(&m, FEW);
	claim_in(&m, (char *)&m.meta, sizeof(m.meta));
	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		size_t count;
		char *array;

		memcpy(&array, (char *)&m + arrays[i].array, sizeof(array));
		memcpy(&count, (char *)&m + arrays[i].count, sizeof(count));
		assert_true(count > 0);
		claim_in(&m, array + (count - 1) * arrays[i].size,
			 arrays[i].size);
	}
	assert_int_equal(model_save(&m, FILE_NAME), 0);
	assert_int_equal(load(), 0);
	model_release(&m);
}

/* --- Live stores -------------------------------------------------------------- */

static void rewrite(off_t at, const void *data, size_t size)
{
	int fd = open(FILE_NAME, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, size, at), (ssize_t)size);
	close(fd);
}

/* In turn each 8 bytes of a store that are not 0, in a file of `size` bytes. */
static size_t claim_in_store(int finished, off_t size)
{
	size_t bytes, done = 0;
	unsigned char *file;

	store_maker_whole(FILE_NAME, finished);
	file = bytes_read(FILE_NAME, &bytes);
	if (size)
		assert_int_equal(truncate(FILE_NAME, size), 0);
	for (size_t at = 8; at + 8 <= bytes; at += 8) {
		uint64_t old;

		memcpy(&old, file + at, 8);
		if (!old && at >= sizeof(struct store_header))
			continue;
		for (size_t i = 0; i < CLAIMS; i++, done++) {
			rewrite((off_t)at, &claims[i], 8);
			load();
		}
		rewrite((off_t)at, &old, 8);
	}
	free(file);
	return done;
}

static void no_number_in_a_store_is_believed(void **state)
{
	(void)state;
	for (int finished = 0; finished < 2; finished++)
		assert_true(claim_in_store(finished, 0) > 200);
}

/* There all that is claimed may lie in the file. */
static void no_number_in_a_vast_store_is_believed(void **state)
{
	(void)state;
	for (int finished = 0; finished < 2; finished++)
		claim_in_store(finished, (off_t)1 << 38);
}

/* Places and sizes of a table together. */
static void no_table_is_believed(void **state)
{
	(void)state;
	for (int table = 0; table < STORE_TABLES; table++)
		for (size_t i = 0; i < CLAIMS; i++) {
			struct store_table t = { 0 };
			size_t at = offsetof(struct store_header, tables) +
				    (size_t)table * sizeof(t);
			int fd;

			store_maker_whole(FILE_NAME, 1);
			assert_int_equal(truncate(FILE_NAME, 1ll << 38), 0);
			fd = open(FILE_NAME, O_RDONLY);
			assert_int_equal(pread(fd, &t, sizeof(t), (off_t)at),
					 sizeof(t));
			close(fd);
			if (!t.offset)
				t.offset = 4096;
			t.count = t.capacity = claims[i];
			rewrite((off_t)at, &t, sizeof(t));
			load();
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_size_of_any_chunk_is_believed),
		cmocka_unit_test(a_cut_chunk_is_not_unpacked),
		cmocka_unit_test(no_number_in_a_record_is_believed),
		cmocka_unit_test(no_number_in_a_store_is_believed),
		cmocka_unit_test(no_number_in_a_vast_store_is_believed),
		cmocka_unit_test(no_table_is_believed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
