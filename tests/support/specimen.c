/* SPDX-License-Identifier: MIT */
#include "specimen.h"

#include <string.h>

#include "die.h"

static const char strings[] = "\0/usr/bin/program\0/home/somebody\0"
			      "program\0--option\0\0/lib/libthing.so.1";

enum {
	PROGRAM = 1,
	DIRECTORY = 18,
	ARGUMENTS = 33,
	LIBRARY = 51,
};

/* Marsaglia's xorshift: the same numbers everywhere. */
static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void make_process(struct model *m)
{
	m->path = xstrdup("specimen");
	m->meta = (struct rkn_meta){
		.pid = 4711,
		.parent_pid = 1,
		.start_ns = 1700000000000000000u,
		.duration_ns = 1500000000,
		.program = PROGRAM,
		.directory = DIRECTORY,
		.arguments = ARGUMENTS,
		.argument_count = 3,
		.page_size = 4096,
		.granule = 16,
		.flags = RKN_META_SNAPSHOT,
		.end = RKN_END_EXIT,
		.end_value = 3,
		.allocations = 1000000,
		.peak_bytes = 1u << 30,
	};
	m->strings_size = sizeof(strings);
	m->strings = xmalloc(sizeof(strings));
	memcpy(m->strings, strings, sizeof(strings));
	m->limits[RKN_LIMIT_UNKNOWN_FREE] = 7;
	m->limits[RKN_LIMIT_INHERITED] = 1ull << 40;
}

static void make_places(struct model *m, size_t count)
{
	m->module_count = 2;
	m->modules = xcalloc(m->module_count, sizeof(*m->modules));
	m->modules[0] = (struct rkn_module){ 0x1000,  0x9000, 0x1000,
					     PROGRAM, 20,     { 1, 2, 3 } };
	m->modules[1] = (struct rkn_module){ 0x7f0000000000, 0x7f0000100000,
					     0x7f0000000000, LIBRARY };
	m->frame_count = m->stack_count = count + 1;
	m->frames = xcalloc(count + 1, sizeof(*m->frames));
	m->stacks = xcalloc(count + 1, sizeof(*m->stacks));
	for (uint32_t i = 1; i <= count; i++) {
		m->frames[i] = (struct rkn_frame){ 0x1000 + i * 5, i / 2,
						   i % 3 ? i % 2 : RKN_NONE };
		m->stacks[i] =
		    (struct rkn_stack){ i, i % 5 == 0, i, i * 64, 1, 64 };
	}
	m->thread_count = 3;
	m->threads = xcalloc(m->thread_count, sizeof(*m->threads));
	m->threads[1] = (struct rkn_thread){ 4711, RKN_THREAD_ALIVE, 99, 9 };
	m->threads[2] = (struct rkn_thread){ 4712, 0, 1, 1 };
}

static void make_blocks(struct model *m, size_t count)
{
	uint64_t address = 0x555555559000, seed = 88172645463325252u;

	m->block_count = count;
	m->blocks = xcalloc(count, sizeof(*m->blocks));
	for (size_t i = 0; i < count; i++) {
		uint64_t size = next(&seed) % 200;

		m->blocks[i] = (struct rkn_block){
			.address = address,
			.size = size,
			.birth = next(&seed) >> 20,
			.stack = (uint32_t)(i % m->stack_count),
			.thread = (uint32_t)(i % m->thread_count),
		};
		address += (size + 24) / 16 * 16;
	}
}

#define GONE_ROOTS 3

/* Each block points to the next one and to some other. */
static void make_pointers(struct model *m)
{
	uint32_t n = (uint32_t)m->block_count;
	uint64_t seed = 362436069;

	m->edge_count = 2 * (size_t)n;
	m->edges = xcalloc(m->edge_count, sizeof(*m->edges));
	m->root_count = n / 2;
	m->roots = xcalloc(m->root_count + GONE_ROOTS, sizeof(*m->roots));
	for (uint32_t i = 0; i < n; i++) {
		m->edges[2 * i] = (struct rkn_edge){ i, (i + 1) % n, 0, 0 };
		m->edges[2 * i + 1] =
		    (struct rkn_edge){ i, (uint32_t)(next(&seed) % n), 3, 16 };
	}
	for (uint32_t i = 0; i < m->root_count; i++)
		m->roots[i] = (struct rkn_root){ 0x8000 + i, 2 * i, 0,
						 i % (RKN_ROOT_DECLARED + 1),
						 i % 2 ? 1 : RKN_NONE };
	/* Behind them those that are none any more. */
	m->gone = m->roots + m->root_count;
	m->gone_count = GONE_ROOTS;
	for (uint32_t i = 0; i < GONE_ROOTS; i++)
		m->gone[i] = (struct rkn_root){ .block = i % n,
						.kind = RKN_ROOT_GONE,
						.owner = RKN_NONE };
}

/* Every other pointer and root has a large offset, whether it says so or not; the
 * last block has three places that are known. */
static void make_wide(struct model *m)
{
	const uint32_t last = (uint32_t)m->block_count - 1;
	const struct rkn_wide places[] = {
		{ RKN_WIDE_ARRAY, last, 0, 8 },
		{ RKN_WIDE_ARRAY, last, 0, 16 },
		{ RKN_WIDE_BASE, last, 0, 8 },
	};
	size_t pointers = m->root_count / 2 + m->edge_count / 2;

	m->wide = xcalloc(pointers + 3, sizeof(*m->wide));
	m->wide_count = pointers + (m->block_count ? 3 : 0);
	memcpy(m->wide + pointers, places, sizeof(places));
	for (size_t i = 0; i < pointers; i++) {
		bool root = i < m->root_count / 2;

		m->wide[i] = (struct rkn_wide){
			.kind = root ? RKN_WIDE_ROOT : RKN_WIDE_EDGE,
			.index =
			    (uint32_t)(2 * (root ? i : i - m->root_count / 2)),
			.from_word = root ? 0 : (5ull << 32) + i,
			.to_offset = (6ull << 32) + i,
		};
	}
}

/* The blocks are in an arena, of which some pages are in memory. */
static void make_held(struct model *m)
{
	m->mapping_count = 3;
	m->mappings = xcalloc(3, sizeof(*m->mappings));
	m->mappings[0] = (struct rkn_mapping){ 0x1000, 0x900000,         0x3000,
					       0x1000, RKN_MAPPING_HEAP, 0 };
	m->mappings[1] =
	    (struct rkn_mapping){ 0x900000, 0xa00000,         RKN_NOT_KNOWN,
				  0,        RKN_MAPPING_FILE, 1 };
	m->mappings[2] =
	    (struct rkn_mapping){ 0xb00000, 0xc00000,           0,
				  0,        RKN_MAPPING_KERNEL, 0 };
	m->page_count = 2;
	m->pages = xcalloc(2, sizeof(*m->pages));
	m->pages[0] = (struct rkn_pages){ 0x1000, 0x3000 };
	m->pages[1] = (struct rkn_pages){ 0x5000, 0x6000 };
	m->arena_count = 2;
	m->arenas = xcalloc(2, sizeof(*m->arenas));
	m->arenas[0] = (struct rkn_arena){ 0x1000, 0x800000, 0x700000, 0, 0 };
	m->arenas[1] = (struct rkn_arena){ 0x800000, 0x900000, 0, 1, 0 };
	m->slack_count = 2;
	m->slack = xcalloc(2, sizeof(*m->slack));
	m->slack[0] = (struct rkn_slack){ 0, 16 };
	m->slack[1] = (struct rkn_slack){ 1, UINT32_MAX };
	m->content_count = 2;
	m->contents = xcalloc(2, sizeof(*m->contents));
	m->contents[0] = (struct rkn_content){ 7, 0, 0, 0 };
	m->contents[1] = (struct rkn_content){ 9, 0, 1, RKN_CONTENT_TEXT };
	m->mapped_site_count = 2;
	m->mapped_sites = xcalloc(2, sizeof(*m->mapped_sites));
	m->mapped_sites[0] =
	    (struct rkn_mapped_site){ 0, 2, 3, 0x6000, 0x5000, 0x6000, 1 };
	m->mapped_sites[1] =
	    (struct rkn_mapped_site){ 1, 2, 3, 0x6000, 0x5000, 0x6000, 0 };
	m->mapped_count = 2;
	m->mapped = xcalloc(2, sizeof(*m->mapped));
	m->mapped[0] =
	    (struct rkn_mapped){ 0x1000, 0x2000, 1, RKN_MAPPED_FILE, 1, 0 };
	m->mapped[1] = (struct rkn_mapped){ 0x4000, 0x8000, 1, 0, 0, 0 };
}

/* The first words of every other block lead somewhere; the last block has no
 * record. */
static void make_first(struct model *m)
{
	m->place_count = 3;
	m->places = xcalloc(m->place_count, sizeof(*m->places));
	m->places[0] = (struct rkn_place){ 0x4010, 0, 0 };
	m->places[1] = (struct rkn_place){ 0x4010, 1, 3 };
	m->places[2] = (struct rkn_place){ 0, RKN_NONE, 1 };
	m->live_frame_count = 3;
	m->live_frames = xcalloc(3, sizeof(*m->live_frames));
	m->live_frames[0] = (struct rkn_live_frame){ 0x1101, 0x7000, 0x7080, 0,
						     RKN_LIVE_INTERRUPTED };
	m->live_frames[1] =
	    (struct rkn_live_frame){ 0x1200, 0x7040, 0x7080, 1, 0 };
	m->live_frames[2] =
	    (struct rkn_live_frame){ 0x99, 0x9000, 0, RKN_NONE, 0 };
	m->live_thread_count = 2;
	m->live_threads = xcalloc(2, sizeof(*m->live_threads));
	m->live_threads[0] =
	    (struct rkn_live_thread){ 0x8000, 0x6000, 1, 0, 2, 0 };
	m->live_threads[1] = (struct rkn_live_thread){
		0xa000, 0, RKN_NONE, 2, 1, RKN_LIVE_MORE
	};
	m->tls_count = 2;
	m->tls = xcalloc(2, sizeof(*m->tls));
	m->tls[0] = (struct rkn_tls){ 32, 16, 0, 0 };
	m->tls[1] = (struct rkn_tls){ 64, 32, 1, 0 };
	make_held(m);
	m->first_count = m->block_count - 1;
	m->first = xcalloc(m->first_count, sizeof(*m->first));
	for (size_t i = 0; i < m->first_count; i++)
		m->first[i] = i % 2 ? RKN_NONE : (uint32_t)(i / 2 % 3);
}

/* Every third block has what may be counts. */
static void make_counts(struct model *m)
{
	m->counts = xcalloc(m->block_count, sizeof(*m->counts));
	for (uint32_t i = 0; i < m->block_count; i += 3)
		m->counts[m->count_count++] =
		    (struct rkn_count){ i, (uint16_t)(i % 5),
					i % 2 ? 1 : RKN_COUNT_MOST };
}

/* Every third block is an object, each held by the next; the last has ended. */
static void make_ledger(struct model *m)
{
	uint32_t n = (uint32_t)m->block_count / 3;

	m->name_count = 3;
	m->names = xcalloc(m->name_count, sizeof(*m->names));
	m->names[1] = (struct rkn_name){ LIBRARY, RKN_NAME_CLEAR, n, 1 };
	m->names[2].text = LIBRARY;
	m->object_count = n + 2;
	m->objects = xcalloc(m->object_count, sizeof(*m->objects));
	m->reference_count = n;
	m->references = xcalloc(n, sizeof(*m->references));
	m->event_count = 2 * (size_t)n;
	m->events = xcalloc(m->event_count, sizeof(*m->events));
	for (uint32_t i = 0; i < m->object_count; i++) {
		bool live = i && i <= n;

		m->objects[i] = (struct rkn_object){
			.address = live ? m->blocks[3 * i - 1].address : 0,
			.block = live ? 3 * i - 1 : RKN_NONE,
			.flags = live ? i % 4 : RKN_OBJECT_ENDED,
			.count = i,
			.type = 1,
			.serial = i,
			.stack = i % (uint32_t)m->stack_count,
			.first_event = live ? 2 * (i - 1) : 0,
			.events = live ? 2 : 0,
		};
		m->objects[i].flags &= ~(live ? RKN_OBJECT_ENDED : 0u);
	}
	for (uint32_t i = 0; i < n; i++) {
		m->references[i] = (struct rkn_reference){
			.order = i, .to = i + 1, .from = i + 2, .field = 2
		};
		m->events[2 * i].order = i;
		m->events[2 * i].count = 2;
		m->events[2 * i + 1].kind = RKN_EVENT_RELEASE;
	}
	m->error_count = 1;
	m->errors = xcalloc(1, sizeof(*m->errors));
	m->errors[0] = (struct rkn_error){ .count = 2,
					   .kind = RKN_ERROR_REFERENCE_ON_FREED,
					   .type = 1 };
}

static void make_marks(struct model *m)
{
	m->region_count = 2;
	m->regions = xcalloc(m->region_count, sizeof(*m->regions));
	m->regions[0] = (struct rkn_region){
		.name = 2,
		.thread = 1,
		.stack = RKN_NONE,
		.type = RKN_NONE,
		.begun = 5,
		.passes = 4,
		.made = 9,
		.before = RKN_UNKNOWN,
		.grown_until = 4,
		.buckets = RKN_REGION_BUCKETS,
		.series = { 2, 1, 3, 3 },
	};
	m->regions[1] = (struct rkn_region){
		.name = 2,
		.thread = 1,
		.stack = 1,
		.type = RKN_NONE,
		.passes = 3,
		.made = 9,
		.least = -1,
		.values = { 2, -1 },
		.times = { 1, 2 },
		.grown_since = 2,
		.grown_until = 3,
		.series_shift = 1,
		.buckets = RKN_REGION_BUCKETS,
		.series = { -1, 1 },
	};
	m->mark_count = 1;
	m->marks = xcalloc(m->mark_count, sizeof(*m->marks));
	m->marks[0] =
	    (struct rkn_mark){ .name = 2, .number = 1, .first = 0, .rows = 2 };
	m->census_count = 2;
	m->census = xcalloc(m->census_count, sizeof(*m->census));
	m->census[0] = (struct rkn_census){ 1, RKN_NONE, 3, 30 };
	m->census[1] = (struct rkn_census){ RKN_NONE, 1, 1, 8 };
	m->free_count = 1;
	m->frees = xcalloc(m->free_count, sizeof(*m->frees));
	m->frees[0] = (struct rkn_free){ .count = 2,
					 .address = 0x1230,
					 .size = 24,
					 .kind = RKN_FREE_AGAIN,
					 .flags = RKN_FREE_FATAL,
					 .stack = 1,
					 .made_stack = 1 };
}

static void make_timeline(struct model *m)
{
	m->point_count = 4;
	m->points = xcalloc(m->point_count, sizeof(*m->points));
	for (uint32_t i = 1; i < m->point_count; i++)
		m->points[i] = (struct rkn_point){
			.time_ns = 100ull * i,
			.births = 10ull * i,
			.allocations = 9ull * i,
			.allocated_bytes = 900ull * i,
			.blocks = 4ull * i,
			.bytes = 400ull * i,
			.most = 500ull * i,
			.least = 300,
			.flags = i < 3 ? 0 : RKN_POINT_PEAK | RKN_POINT_END,
		};
	m->key_count = 2;
	m->keys = xcalloc(m->key_count, sizeof(*m->keys));
	m->keys[0] = (struct rkn_key){ m->points[1], 0, 1 };
	m->keys[1] = (struct rkn_key){ m->points[2], 1, 2 };
	m->key_row_count = 3;
	m->key_rows = xcalloc(m->key_row_count, sizeof(*m->key_rows));
	m->key_rows[0] = (struct rkn_key_row){ 0, 4, 400 };
	m->key_rows[1] = (struct rkn_key_row){ 0, 5, 500 };
	m->key_rows[2] = (struct rkn_key_row){ RKN_NONE, 3, 300 };
	m->life_count = m->stack_count > 1 ? 2 : 1;
	m->lives = xcalloc(2, sizeof(*m->lives));
	m->lives[0] = (struct rkn_lives){ .stack = 0, .freed = { 5, 1 } };
	m->lives[1] =
	    (struct rkn_lives){ .stack = 1, .copies = 3, .copied_bytes = 300 };
}

void specimen_make(struct model *m, size_t blocks)
{
	memset(m, 0, sizeof(*m));
	make_process(m);
	make_places(m, blocks / 2);
	make_blocks(m, blocks);
	make_pointers(m);
	make_wide(m);
	make_first(m);
	make_counts(m);
	make_ledger(m);
	make_marks(m);
	make_timeline(m);
}
