/* SPDX-License-Identifier: MIT */
#include "store_maker.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "edge_stream.h"

#define PAGE 4096u

static uint64_t round_up(uint64_t n)
{
	return (n + PAGE - 1) / PAGE * PAGE;
}

void store_maker_open(struct store_maker *s, const char *path)
{
	memset(s, 0, sizeof(*s));
	s->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (s->fd < 0)
		die(1, "cannot write %s", path);
	memcpy(s->h.magic, STORE_MAGIC, sizeof(s->h.magic));
	s->h.version = STORE_VERSION;
	s->h.size = sizeof(s->h);
	s->h.state = STORE_RUNNING;
	s->h.peak = 1;
	s->h.granule_shift = 4;
	s->h.meta.pid = 99;
	s->end = round_up(sizeof(s->h));
	s->chunk_count = 1;
}

uint64_t store_maker_take(struct store_maker *s, uint64_t size)
{
	uint64_t offset = s->end;

	s->end += round_up(size);
	return offset;
}

void store_maker_put(struct store_maker *s, uint64_t offset, const void *data,
		     size_t size)
{
	if (pwrite(s->fd, data, size, (off_t)offset) != (ssize_t)size)
		die(1, "cannot write the store");
}

void store_maker_table(struct store_maker *s, enum store_table_number table,
		       const void *records, size_t count, size_t record_size)
{
	s->h.tables[table] = (struct store_table){
		.offset = store_maker_take(s, count * record_size),
		.count = count,
		.capacity = count,
		.record_size = record_size,
	};
	store_maker_put(s, s->h.tables[table].offset, records,
			count * record_size);
}

static uint64_t region_at(struct store_maker *s, uint64_t region)
{
	size_t i = 1;

	while (i < s->chunk_count && s->chunks[i].region != region)
		i++;
	if (i == s->chunk_count) {
		s->chunks[s->chunk_count++] = (struct store_chunk){
			region,
			store_maker_take(
			    s, (STORE_REGION >> s->h.granule_shift) * 8 + PAGE)
		};
	}
	return s->chunks[i].offset;
}

void store_maker_slots(struct store_maker *s, uint64_t address,
		       const uint64_t *slots, size_t count)
{
	uint64_t at = region_at(s, address >> STORE_REGION_SHIFT);

	at += (address & (STORE_REGION - 1)) >> s->h.granule_shift << 3;
	store_maker_put(s, at, slots, count * sizeof(*slots));
}

void store_maker_block(struct store_maker *s, uint64_t address, uint32_t size,
		       uint32_t stack, uint64_t birth, uint32_t thread)
{
	const uint64_t slots[] = {
		STORE_HEAD | STORE_EXTRA |
		    (uint64_t)stack << STORE_STACK_SHIFT |
		    (uint64_t)size << STORE_SIZE_SHIFT,
		birth << STORE_BIRTH_SHIFT | (uint64_t)thread
						 << STORE_THREAD_SHIFT,
	};

	store_maker_slots(s, address, slots, 2);
}

struct store_block store_maker_listed(uint64_t address, uint64_t size,
				      uint32_t stack)
{
	return (struct store_block){
		.place = address | size >> 32 << STORE_PLACE_BITS,
		.head = STORE_HEAD | STORE_EXTRA |
			(uint64_t)stack << STORE_STACK_SHIFT |
			size << STORE_SIZE_SHIFT,
	};
}

void store_maker_close(struct store_maker *s)
{
	if (s->chunk_count > 1)
		store_maker_table(s, STORE_CHUNKS, s->chunks, s->chunk_count,
				  sizeof(s->chunks[0]));
	s->h.used_bytes = s->h.file_bytes = s->end;
	store_maker_put(s, 0, &s->h, sizeof(s->h));
	if (ftruncate(s->fd, (off_t)s->end) || close(s->fd))
		die(1, "cannot write the store");
}

static void add_places(struct store_maker *s)
{
	static const char text[] = "\0/bin/cat\0cat\0/tmp";
	const struct rkn_module modules[] = {
		{ 0 },
		{ 0x1000, 0x2000, 0x1000, 1, 2, { 7, 8 } },
	};
	const struct store_frame frames[] = {
		{ 0 },
		{ 0x1100, 0, 0, 1, 0 },
		{ 0x1200, 1, 0, 1, 1 },
	};
	const struct store_stack stacks[] = { { 0 }, { 2, 0 } };
	const struct rkn_thread threads[] = { { 0 }, { 99, 0, 0, 0 } };

	s->h.meta.program = 1;
	s->h.meta.arguments = 10;
	s->h.meta.argument_count = 2;
	store_maker_table(s, STORE_TEXT, text, sizeof(text), 1);
	store_maker_table(s, STORE_MODULES, modules, 2, sizeof(modules[0]));
	store_maker_table(s, STORE_FRAMES, frames, 3, sizeof(frames[0]));
	store_maker_table(s, STORE_STACKS, stacks, 2, sizeof(stacks[0]));
	store_maker_table(s, STORE_THREADS, threads, 2, sizeof(threads[0]));
}

static void add_area(struct store_maker *s)
{
	const struct store_counter counters[] = {
		{ 0 },
		{ .allocations = 3,
		  .allocated_bytes = 80,
		  .frees = 1,
		  .freed_bytes = 16,
		  .peak = 1,
		  .peak_blocks = 3,
		  .peak_bytes = 80,
		  .lives = { 1, 0, 3 } },
	};
	struct store_area *a = xcalloc(2, sizeof(*a));
	uint64_t page = store_maker_take(s, PAGE);

	store_maker_put(s, page, counters, sizeof(counters));
	a[1].tid = 99;
	a[1].serial = 1;
	a[1].allocations = 3;
	a[1].frees = 1;
	a[1].counters[0] = (uint32_t)(page / PAGE);
	store_maker_table(s, STORE_AREAS, a, 2, sizeof(*a));
	free(a);
}

/* One frame, thread and module of each that is right, and one that is not. */
static void add_live(struct store_maker *s)
{
	const struct rkn_live_frame frames[] = {
		{ 0x1100, 0x7000, 0x7010, 1, 0 },
		{ 0x1200, 0x7020, 0x7010, 2, 0 },
	};
	const struct rkn_live_thread threads[] = {
		{ 0x8000, 0, 1, 0, 2, 0 },
		{ 0x9000, 0, 7, 1, 2, 0 },
	};
	const struct rkn_tls tls[] = {
		{ 32, 16, 1, 0 },
		{ 32, 33, 1, 0 },
		{ 64, 16, 2, 0 },
	};

	store_maker_table(s, STORE_LIVE_FRAMES, frames, 2, sizeof(frames[0]));
	store_maker_table(s, STORE_LIVE_THREADS, threads, 2,
			  sizeof(threads[0]));
	store_maker_table(s, STORE_TLS, tls, 3, sizeof(tls[0]));
}

/* The last record of each but the arenas is wrong; these are in no order. */
static void add_held(struct store_maker *s)
{
	const struct rkn_mapping mappings[] = {
		{ 0x1000, 0x9000, 0x2000, 0, RKN_MAPPING_HEAP, 0 },
		{ 0xa000, 0xb000, 0x2000, 0, RKN_MAPPING_OTHER, 0 },
	};
	const struct rkn_pages pages[] = {
		{ 0x1000, 0x3000 },
		{ 0x3000, 0x4000 },
	};
	const struct rkn_arena arenas[] = {
		{ 0x8000, 0x9000, 0, 1, 0 },
		{ 0x1000, 0x5000, 0x4000, 0, 0 },
	};
	const struct rkn_slack slack[] = { { 1, 16 }, { 0, 16 } };
	const struct rkn_mapped_site sites[] = {
		{ 0, 2, 3, 0x6000, 0x5000, 0x6000, 1 },
		{ 99, 2, 3, 0x6000, 0x5000, 0x6000, 0 },
	};
	/* Number 0 is not used; free, out of order, wrong. */
	const struct store_mapped mapped[] = {
		{ 0 },
		{ .next = 7 },
		{ 0x8000, 0x9000, 1, 0, 99, 0 },
		{ 0x1000, 0x3000, 1, RKN_MAPPED_FILE, 1, 0 },
		{ 0x2000, 0x4000, 1, 0, 0, 0 },
		{ 0xa000, 0xb000, 2, 0, 0, 0 },
	};

	store_maker_table(s, STORE_MAPPINGS, mappings, 2, sizeof(mappings[0]));
	store_maker_table(s, STORE_PAGES, pages, 2, sizeof(pages[0]));
	store_maker_table(s, STORE_ARENAS, arenas, 2, sizeof(arenas[0]));
	store_maker_table(s, STORE_SLACK, slack, 2, sizeof(slack[0]));
	store_maker_table(s, STORE_SITES, sites, 2, sizeof(sites[0]));
	store_maker_table(s, STORE_MAPPED, mapped, 6, sizeof(mapped[0]));
}

void store_maker_edges(struct store_maker *s, const struct rkn_edge *edges,
		       size_t count)
{
	uint8_t *bytes = xcalloc(count + 1, EDGE_STREAM_MOST), *at = bytes;
	struct rkn_edge last = EDGE_STREAM_START;

	for (size_t i = 0; i < count; i++) {
		at = edge_stream_put(at, &last, &edges[i]);
		last = edges[i];
	}
	store_maker_table(s, STORE_EDGES, bytes, (size_t)(at - bytes), 1);
	s->h.edges = count;
	free(bytes);
}

static void add_picture(struct store_maker *s)
{
	const struct store_block blocks[] = {
		store_maker_listed(0x10000, 32, 1),
		store_maker_listed(0x12000, 32, 1),
	};
	const struct rkn_edge edges[] = { { 0, 1, 0, 0 }, { 1, 0, 0, 0 } };
	const struct rkn_root roots[] = {
		{ 0x1800, 0, 0, RKN_ROOT_DATA, 1 },
		{ 0x7000, 1, 8, RKN_ROOT_STACK, 1 },
	};

	/* As the shim meets them. */
	const struct rkn_wide wide[] = {
		{ RKN_WIDE_ROOT, 1, 0, 5ull << 32 },
		{ RKN_WIDE_EDGE, 0, 1, 6ull << 32 },
		{ RKN_WIDE_BASE, 0, 0, 8 },
		{ RKN_WIDE_ARRAY, 1, 0, 16 },
		{ RKN_WIDE_ARRAY, 1, 0, 8 },
		{ RKN_WIDE_BASE, 0, 0, 8 },
	};

	/* One leads to a module that found no room, one to what is no place. */
	const struct rkn_place places[] = {
		{ 0x4010, 1, 0 },
		{ 0x30, 2, 1 },
	};
	const uint32_t first[] = { 0, 7, 1 };
	/* The second is of the block before. */
	const struct rkn_count counts[] = {
		{ 1, 2, 1 },
		{ 0, 1, 1 },
		{ 1, 1, 1 },
	};

	store_maker_table(s, STORE_BLOCKS, blocks, 2, sizeof(blocks[0]));
	store_maker_edges(s, edges, 2);
	store_maker_table(s, STORE_ROOTS, roots, 2, sizeof(roots[0]));
	store_maker_table(s, STORE_WIDE, wide, 6, sizeof(wide[0]));
	store_maker_table(s, STORE_PLACES, places, 2, sizeof(places[0]));
	store_maker_table(s, STORE_FIRST, first, 3, sizeof(first[0]));
	store_maker_table(s, STORE_COUNTS, counts, 3, sizeof(counts[0]));
	add_live(s);
	add_held(s);
	s->h.state = STORE_FINISHED;
	s->h.meta.flags |= RKN_META_SNAPSHOT;
	s->h.meta.end = RKN_END_EXIT;
	s->h.start_mono_ns = 1000;
	s->h.end_mono_ns = 3500;
}

/* The first block is an object that the second holds, whose maker let go. */
static void add_ledger(struct store_maker *s)
{
	const struct store_name names[] = {
		{ 0 }, { .text = 1 }, { .text = 10, .made = 2 }, { .text = 14 }
	};
	struct store_object objects[] = {
		{ 0 },
		{ .address = 0x10000, .type = 2, .serial = 1, .count = 1 },
		{ .address = 0x12000, .type = 2, .serial = 2, .count = 1 },
	};
	const struct store_reference references[] = {
		{ 0 },
		{ .order = 7,
		  .to = 1,
		  .from = 2,
		  .field = 3,
		  .thread = 1,
		  .kind_stack = RKN_REFERENCE << STORE_KIND_SHIFT | 1 },
	};
	/* A ring: the newest is 2, the oldest behind it. */
	const struct store_event events[] = {
		{ 0 },
		{ 7, RKN_EVENT_RETAIN << STORE_KIND_SHIFT | 1, 1, 2, 3, 2, 2 },
		{ 8, RKN_EVENT_RELEASE << STORE_KIND_SHIFT | 1, 1, 0, 0, 1, 1 },
	};
	const struct rkn_error errors[2] = {
		{ 0 },
		{ .count = 3, .kind = RKN_ERROR_RELEASE_AT_ZERO, .type = 2 },
	};

	for (int i = 1; i < 3; i++) {
		objects[i].flags = STORE_OBJECT_LIVE | STORE_OBJECT_TRACKED;
		objects[i].made_stack = objects[i].made_thread = 1;
	}
	objects[2].flags |= STORE_OBJECT_MAKER;
	objects[2].holds = objects[1].references = 1;
	objects[1].events = objects[1].event_count = 2;
	store_maker_table(s, STORE_NAMES, names, 4, sizeof(*names));
	store_maker_table(s, STORE_OBJECTS, objects, 3, sizeof(*objects));
	store_maker_table(s, STORE_REFERENCES, references, 2,
			  sizeof(*references));
	store_maker_table(s, STORE_EVENTS, events, 3, sizeof(*events));
	store_maker_table(s, STORE_ERRORS, errors, 2, sizeof(*errors));
}

static void add_marks(struct store_maker *s)
{
	const struct rkn_region regions[5] = {
		{ 0 },
		{ .name = 3,
		  .thread = 1,
		  .stack = 1,
		  .type = RKN_NONE,
		  .passes = 1,
		  .ended = 1,
		  .least = -1,
		  .most = -1,
		  .series_shift = 64, /* cannot be */
		  .buckets = RKN_REGION_BUCKETS },
		{ .name = 3,
		  .thread = 1,
		  .stack = RKN_NONE,
		  .type = 2,
		  .passes = 1,
		  .made = 1,
		  .least = 1,
		  .most = 1,
		  .grown_until = 1,
		  .buckets = RKN_REGION_BUCKETS,
		  .series = { 1 } },
		{ .name = 3,
		  .thread = 1,
		  .stack = RKN_NONE,
		  .type = RKN_NONE,
		  .begun = 2,
		  .passes = 1 },
		{ .name = 3, .thread = 1 },
	};
	const struct rkn_mark marks[4] = {
		{ 0 },
		{ .name = 3,
		  .time_ns = 20,
		  .number = 2,
		  .first = 2,
		  .rows = 9 },
		{ .name = 3,
		  .time_ns = 10,
		  .number = 1,
		  .first = 1,
		  .rows = 2 },
		{ .name = 3 },
	};
	const struct rkn_census census[3] = {
		{ 0 },
		{ .stack = 1, .type = RKN_NONE, .live = 1, .bytes = 32 },
		{ .stack = RKN_NONE, .type = 2, .live = 2, .bytes = 64 },
	};

	store_maker_table(s, STORE_PASSES, regions, 5, sizeof(*regions));
	store_maker_table(s, STORE_MARKS, marks, 4, sizeof(*marks));
	store_maker_table(s, STORE_CENSUS, census, 3, sizeof(*census));
}

/* Of two lists the second is valid, of points and of key frames. */
static void add_timeline(struct store_maker *s)
{
	struct rkn_point *points =
	    xcalloc(2ul * STORE_POINTS_MOST, sizeof(*points));
	struct rkn_key *keys = xcalloc(2ul * STORE_KEYS_MOST, sizeof(*keys));
	struct rkn_key_row *rows =
	    xcalloc(STORE_KEY_PLACES, sizeof(*rows) * STORE_KEY_ROWS_MOST);
	const struct store_copies copies[] = { { 0 }, { 2, 20 } };
	const uint32_t first = 3 * STORE_KEY_ROWS_MOST;

	points[0].time_ns = 7; /* of the other list */
	points[STORE_POINTS_MOST] = (struct rkn_point){
		.time_ns = 1000,
		.births = 1,
		.allocations = 1,
		.allocated_bytes = 32,
		.blocks = 1,
		.bytes = 32,
		.most = 16, /* cannot be */
		.least = 64,
	};
	points[STORE_POINTS_MOST + 1].time_ns = 999; /* out of order */
	keys[STORE_KEYS_MOST] = (struct rkn_key){
		.point = points[STORE_POINTS_MOST],
		.first = first,
		.rows = 3,
	};
	keys[STORE_KEYS_MOST + 1] = (struct rkn_key){
		.point = points[STORE_POINTS_MOST],
		.first = STORE_KEY_PLACES * STORE_KEY_ROWS_MOST,
		.rows = 1, /* behind the last place */
	};
	rows[first] = (struct rkn_key_row){ RKN_NONE, 1, 8 };
	rows[first + 1] = (struct rkn_key_row){ 1, 2, 16 };
	rows[first + 2] = (struct rkn_key_row){ 9, 1, 4 }; /* no such stack */
	s->h.points = 2 | STORE_LIST_SECOND;
	s->h.keys = 2 | STORE_LIST_SECOND;
	store_maker_table(s, STORE_POINTS, points, 2ul * STORE_POINTS_MOST,
			  sizeof(*points));
	store_maker_table(s, STORE_KEYS, keys, 2ul * STORE_KEYS_MOST,
			  sizeof(*keys));
	store_maker_table(s, STORE_KEY_ROWS, rows,
			  STORE_KEY_PLACES * STORE_KEY_ROWS_MOST,
			  sizeof(*rows));
	store_maker_table(s, STORE_COPIES, copies, 2, sizeof(*copies));
	free(points);
	free(keys);
	free(rows);
}

void store_maker_whole(const char *path, int finished)
{
	struct store_maker s;

	store_maker_open(&s, path);
	s.h.granule_shift = 12;
	add_places(&s);
	add_area(&s);
	store_maker_block(&s, 0x10000, 32, 1, 1, 1);
	store_maker_block(&s, 0x12000, 32, 1, 2, 1);
	if (finished)
		add_picture(&s);
	add_ledger(&s);
	add_marks(&s);
	add_timeline(&s);
	store_maker_close(&s);
}
