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

/* Each block points to the next one and to some other. */
static void make_pointers(struct model *m)
{
	uint32_t n = (uint32_t)m->block_count;
	uint64_t seed = 362436069;

	m->edge_count = 2 * (size_t)n;
	m->edges = xcalloc(m->edge_count, sizeof(*m->edges));
	m->root_count = n / 2;
	m->roots = xcalloc(m->root_count, sizeof(*m->roots));
	for (uint32_t i = 0; i < n; i++) {
		m->edges[2 * i] = (struct rkn_edge){ i, (i + 1) % n, 0, 0 };
		m->edges[2 * i + 1] =
		    (struct rkn_edge){ i, (uint32_t)(next(&seed) % n), 3, 16 };
	}
	for (uint32_t i = 0; i < m->root_count; i++)
		m->roots[i] = (struct rkn_root){ 0x8000 + i, 2 * i, 0,
						 i % (RKN_ROOT_LOADER + 1),
						 i % 2 ? 1 : RKN_NONE };
}

void specimen_make(struct model *m, size_t blocks)
{
	memset(m, 0, sizeof(*m));
	make_process(m);
	make_places(m, blocks / 2);
	make_blocks(m, blocks);
	make_pointers(m);
}
