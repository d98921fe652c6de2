/* SPDX-License-Identifier: MIT */
/* Writes live stores by hand, as the shim would leave them. */
#ifndef STORE_MAKER_H
#define STORE_MAKER_H

#include <stddef.h>

#include <refknot/store.h>

struct store_maker {
	int fd;
	uint64_t end; /* where the next piece goes */
	struct store_header h;
	struct store_chunk chunks[8]; /* number 0 is not used */
	size_t chunk_count;
};

/* An empty store of a running process, with granules of 16 bytes. */
void store_maker_open(struct store_maker *s, const char *path);

/* Room for `size` bytes, at a multiple of 4096; its offset. */
uint64_t store_maker_take(struct store_maker *s, uint64_t size);
void store_maker_put(struct store_maker *s, uint64_t offset, const void *data,
		     size_t size);

/* A table with these records. */
void store_maker_table(struct store_maker *s, enum store_table_number table,
		       const void *records, size_t count, size_t record_size);

/* A block as the snapshot lists it. */
struct store_block store_maker_listed(uint64_t address, uint64_t size,
				      uint32_t stack);

/* The edges of a snapshot. */
void store_maker_edges(struct store_maker *s, const struct rkn_edge *edges,
		       size_t count);

/* The shadow's slot of `address`, and those behind it. */
void store_maker_slots(struct store_maker *s, uint64_t address,
		       const uint64_t *slots, size_t count);

/* A block as the shim notes it, with an EXTRA. */
void store_maker_block(struct store_maker *s, uint64_t address, uint32_t size,
		       uint32_t stack, uint64_t birth, uint32_t thread);

/* Write chunks and header, and close the file. */
void store_maker_close(struct store_maker *s);

/* A whole store that uses everything; finished: with a snapshot. Granules of
 * 4096 bytes keep it small. */
void store_maker_whole(const char *path, int finished);

#endif
