/* SPDX-License-Identifier: MIT */
/*
 * A live store's file as its reader sees it: sparse, perhaps still written, and
 * never believed.  It uses only pread, so that nothing can fault.
 */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include <refknot/store.h>

#include "chunk_arrays.h"

/* The store's frames in the parts, each once. */
struct store_tree {
	uint32_t *frames; /* number in parts of each frame in the store */
	size_t count;     /* of frames in the store */
	uint32_t *slots;  /* open addressing, by contents; 0: free */
	uint32_t mask;
};

/* In the flags of the parts' stacks until the counters are read. */
#define STORE_STACK_TRIMMED 0x80000000u

#define STORE_DEPTH_MOST 1024u /* frames of a stack that can be asked for */

struct store_file {
	struct model *m;
	int fd;
	uint64_t size;         /* of the file */
	struct store_header h; /* one copy, taken at the start */
	struct chunk_arrays parts;
	struct store_tree tree;
	bool peak_at_end; /* META's peak is what is alive at the end */
	uint32_t *stacks; /* number in parts of each stack in the store */
	size_t stack_count;
	uint64_t (*lives)[RKN_LIFE_BUCKETS]; /* of each of these */
};

/* The number of one of the store's stacks in the parts; 0: not known. */
static inline uint32_t store_file_stack(const struct store_file *s,
					uint64_t stack)
{
	return stack < s->stack_count ? s->stacks[stack] : 0;
}

/*
 * The next stretch of data in *from .. end-1: true, with *from and *to set.
 * False: the rest is a hole or beyond the file.
 */
bool store_file_data(const struct store_file *s, uint64_t *from, uint64_t end,
		     uint64_t *to);

/* Reads `size` bytes at `offset` into zeroed memory: holes stay 0. 0 or -errno.
 */
int store_file_read(const struct store_file *s, void *to, uint64_t size,
		    uint64_t offset);

/*
 * How many records of a table may hold data, as far as the file reaches: at
 * most what the header claims. 0 or -errno, with the error set.
 */
int store_file_count(struct store_file *s, enum store_table_number table,
		     size_t record_size, size_t *count);

/* The same, and the records, for the caller to free; NULL when there are
 * none. */
int store_file_table(struct store_file *s, enum store_table_number table,
		     size_t record_size, void **records, size_t *count);

/* The same into a part, of records as the finished form has them. */
int store_file_part(struct store_file *s, enum store_table_number table,
		    enum rkn_chunk_type type);

/* The steps of store_read(); 0 or -errno, with the error set. */
int store_frames(struct store_file *s);        /* after the modules */
int store_stacks(struct store_file *s);        /* after the frames */
int store_counters(struct store_file *s);      /* after stacks and threads */
int store_blocks(struct store_file *s);        /* likewise; from the shadow */
int store_listed_blocks(struct store_file *s); /* likewise; of the snapshot */
int store_picture(struct store_file *s);       /* likewise; from the snapshot */

int store_mapped(struct store_file *s); /* after stacks and threads */
int store_ledger(struct store_file *s); /* after the blocks */
int store_marks(struct store_file *s);  /* regions too; after the ledger */
/* Points, key frames and lives; when META has all else. */
int store_timeline(struct store_file *s);

/*
 * The frame whose stack is the `depth` innermost frames of `frame`'s stack;
 * `frame` itself if there are no more. RKN_NONE if there is no memory.
 */
uint32_t store_frames_innermost(struct store_file *s, uint32_t frame,
				uint32_t depth);

#endif
