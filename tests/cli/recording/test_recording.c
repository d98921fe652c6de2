/* SPDX-License-Identifier: MIT */
/* Finished recordings: what is written is read, and nothing else is. */
#include <errno.h>
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
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <cmocka.h>

#include "bytes.h"
#include "model.h"
#include "peak.h"
#include "scratch.h"
#include "specimen.h"
#include "sums.h"

#define FILE_NAME "a.rkn"
#define HEAD_SIZE                                                              \
	(sizeof(struct rkn_file_header) + sizeof(struct rkn_chunk) +           \
	 sizeof(struct rkn_meta))
#define SMALL 20

#define assert_same(a, b, array, count)                                        \
	do {                                                                   \
		assert_int_equal((a)->count, (b)->count);                      \
		assert_memory_equal((a)->array, (b)->array,                    \
				    (a)->count * sizeof((a)->array[0]));       \
	} while (0)

static void assert_same_model(const struct model *a, const struct model *b)
{
	assert_memory_equal(&a->meta, &b->meta, sizeof(a->meta));
	assert_memory_equal(a->limits, b->limits, sizeof(a->limits));
	assert_same(a, b, strings, strings_size);
	assert_same(a, b, modules, module_count);
	assert_same(a, b, frames, frame_count);
	assert_same(a, b, stacks, stack_count);
	assert_same(a, b, threads, thread_count);
	assert_same(a, b, blocks, block_count);
	assert_same(a, b, edges, edge_count);
	assert_same(a, b, roots, root_count);
	assert_same(a, b, gone, gone_count);
	assert_same(a, b, names, name_count);
	assert_same(a, b, objects, object_count);
	assert_same(a, b, references, reference_count);
	assert_same(a, b, events, event_count);
	assert_same(a, b, errors, error_count);
	assert_same(a, b, regions, region_count);
	assert_same(a, b, marks, mark_count);
	assert_same(a, b, census, census_count);
	assert_same(a, b, wide, wide_count);
	assert_same(a, b, frees, free_count);
	assert_same(a, b, places, place_count);
	assert_same(a, b, first, first_count);
	assert_same(a, b, counts, count_count);
	assert_same(a, b, live_frames, live_frame_count);
	assert_same(a, b, live_threads, live_thread_count);
	assert_same(a, b, tls, tls_count);
	assert_same(a, b, points, point_count);
	assert_same(a, b, keys, key_count);
	assert_same(a, b, key_rows, key_row_count);
	assert_same(a, b, lives, life_count);
	assert_same(a, b, mappings, mapping_count);
	assert_same(a, b, pages, page_count);
	assert_same(a, b, arenas, arena_count);
	assert_same(a, b, slack, slack_count);
	assert_same(a, b, mapped_sites, mapped_site_count);
	assert_same(a, b, mapped, mapped_count);
	assert_same(a, b, contents, content_count);
}

static int save_new(const struct model *m, const char *path)
{
	struct model_file f = { 0 };
	int error = model_file_begin_new(&f, m, path);

	model_file_end(&f);
	return error;
}

static void make_file(size_t blocks)
{
	struct model m;

	specimen_make(&m, blocks);
	assert_int_equal(model_save(&m, FILE_NAME), 0);
	model_release(&m);
}

static unsigned char *small_file(size_t *size)
{
	unsigned char *file;

	make_file(SMALL);
	file = bytes_read(FILE_NAME, size);
	assert_non_null(file);
	return file;
}

/* The sentence names the file and says something like `words`. */
static void assert_refused(int error, const char *words)
{
	struct model m;

	assert_int_equal(model_load(&m, FILE_NAME), error);
	if (strncmp(m.error, FILE_NAME ": ", strlen(FILE_NAME) + 2) ||
	    !strstr(m.error, words))
		fail_msg("\"%s\" does not say \"%s\"", m.error, words);
	assert_null(m.path);
	assert_null(m.blocks);
}

static void what_is_saved_is_loaded(void **state)
{
	struct model a, b;

	(void)state;
	specimen_make(&a, 200000); /* two chunks of blocks, two of edges */
	assert_int_equal(model_save(&a, FILE_NAME), 0);
	assert_int_equal(model_load(&b, FILE_NAME), 0);
	assert_string_equal(b.path, FILE_NAME);
	assert_false(b.truncated);
	assert_same_model(&a, &b);
	model_release(&a);
	model_release(&b);
}

static void a_recording_of_nothing_has_the_first_records(void **state)
{
	struct model a = { 0 }, b;

	(void)state;
	a.meta.pid = 12;
	assert_int_equal(model_save(&a, FILE_NAME), 0);
	assert_int_equal(model_load(&b, FILE_NAME), 0);
	assert_int_equal(b.meta.pid, 12);
	assert_int_equal(b.strings_size, 1);
	assert_int_equal(b.frame_count, 1);
	assert_int_equal(b.stack_count, 1);
	assert_int_equal(b.thread_count, 1);
	assert_int_equal(b.block_count, 0);
	model_release(&b);
}

static void texts_and_edges_are_found(void **state)
{
	struct model m;
	size_t first;

	(void)state;
	specimen_make(&m, 100);
	assert_string_equal(model_text(&m, 1), "/usr/bin/program");
	assert_string_equal(model_text(&m, (uint32_t)m.strings_size), "");
	assert_string_equal(model_text(&m, UINT32_MAX), "");
	for (uint32_t b = 0; b < 100; b++) {
		assert_int_equal(model_edges_of(&m, b, &first), 2);
		assert_int_equal(first, 2 * b);
	}
	assert_int_equal(model_edges_of(&m, 100, &first), 0);
	assert_int_equal(model_edges_of(&m, UINT32_MAX, &first), 0);
	model_release(&m);
}

static void offsets_of_4_gib_and_more_are_kept_beside(void **state)
{
	struct model m;

	(void)state;
	specimen_make(&m, SMALL);
	/* Two in one block beyond 32 GiB; and some whose record is missing. */
	m.edges[6].from_word = m.edges[7].from_word = RKN_SEE_WIDE;
	m.edges[6].to_offset = m.edges[9].to_offset = RKN_SEE_WIDE;
	m.roots[8].to_offset = m.roots[9].to_offset = RKN_SEE_WIDE;
	assert_int_equal(model_save(&m, FILE_NAME), 0);
	model_release(&m);
	assert_int_equal(model_load(&m, FILE_NAME), 0);
	assert_int_equal(model_edge_from(&m, &m.edges[6]),
			 8 * ((5ull << 32) + 8));
	assert_int_equal(model_edge_to(&m, &m.edges[6]), (6ull << 32) + 8);
	assert_int_equal(model_edge_to(&m, &m.edges[8]), 0);
	assert_int_equal(model_edge_from(&m, &m.edges[9]), 24);
	assert_int_equal(model_edge_from(&m, &m.edges[7]), 8ull * UINT32_MAX);
	assert_int_equal(model_edge_to(&m, &m.edges[9]), UINT32_MAX);
	assert_int_equal(model_root_to(&m, &m.roots[8]), (6ull << 32) + 4);
	assert_int_equal(model_root_to(&m, &m.roots[9]), UINT32_MAX);
	assert_int_equal(model_root_to(&m, &m.roots[6]), 0);
	model_release(&m);
}

static void the_file_is_the_owners_alone(void **state)
{
	struct stat st;

	(void)state;
	scratch_write(FILE_NAME, "something else");
	make_file(SMALL);
	assert_int_equal(stat(FILE_NAME, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* A save that fails leaves the old file and nothing else. */
static void a_failed_save_leaves_the_old_file(void **state)
{
	const struct rlimit none = { 1000, RLIM_INFINITY };
	struct rlimit before;
	struct model m;

	(void)state;
	specimen_make(&m, 10000);
	scratch_run("rm -f *");
	scratch_write(FILE_NAME, "old");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	setrlimit(RLIMIT_FSIZE, &none);
	assert_int_equal(model_save(&m, FILE_NAME), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_string_equal(scratch_line("ls -A && cat " FILE_NAME), FILE_NAME);
	assert_string_equal(scratch_line("cat " FILE_NAME), "old");
	assert_string_equal(scratch_line("ls -A | wc -l"), "1");
	model_release(&m);
}

static void a_save_replaces_no_directory_and_no_device(void **state)
{
	struct model m;

	(void)state;
	specimen_make(&m, SMALL);
	scratch_run("rm -rf * && mkdir d && mkfifo f");
	assert_int_equal(model_save(&m, "d"), -EISDIR);
	assert_int_equal(model_save(&m, "f"), -EEXIST);
	assert_int_equal(model_save(&m, "none/a.rkn"), -ENOENT);
	scratch_run("ln -s none l && ln -s d k");
	assert_int_equal(model_save(&m, "l"), -EEXIST);
	assert_int_equal(model_save(&m, "k"), -EEXIST);
	scratch_run("rm l k");
	assert_string_equal(scratch_line("ls -A | wc -l"), "2");
	scratch_run("rm -rf *");
	model_release(&m);
}

static void a_new_save_replaces_nothing_at_all(void **state)
{
	static const char *const there[] = { "f", "l", "d", "p" };
	struct model m;

	(void)state;
	specimen_make(&m, SMALL);
	scratch_run(
	    "rm -rf * && echo old >f && ln -s none l && mkdir d && mkfifo p");
	for (size_t i = 0; i < sizeof(there) / sizeof(*there); i++)
		assert_int_equal(save_new(&m, there[i]), -EEXIST);
	assert_string_equal(scratch_line("cat f"), "old");
	assert_string_equal(scratch_line("ls -A | wc -l"), "4");
	assert_int_equal(save_new(&m, "new"), 0);
	assert_int_equal(save_new(&m, "new"), -EEXIST);
	assert_string_equal(scratch_line("stat -c %a new"), "600");
	scratch_run("rm -rf *");
	model_release(&m);
}

/* In place: to make the file anew each time takes a second per 100. */
static void set_byte(size_t at, int byte)
{
	const unsigned char c = (unsigned char)byte;
	int fd = open(FILE_NAME, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, &c, 1, (off_t)at), 1);
	close(fd);
}

static void every_damaged_byte_is_noticed(void **state)
{
	static const int flips[] = { 0x01, 0x80, 0xff };
	unsigned char *file;
	struct model m;
	size_t size;

	(void)state;
	file = small_file(&size);
	for (size_t i = 0; i < size; i++) {
		for (size_t n = 0; n < 3; n++) {
			set_byte(i, file[i] ^ flips[n]);
			if (model_load(&m, FILE_NAME) >= 0 || !m.error[0])
				fail_msg("byte %zu ^ %#x is not noticed", i,
					 (unsigned)flips[n]);
			assert_null(m.path); /* nor taken for a cut */
		}
		set_byte(i, file[i]);
	}
	assert_int_equal(model_load(&m, FILE_NAME), 0);
	model_release(&m);
	free(file);
}

static void assert_part(const struct model *part, const struct model *whole)
{
	assert_true(part->truncated);
	assert_true(strstr(part->error, "cut short") != NULL);
	assert_int_equal(part->meta.flags & RKN_META_SNAPSHOT, 0);
	assert_int_equal(part->meta.pid, whole->meta.pid);
	assert_int_equal(part->edge_count, 0);
	assert_int_equal(part->root_count, 0);
	for (size_t i = 0; i < part->mark_count; i++)
		assert_true(part->marks[i].rows <= part->census_count);
	assert_true(part->block_count <= whole->block_count);
	assert_memory_equal(part->blocks, whole->blocks,
			    part->block_count * sizeof(*part->blocks));
	assert_memory_equal(part->frames, whole->frames,
			    part->frame_count * sizeof(*part->frames));
	assert_int_equal(part->strings[part->strings_size - 1], 0);
}

static void a_file_cut_anywhere_gives_what_stands_before(void **state)
{
	struct model whole, m;
	size_t size, usable = 0, most_blocks = 0;

	(void)state;
	free(small_file(&size));
	specimen_make(&whole, SMALL);
	for (size_t i = size; i-- > 0;) {
		int error;

		assert_int_equal(truncate(FILE_NAME, (off_t)i), 0);
		error = model_load(&m, FILE_NAME);
		if (error >= 0)
			fail_msg("%zu of %zu bytes are enough", i, size);
		if (error != -ENODATA) {
			assert_non_null(strstr(m.error, i ? "cut" : "empty"));
			continue;
		}
		assert_part(&m, &whole);
		usable++;
		if (m.block_count > most_blocks)
			most_blocks = m.block_count;
		model_release(&m);
	}
	assert_true(usable > size / 2);
	assert_int_equal(most_blocks, SMALL);
	model_release(&whole);
}

static void bytes_behind_the_end_are_another_recording(void **state)
{
	unsigned char *file;
	struct model m;
	size_t size;

	(void)state;
	file = small_file(&size);
	file = realloc(file, size + 1);
	file[size] = 'x';
	bytes_write(FILE_NAME, file, size + 1);
	assert_int_equal(model_load(&m, FILE_NAME), 0);
	assert_int_equal(m.size, size);
	model_release(&m);
	assert_true(model_load(&m, FILE_NAME ":0"));
	free(file);
}

/* One field of a model that cannot be, and what is said about it. */
static const struct {
	const char *words;
	size_t array; /* in struct model */
	size_t field; /* in the array */
	size_t size;  /* of the field */
	uint64_t value;
} impossible[] = {
#define ARRAY(a, i, field)                                                     \
	offsetof(struct model, a),                                             \
	    (i) * sizeof(((struct model *)0)->a[0]) +                          \
		offsetof(__typeof__(*((struct model *)0)->a), field),          \
	    sizeof(((struct model *)0)->a[0].field)
	{ "(modules) at byte", ARRAY(modules, 1, path), 1000 },
	{ "ends before it starts", ARRAY(modules, 1, end), 5 },
	{ "build-id", ARRAY(modules, 1, build_id_size), 33 },
	{ "record 3 is wrong: its parent", ARRAY(frames, 3, parent), 3 },
	{ "the root has a parent", ARRAY(frames, 0, parent), 1 },
	{ "its module is unknown", ARRAY(frames, 3, module), 2 },
	{ "its frame is unknown", ARRAY(stacks, 2, frame), 11 },
	{ "its stack is unknown", ARRAY(blocks, 2, stack), 11 },
	{ "its thread is unknown", ARRAY(blocks, 2, thread), 3 },
	{ "its address is not above", ARRAY(blocks, 2, address), 0x1000 },
	{ "overlaps", ARRAY(blocks, 2, size), 1u << 20 },
	{ "beyond the address space", ARRAY(blocks, 2, size), UINT64_MAX },
	{ "starts in is unknown", ARRAY(edges, 39, from), SMALL },
	{ "points to is unknown", ARRAY(edges, 4, to), SMALL },
	{ "record 5 is wrong: it is out of order", ARRAY(edges, 5, from), 1 },
	{ "out of order", ARRAY(edges, 5, from_word), 0 },
	{ "points to is unknown", ARRAY(roots, 4, block), SMALL },
	{ "its kind is unknown", ARRAY(roots, 4, kind), 99 },
	{ "its owner is unknown", ARRAY(roots, 1, owner), 3 },
	{ "it is out of order", ARRAY(roots, 4, kind), RKN_ROOT_GONE },
	{ "beyond the strings", ARRAY(names, 1, text), 1000 },
	{ "thread or type is unknown", ARRAY(objects, 2, type), 3 },
	{ "thread or type is unknown", ARRAY(objects, 2, stack), 11 },
	{ "without a block", ARRAY(objects, 2, block), RKN_NONE },
	{ "its block is unknown", ARRAY(objects, 2, block), SMALL },
	{ "outside its block", ARRAY(objects, 2, address), 1 },
	{ "its generation", ARRAY(objects, 2, generation), 4 },
	{ "an object of it is unknown", ARRAY(references, 2, to), 0 },
	{ "an object of it is unknown", ARRAY(references, 2, from), 8 },
	{ "thread or field is unknown", ARRAY(references, 2, field), 3 },
	{ "its kind is unknown", ARRAY(references, 2, kind), 3 },
	{ "out of order", ARRAY(references, 2, to), 1 },
	{ "its holder is unknown", ARRAY(events, 2, holder), 8 },
	{ "its kind is unknown", ARRAY(events, 2, kind), 6 },
	{ "its kind is unknown", ARRAY(errors, 0, kind), 7 },
	{ "one of its holders is unknown", ARRAY(errors, 0, who.type), 99 },
	{ "one of its holders is unknown", ARRAY(errors, 0, to.field), 99 },
	{ "one of its holders is unknown", ARRAY(errors, 0, other.stack), 99 },
	{ "its thread or name is unknown", ARRAY(regions, 0, name), 3 },
	{ "its stack or type is unknown", ARRAY(regions, 1, stack), 11 },
	{ "its buckets cannot be", ARRAY(regions, 1, series_shift), 64 },
	{ "its buckets cannot be", ARRAY(regions, 1, buckets), 15 },
	{ "its thread or name is unknown", ARRAY(marks, 0, thread), 3 },
	{ "rows are beyond the census", ARRAY(marks, 0, rows), 3 },
	{ "rows are beyond the census", ARRAY(marks, 0, first), 1 },
	{ "its stack or type is unknown", ARRAY(census, 1, type), 3 },
	{ "its stack or thread is unknown", ARRAY(frees, 0, stack), 11 },
	{ "its stack or thread is unknown", ARRAY(frees, 0, freed_stack), 11 },
	{ "its stack or thread is unknown", ARRAY(frees, 0, thread), 9 },
	{ "its kind is unknown", ARRAY(frees, 0, kind), 7 },
	{ "it is not of either a stack or a type", ARRAY(census, 0, type), 1 },
	{ "(places) at byte", ARRAY(places, 1, module), 2 },
	{ "the word that leads there is unknown", ARRAY(places, 1, word), 2 },
	{ "record 4 is wrong: its place is unknown",
	  offsetof(struct model, first), 4 * sizeof(uint32_t), sizeof(uint32_t),
	  3 },
	{ "(counts) at byte", ARRAY(counts, 6, block), SMALL },
	{ "record 2 is wrong: it is out of order", ARRAY(counts, 2, block), 3 },
	{ "(live frames) at byte", ARRAY(live_frames, 1, module), 2 },
	{ "its thread is unknown", ARRAY(live_threads, 1, thread), 3 },
	{ "its frames are unknown", ARRAY(live_threads, 1, first), 4 },
	{ "its frames are unknown", ARRAY(live_threads, 1, frames), 2 },
	{ "its frames are unknown", ARRAY(live_threads, 1, frames),
	  UINT32_MAX },
	{ "(tls) at byte", ARRAY(tls, 0, module), RKN_NONE },
	{ "it ends above the thread pointer", ARRAY(tls, 1, size), 65 },
	{ "(points) at byte", ARRAY(points, 2, time_ns), 99 },
	{ "(key frames) at byte", ARRAY(keys, 1, point.time_ns), 99 },
	{ "beyond the last of key frames", ARRAY(keys, 1, rows), 3 },
	{ "beyond the last of key frames", ARRAY(keys, 1, first), 4 },
	{ "(rows of key frames) at byte", ARRAY(key_rows, 1, stack), 11 },
	{ "(lives) at byte", ARRAY(lives, 1, stack), 11 },
	{ "record 1 is wrong: it is out of order", ARRAY(lives, 1, stack), 0 },
	{ "(mappings) at byte", ARRAY(mappings, 1, start), 0x1000 },
	{ "it ends before it starts", ARRAY(mappings, 0, end), 0x1000 },
	{ "more of it is held", ARRAY(mappings, 0, resident), 1u << 30 },
	{ "more of it is held", ARRAY(mappings, 1, swapped), 0x100001 },
	{ "its kind is unknown", ARRAY(mappings, 2, kind), 6 },
	{ "beyond the strings", ARRAY(mappings, 1, name), 1000 },
	{ "not above those before them", ARRAY(pages, 1, start), 0x3000 },
	{ "end before they start", ARRAY(pages, 1, end), 0x5000 },
	{ "overlaps the one before", ARRAY(arenas, 1, start), 0x7ff000 },
	{ "its top is outside", ARRAY(arenas, 0, top), 0x800000 },
	{ "it ends before it starts", ARRAY(arenas, 1, end), 0x800000 },
	{ "(contents) at byte", ARRAY(contents, 1, block), SMALL },
	{ "its block is smaller", ARRAY(contents, 1, used), 1u << 20 },
	{ "it is out of order", ARRAY(contents, 1, block), 0 },
	{ "(mapped sites) at byte", ARRAY(mapped_sites, 1, stack), 11 },
	{ "(mapped) at byte", ARRAY(mapped, 1, site), 2 },
	{ "its site is unknown", ARRAY(mapped, 0, site), 0 },
	{ "its thread is unknown", ARRAY(mapped, 0, thread), 3 },
	{ "overlaps the one before", ARRAY(mapped, 1, start), 0x1fff },
	{ "(slack) at byte", ARRAY(slack, 1, block), SMALL },
	{ "record 1 is wrong: it is out of order", ARRAY(slack, 1, block), 0 },
	{ "its kind is unknown", ARRAY(wide, 24, kind), 4 },
	{ "pointer that it is about is unknown", ARRAY(wide, 24, index), 40 },
	{ "out of order", ARRAY(wide, 1, index), 0 },
	{ "out of order", ARRAY(wide, 3, kind), RKN_WIDE_EDGE },
	{ "block or pointer that it is about", ARRAY(wide, 26, index), SMALL },
	{ "out of order", ARRAY(wide, 26, to_offset), 8 },
	{ "out of order", ARRAY(wide, 27, kind), RKN_WIDE_ARRAY },
#undef ARRAY
};

static void impossible_records_are_refused(void **state)
{
	struct model m;

	(void)state;
	for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]);
	     i++) {
		char *array;

		specimen_make(&m, SMALL);
		memcpy(&array, (char *)&m + impossible[i].array, sizeof(array));
		memcpy(array + impossible[i].field, &impossible[i].value,
		       impossible[i].size);
		assert_int_equal(model_save(&m, FILE_NAME), 0);
		assert_refused(-EBADMSG, impossible[i].words);
		model_release(&m);
	}
}

static void impossible_meta_is_refused(void **state)
{
	struct model m;

	(void)state;
	specimen_make(&m, SMALL);
	m.meta.message = 1000;
	assert_int_equal(model_save(&m, FILE_NAME), 0);
	assert_refused(-EBADMSG, "meta: record 0");
	m.meta.message = 0;
	m.meta.argument_count = UINT32_MAX;
	assert_int_equal(model_save(&m, FILE_NAME), 0);
	assert_refused(-EBADMSG, "meta: record 0");
	model_release(&m);
}

static void impossible_strings_are_refused(void **state)
{
	struct model m;

	(void)state;
	specimen_make(&m, SMALL);
	m.strings[0] = 'x';
	assert_int_equal(model_save(&m, FILE_NAME), 0);
	assert_refused(-EBADMSG, "text 0 is not empty");
	m.strings[0] = '\0';
	m.strings[m.strings_size - 1] = 'x';
	assert_int_equal(model_save(&m, FILE_NAME), 0);
	assert_refused(-EBADMSG, "the last text has no end");
	model_release(&m);
}

static void its_process_is_read_without_the_rest(void **state)
{
	unsigned char *file;
	struct rkn_meta meta;
	struct model m;
	size_t size;

	(void)state;
	specimen_make(&m, SMALL);
	assert_int_equal(model_save(&m, FILE_NAME), 0);
	assert_int_equal(model_peek(FILE_NAME, &meta), 0);
	assert_memory_equal(&meta, &m.meta, sizeof(meta));
	model_release(&m);
	/* The rest may be anything. */
	file = bytes_read(FILE_NAME, &size);
	memset(file + 300, 0xff, size - 300);
	bytes_write(FILE_NAME, file, size);
	assert_int_equal(model_peek(FILE_NAME, &meta), 0);
	for (size_t i = 0; i < HEAD_SIZE; i++) {
		file[i] ^= 1;
		bytes_write(FILE_NAME, file, HEAD_SIZE);
		assert_int_equal(model_peek(FILE_NAME, &meta), -EPROTO);
		assert_int_equal(model_note(FILE_NAME, &meta), -EPROTO);
		file[i] ^= 1;
		bytes_write(FILE_NAME, file, i);
		assert_int_equal(model_peek(FILE_NAME, &meta), -EPROTO);
	}
	free(file);
	unlink(FILE_NAME);
	assert_int_equal(model_peek(FILE_NAME, &meta), -ENOENT);
	assert_int_equal(model_peek(".", &meta), -EPROTO);
}

/* Version 6 had a shorter record, and compressed it if that gained something. */
static void what_earlier_versions_wrote_is_read_and_left_alone(void **state)
{
	unsigned char *file, *head, packed[256];
	const size_t old = offsetof(struct rkn_meta, script);
	struct rkn_chunk *c;
	struct rkn_meta meta, seen;
	size_t size, after;

	(void)state;
	file = small_file(&size);
	assert_int_equal(model_peek(FILE_NAME, &meta), 0);
	after = sizeof(struct rkn_file_header) + sizeof(*c) + sizeof(meta);
	head = malloc(size);
	assert_non_null(head);
	memcpy(head, file, after - sizeof(meta));
	c = (void *)(head + sizeof(struct rkn_file_header));
	c->record_size = c->raw_size = (uint32_t)old;
	c->stored_size =
	    (uint32_t)ZSTD_compress(packed, sizeof(packed), &meta, old, 1);
	assert_true(c->stored_size < old);
	memcpy(c + 1, packed, c->stored_size);
	memcpy((char *)(c + 1) + c->stored_size, file + after, size - after);
	size = after - sizeof(meta) + c->stored_size + size - after;
	sums_mend(head, size);
	bytes_write(FILE_NAME, head, size);
	assert_int_equal(model_peek(FILE_NAME, &seen), 0);
	assert_memory_equal(&meta, &seen, old);
	assert_int_equal(model_note(FILE_NAME, &meta), -EPROTO);
	free(head);
	free(file);
}

static void what_a_run_found_is_noted_in_place(void **state)
{
	struct model a, b;
	unsigned char *before, *after;
	size_t size, size_after;

	(void)state;
	specimen_make(&a, SMALL);
	assert_int_equal(model_save(&a, FILE_NAME), 0);
	before = bytes_read(FILE_NAME, &size);
	a.meta.run_pid = 4711;
	a.meta.run_ns = 1234567890123;
	a.meta.run_cycles = 3;
	a.meta.run_lost_bytes = 1ull << 40;
	a.meta.flags |= RKN_META_JUDGED;
	assert_int_equal(model_note(FILE_NAME, &a.meta), 0);
	after = bytes_read(FILE_NAME, &size_after);
	assert_int_equal(size_after, size);
	assert_memory_equal(before + HEAD_SIZE, after + HEAD_SIZE,
			    size - HEAD_SIZE);
	assert_int_equal(model_load(&b, FILE_NAME), 0);
	assert_memory_equal(&a.meta, &b.meta, sizeof(a.meta));
	model_release(&a);
	model_release(&b);
	free(before);
	free(after);
	/* A link is not followed to what it leads to. */
	unlink("link.rkn");
	assert_int_equal(symlink(FILE_NAME, "link.rkn"), 0);
	assert_int_equal(model_note("link.rkn", &b.meta), -ELOOP);
	unlink("link.rkn");
}

/* A chunk header that claims the impossible, with the sums right. */
static const struct {
	const char *words;
	enum rkn_chunk_type type;
	size_t field;
	size_t size;
	uint64_t value;
} hostile[] = {
#define FIELD(f)                                                               \
	offsetof(struct rkn_chunk, f), sizeof(((struct rkn_chunk *)0)->f)
	{ "out of proportion", RKN_CHUNK_BLOCKS, FIELD(raw_size), 0xffffffff },
	{ "out of proportion", RKN_CHUNK_META, FIELD(stored_size),
	  sizeof(struct rkn_meta) + 1 },
	{ "instead of 32", RKN_CHUNK_BLOCKS, FIELD(record_size), 0 },
	{ "instead of 32", RKN_CHUNK_BLOCKS, FIELD(record_size), 64 },
	{ "instead of 200", RKN_CHUNK_META, FIELD(record_size), 8 },
	{ "not a whole number", RKN_CHUNK_BLOCKS, FIELD(raw_size),
	  32 * 20 + 1 },
	{ "compressed payload is damaged", RKN_CHUNK_BLOCKS, FIELD(raw_size),
	  RKN_CHUNK_MAX },
	{ "it comes after the threads", RKN_CHUNK_LIMITS, FIELD(type), 1 },
	{ "instead of 24", RKN_CHUNK_EDGES, FIELD(type), RKN_CHUNK_ROOTS },
#undef FIELD
};

static void impossible_chunks_are_refused(void **state)
{
	unsigned char *file, *at;
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		file = small_file(&size);
		at = sums_find(file, size, hostile[i].type);
		assert_non_null(at);
		memcpy(at + hostile[i].field, &hostile[i].value,
		       hostile[i].size);
		sums_mend(file, size);
		bytes_write(FILE_NAME, file, size);
		assert_refused(-EBADMSG, hostile[i].words);
		free(file);
	}
}

static void moved_chunks_are_refused(void **state)
{
	unsigned char *file, *at;
	struct rkn_chunk c;
	size_t size;

	(void)state;
	file = small_file(&size);
	at = sums_find(file, size, RKN_CHUNK_LIMITS);
	memcpy(&c, at, sizeof(c));
	size -= sizeof(c) + c.stored_size;
	memmove(at, at + sizeof(c) + c.stored_size, size - (size_t)(at - file));
	bytes_write(FILE_NAME, file, size);
	assert_refused(-EBADMSG, "chunks are missing or moved");
	free(file);
}

static void first_words_lead_to_places(void **state)
{
	struct model m;

	(void)state;
	make_file(SMALL);
	assert_int_equal(model_load(&m, FILE_NAME), 0);
	assert_ptr_equal(model_first_of(&m, 0), &m.places[0]);
	assert_ptr_equal(model_first_of(&m, 2), &m.places[1]);
	assert_null(model_first_of(&m, 1));
	assert_null(model_first_of(&m, SMALL - 1)); /* it has no record */
	assert_null(model_first_of(&m, SMALL));
	assert_null(model_first_of(&m, RKN_NONE));
	model_release(&m);
}

static void more_first_words_than_blocks_are_refused(void **state)
{
	struct model m;

	(void)state;
	specimen_make(&m, SMALL);
	free(m.first);
	m.first_count = SMALL + 1;
	m.first = calloc(m.first_count, sizeof(*m.first));
	assert_int_equal(model_save(&m, FILE_NAME), 0);
	assert_refused(-EBADMSG, "record 20 is wrong: its block is unknown");
	model_release(&m);
}

static void numbers_that_may_be_counts_are_found(void **state)
{
	struct model m;

	(void)state;
	make_file(SMALL);
	assert_int_equal(model_load(&m, FILE_NAME), 0);
	assert_ptr_equal(model_count_of(&m, 0), &m.counts[0]);
	assert_ptr_equal(model_count_of(&m, 3), &m.counts[1]);
	assert_null(model_count_of(&m, 1));
	assert_null(model_count_of(&m, SMALL));
	assert_null(model_count_of(&m, RKN_NONE));
	model_release(&m);
}

/* What would be no count is not read as one. */
static void a_weak_count_of_0_is_refused(void **state)
{
	struct model m;

	(void)state;
	specimen_make(&m, SMALL);
	m.counts[1].weak = 0;
	assert_int_equal(model_save(&m, FILE_NAME), 0);
	assert_refused(-EBADMSG, "record 1 is wrong: it is not a count");
	model_release(&m);
}

/* Loads a file of that minor version, which had no chunks from `first` on, which
 * are `gone`: it skips them. */
static void load_old(struct model *m, uint16_t minor, enum rkn_chunk_type first,
		     uint16_t gone)
{
	unsigned char *file, *at, *end;
	struct rkn_chunk chunk;
	size_t size;

	file = small_file(&size);
	at = sums_find(file, size, first);
	end = sums_find(file, size, RKN_CHUNK_END);
	assert_non_null(at);
	assert_non_null(end);
	memmove(at, end, sizeof(struct rkn_chunk));
	memcpy(&chunk, at, sizeof(chunk)); /* it need not be aligned */
	chunk.sequence -= gone;
	memcpy(at, &chunk, sizeof(chunk));
	memcpy(file + offsetof(struct rkn_file_header, minor), &minor, 2);
	size = (size_t)(at - file) + sizeof(struct rkn_chunk);
	sums_mend(file, size);
	bytes_write(FILE_NAME, file, size);
	free(file);
	assert_int_equal(model_load(m, FILE_NAME), 0);
	assert_int_equal(m->block_count, SMALL);
	for (uint32_t i = 0; i < SMALL; i++)
		assert_null(model_count_of(m, i));
}

static void files_of_minor_version_4_are_read(void **state)
{
	struct model m;

	(void)state;
	load_old(&m, 4, RKN_CHUNK_PLACES, 6);
	assert_int_equal(m.place_count, 0);
	for (uint32_t i = 0; i < SMALL; i++)
		assert_null(model_first_of(&m, i));
	model_release(&m);
}

static void files_of_minor_version_5_are_read(void **state)
{
	struct model m;

	(void)state;
	load_old(&m, 5, RKN_CHUNK_COUNTS, 4);
	assert_int_equal(m.place_count, 3);
	assert_ptr_equal(model_first_of(&m, 0), &m.places[0]);
	assert_int_equal(m.live_frame_count, 0);
	assert_int_equal(m.live_thread_count, 0);
	assert_int_equal(m.tls_count, 0);
	assert_int_equal(m.mapping_count, 0);
	assert_int_equal(m.page_count, 0);
	assert_int_equal(m.arena_count, 0);
	assert_int_equal(m.slack_count, 0);
	assert_int_equal(m.mapped_site_count, 0);
	assert_int_equal(m.mapped_count, 0);
	assert_int_equal(m.content_count, 0);
	assert_true(m.any_cuts);
	model_release(&m);
}

static void unknown_chunks_are_skipped(void **state)
{
	const uint16_t unknown = 77;
	unsigned char *file, *at;
	struct model m;
	size_t size;

	(void)state;
	file = small_file(&size);
	at = sums_find(file, size, RKN_CHUNK_LIMITS);
	memcpy(at + offsetof(struct rkn_chunk, type), &unknown,
	       sizeof(unknown));
	sums_mend(file, size);
	bytes_write(FILE_NAME, file, size);
	assert_int_equal(model_load(&m, FILE_NAME), 0);
	assert_int_equal(m.limits[RKN_LIMIT_UNKNOWN_FREE], 0);
	assert_int_equal(m.block_count, SMALL);
	model_release(&m);
	free(file);
}

/* A later minor version may add to a record's end: the last columns. */
static void longer_records_of_a_newer_minor_version_are_read(void **state)
{
	const uint16_t minor = RKN_MINOR + 1;
	const struct rkn_chunk c = {
		.type = RKN_CHUNK_LIMITS,
		.record_size = sizeof(struct rkn_limit) + 8,
		.raw_size = sizeof(struct rkn_limit) + 8,
		.stored_size = sizeof(struct rkn_limit) + 8,
	};
	const struct rkn_limit limit = { RKN_LIMIT_NESTED, 0, 5 };
	unsigned char *file, *at;
	struct model m;
	size_t size;

	(void)state;
	file = small_file(&size);
	at = sums_find(file, size, RKN_CHUNK_LIMITS);
	memcpy(at, &c, sizeof(c));
	memcpy(at + sizeof(c), &limit, sizeof(limit));
	memset(at + sizeof(c) + sizeof(limit), 0xee, 8);
	sums_mend(file, size);
	size = (size_t)(at - file) + sizeof(c) + c.stored_size;
	bytes_write(FILE_NAME, file, size);
	assert_refused(-EBADMSG, "24 bytes instead of 16");
	memcpy(file + offsetof(struct rkn_file_header, minor), &minor, 2);
	sums_mend(file, size);
	bytes_write(FILE_NAME, file, size);
	assert_int_equal(model_load(&m, FILE_NAME), -ENODATA);
	assert_int_equal(m.limits[RKN_LIMIT_NESTED], 5);
	model_release(&m);
	free(file);
}

/* A file that ends with ROWS records of a type, of which only `old` bytes are
 * there. The chunk is file[*size - sizeof(struct rkn_chunk) - ROWS * old]. */
enum { ROWS = 2 };
static unsigned char *shorter_file(enum rkn_chunk_type type, const void *rows,
				   size_t row_size, uint32_t old, size_t *size)
{
	const struct rkn_chunk c = {
		.type = (uint16_t)type,
		.record_size = old,
		.raw_size = ROWS * old,
		.stored_size = ROWS * old,
	};
	unsigned char *file, *at, *columns;

	file = small_file(size);
	at = sums_find(file, *size, type);
	*size = (size_t)(at - file) + sizeof(c) + c.stored_size;
	file = realloc(file, *size);
	assert_non_null(file);
	at = file + *size - sizeof(c) - c.stored_size;
	columns = at + sizeof(c);
	memcpy(at, &c, sizeof(c));
	for (size_t i = 0; i < ROWS; i++)
		for (size_t b = 0; b < old; b++)
			columns[b * ROWS + i] =
			    ((const unsigned char *)rows)[i * row_size + b];
	return file;
}

/* Writes it as of a minor version. */
static void write_of_minor(unsigned char *file, size_t size, uint16_t minor)
{
	memcpy(file + offsetof(struct rkn_file_header, minor), &minor, 2);
	sums_mend(file, size);
	bytes_write(FILE_NAME, file, size);
}

static void assert_shorter_are_read(uint16_t minor, uint32_t old)
{
	char refused[64];
	const struct rkn_region rows[ROWS] = {
		{ .stack = RKN_NONE,
		  .type = RKN_NONE,
		  .passes = 7,
		  .other_most = 3 },
		{ .stack = 0, .type = RKN_NONE, .passes = 5, .other_most = -2 },
	};
	const uint32_t half = old / 2;
	unsigned char *file, *at;
	struct model m;
	size_t size;

	file =
	    shorter_file(RKN_CHUNK_REGIONS, rows, sizeof(rows[0]), old, &size);
	at = file + size - sizeof(struct rkn_chunk) - ROWS * (size_t)old;
	write_of_minor(file, size, RKN_MINOR);
	snprintf(refused, sizeof(refused), "%u bytes instead of 432", old);
	assert_refused(-EBADMSG, refused);
	write_of_minor(file, size, minor);
	assert_int_equal(model_load(&m, FILE_NAME), -ENODATA);
	assert_int_equal(m.region_count, ROWS);
	assert_memory_equal(m.regions, rows, sizeof(rows));
	model_release(&m);

	/* But not of any size. */
	memcpy(at + offsetof(struct rkn_chunk, record_size), &half,
	       sizeof(half));
	write_of_minor(file, size, minor);
	snprintf(refused, sizeof(refused), "%u bytes instead of 432", half);
	assert_refused(-EBADMSG, refused);
	free(file);
}

/* Minor version 9 did not note what a process lost of mappings. */
static void a_meta_without_lost_mappings_is_read(void **state)
{
	const size_t old = offsetof(struct rkn_meta, run_lost_mapped);
	const size_t less = sizeof(struct rkn_meta) - old;
	unsigned char *file;
	struct rkn_chunk *c;
	struct model m;
	size_t size;

	(void)state;
	specimen_make(&m, SMALL);
	m.meta.run_leaks = 7;
	m.meta.run_lost_mapped = 4096;
	assert_int_equal(model_save(&m, FILE_NAME), 0);
	model_release(&m);
	file = bytes_read(FILE_NAME, &size);
	memmove(file + HEAD_SIZE - less, file + HEAD_SIZE, size - HEAD_SIZE);
	size -= less;
	c = (void *)(file + sizeof(struct rkn_file_header));
	c->record_size = c->raw_size = c->stored_size = (uint32_t)old;
	write_of_minor(file, size, RKN_MINOR);
	assert_refused(-EBADMSG, "184 bytes instead of 200");
	write_of_minor(file, size, 9);
	assert_int_equal(model_load(&m, FILE_NAME), 0);
	assert_int_equal(m.meta.run_leaks, 7);
	assert_int_equal(m.meta.run_lost_mapped, 0);
	model_release(&m);
	free(file);
}

/* Minor version 8 wrote stacks without what was alive at the peak. */
static void stacks_without_a_peak_are_read(void **state)
{
	const uint32_t old = offsetof(struct rkn_stack, peak_blocks);
	const struct rkn_stack rows[ROWS] = {
		{ 0 },
		{ .allocations = 5, .allocated_bytes = 50, .freed_bytes = 9 },
	};
	unsigned char *file;
	struct model m;
	size_t size;

	(void)state;
	file =
	    shorter_file(RKN_CHUNK_STACKS, rows, sizeof(rows[0]), old, &size);
	write_of_minor(file, size, RKN_MINOR);
	assert_refused(-EBADMSG, "40 bytes instead of 56");
	write_of_minor(file, size, 8);
	assert_int_equal(model_load(&m, FILE_NAME), -ENODATA);
	assert_int_equal(m.stack_count, ROWS);
	assert_memory_equal(m.stacks, rows, sizeof(rows));
	m.cut = 0;
	m.meta.flags &= ~(uint32_t)RKN_META_PEAKS;
	assert_non_null(strstr(peak_why_unknown(&m), "an older refknot"));
	m.meta.flags |= RKN_META_PEAKS;
	assert_null(peak_why_unknown(&m));
	m.cut = RKN_CHUNK_STACKS;
	assert_non_null(strstr(peak_why_unknown(&m), "missing"));
	model_release(&m);
	free(file);
}

/* Minor version 1 wrote regions without their series, 2 and 3 without their
 * place among the passes of the process. */
static void shorter_records_of_an_older_minor_version_are_read(void **state)
{
	(void)state;
	assert_shorter_are_read(1, offsetof(struct rkn_region, grown_since));
	assert_shorter_are_read(3, offsetof(struct rkn_region, first));
}

static void another_major_version_is_refused(void **state)
{
	const uint16_t major = RKN_MAJOR + 1;
	unsigned char *file;
	size_t size;

	(void)state;
	file = small_file(&size);
	memcpy(file + offsetof(struct rkn_file_header, major), &major, 2);
	sums_mend(file, size);
	bytes_write(FILE_NAME, file, size);
	assert_refused(-EPROTO, "use the version that wrote it");
	free(file);
}

static void what_is_no_recording_is_said_to_be_none(void **state)
{
	(void)state;
	scratch_run("rm -rf *");
	assert_refused(-ENOENT, "No such file");
	scratch_write(FILE_NAME, "");
	assert_refused(-EINVAL, "is empty");
	scratch_write(FILE_NAME, "#!/bin/sh\necho an ordinary file\n");
	assert_refused(-EINVAL, "is not a recording");
	scratch_run("rm " FILE_NAME " && mkdir " FILE_NAME);
	assert_refused(-EINVAL, "is a directory");
	scratch_run("rmdir " FILE_NAME " && mkfifo " FILE_NAME);
	assert_refused(-EINVAL, "is not a regular file");
	scratch_run("rm -f *");
}

/* Only what is known of the process may have changed. */
static void a_loaded_recording_is_copied_with_its_end(void **state)
{
	struct model a, b;
	unsigned char *before, *after;
	size_t size, size_after;

	(void)state;
	before = small_file(&size);
	assert_int_equal(model_load(&a, FILE_NAME), 0);
	assert_true(a.packed);
	a.meta.run_pid = 4711;
	a.meta.end = RKN_END_SIGNAL;
	a.meta.end_value = 9;
	assert_int_equal(model_save(&a, "copy"), 0);
	after = bytes_read("copy", &size_after);
	assert_int_equal(size_after, size);
	assert_memory_equal(before + HEAD_SIZE, after + HEAD_SIZE,
			    size - HEAD_SIZE);
	assert_int_equal(model_load(&b, "copy"), 0);
	assert_memory_equal(&a.meta, &b.meta, sizeof(a.meta));
	assert_same_model(&a, &b);
	model_release(&b);
	/* The other way it has the same bytes. */
	a.packed = false;
	assert_int_equal(model_save(&a, "written"), 0);
	scratch_run("cmp copy written");
	/* One that is gone, or is another file now, is no recording. */
	a.packed = true;
	scratch_write(FILE_NAME, "#!/bin/sh\necho an ordinary file\n");
	assert_int_equal(save_new(&a, "new"), -EPROTO);
	scratch_run("rm " FILE_NAME);
	assert_int_equal(save_new(&a, "new"), -ENOENT);
	scratch_run("test \"$(ls -A)\" = \"$(printf 'copy\nwritten')\"");
	scratch_run("rm *");
	model_release(&a);
	free(before);
	free(after);
}

static void a_cut_one_is_written_anew(void **state)
{
	unsigned char *file;
	struct model m;
	size_t size;

	(void)state;
	file = small_file(&size);
	bytes_write(FILE_NAME, file, size - 40);
	assert_int_equal(model_load(&m, FILE_NAME), -ENODATA);
	assert_false(m.packed);
	model_release(&m);
	free(file);
	scratch_run("rm *");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_saved_is_loaded),
		cmocka_unit_test(a_loaded_recording_is_copied_with_its_end),
		cmocka_unit_test(a_cut_one_is_written_anew),
		cmocka_unit_test(a_recording_of_nothing_has_the_first_records),
		cmocka_unit_test(texts_and_edges_are_found),
		cmocka_unit_test(offsets_of_4_gib_and_more_are_kept_beside),
		cmocka_unit_test(the_file_is_the_owners_alone),
		cmocka_unit_test(a_failed_save_leaves_the_old_file),
		cmocka_unit_test(a_save_replaces_no_directory_and_no_device),
		cmocka_unit_test(a_new_save_replaces_nothing_at_all),
		cmocka_unit_test(every_damaged_byte_is_noticed),
		cmocka_unit_test(a_file_cut_anywhere_gives_what_stands_before),
		cmocka_unit_test(bytes_behind_the_end_are_another_recording),
		cmocka_unit_test(impossible_records_are_refused),
		cmocka_unit_test(impossible_meta_is_refused),
		cmocka_unit_test(impossible_strings_are_refused),
		cmocka_unit_test(its_process_is_read_without_the_rest),
		cmocka_unit_test(
		    what_earlier_versions_wrote_is_read_and_left_alone),
		cmocka_unit_test(what_a_run_found_is_noted_in_place),
		cmocka_unit_test(impossible_chunks_are_refused),
		cmocka_unit_test(moved_chunks_are_refused),
		cmocka_unit_test(first_words_lead_to_places),
		cmocka_unit_test(more_first_words_than_blocks_are_refused),
		cmocka_unit_test(numbers_that_may_be_counts_are_found),
		cmocka_unit_test(a_weak_count_of_0_is_refused),
		cmocka_unit_test(files_of_minor_version_4_are_read),
		cmocka_unit_test(files_of_minor_version_5_are_read),
		cmocka_unit_test(unknown_chunks_are_skipped),
		cmocka_unit_test(
		    longer_records_of_a_newer_minor_version_are_read),
		cmocka_unit_test(
		    shorter_records_of_an_older_minor_version_are_read),
		cmocka_unit_test(a_meta_without_lost_mappings_is_read),
		cmocka_unit_test(stacks_without_a_peak_are_read),
		cmocka_unit_test(another_major_version_is_refused),
		cmocka_unit_test(what_is_no_recording_is_said_to_be_none),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
