/* SPDX-License-Identifier: MIT */
/*
 * The live store: the file that the shim shares with its readers while the
 * program runs, and leaves behind as it is.
 *
 * It is sparse and mapped as a whole.  Tables have fixed places, given in the
 * header; shadow chunks, counter pages and the snapshot's tables are handed
 * out behind them in order of need.  All offsets count from the start of the
 * file.  One process writes; a reader must expect every field to change under
 * it and every index to be out of range.  `refknot run` turns a store into a
 * finished recording (format.h).
 */
#ifndef REFKNOT_STORE_H
#define REFKNOT_STORE_H

#include <refknot/format.h>

#define STORE_MAGIC "RKNSTORE"
#define STORE_VERSION 2u

/*
 * The shadow.  Each chunk covers STORE_REGION bytes of address space with one
 * 64-bit slot a granule (1 << granule_shift bytes).  A live block has a HEAD
 * in its first granule's slot and, if it owns the next granule too, an EXTRA
 * in that one's:
 *
 *   HEAD   63        32 31          4 3    2        1   0
 *          | size     | stack       | big| extra | freed | 1 |
 *   EXTRA  63             20 19              1  0
 *          | birth         | thread          | 0 |
 *
 * A freed block keeps its HEAD with `freed` set and its EXTRA, until they are
 * overwritten.  A block of 4 GiB or more has `big` set, size holds the low
 * half and the slot after the EXTRA holds the high half shifted left by one.
 * Slots with bit 0 clear are never HEADs.
 */
#define STORE_REGION_SHIFT 26
#define STORE_REGION (1ull << STORE_REGION_SHIFT)
#define STORE_ADDRESS_BITS 47
#define STORE_REGIONS (1u << (STORE_ADDRESS_BITS - STORE_REGION_SHIFT))

#define STORE_HEAD 1ull
#define STORE_FREED 2ull
#define STORE_EXTRA 4ull
#define STORE_BIG 8ull
#define STORE_STACK_SHIFT 4
#define STORE_STACK_MAX ((1u << 28) - 1)
#define STORE_SIZE_SHIFT 32
#define STORE_THREAD_SHIFT 1
#define STORE_THREAD_MAX ((1u << 19) - 1) /* this and above: not known */
#define STORE_BIRTH_SHIFT 20

struct store_chunk {
	uint64_t region; /* address >> STORE_REGION_SHIFT */
	uint64_t offset; /* of its slots in the file; 0: not ready */
};

#define STORE_FRAME_GONE (1ull << 63) /* in an address: module unloaded */

struct store_frame {
	uint64_t address; /* 0: a hole, no frame */
	uint32_t parent;
	uint32_t reserved;
	uint32_t module; /* RKN_NONE: none */
	uint32_t stack;  /* 1 + index in the stacks table; 0: none ends here */
};
static_assert(sizeof(struct store_frame) == 24, "frame changed size");

struct store_stack {
	uint32_t frame;
	uint32_t flags; /* enum rkn_stack_flag */
};

/* Counters of one thread and one stack; written by that thread alone. */
struct store_counter {
	uint64_t allocations;
	uint64_t allocated_bytes;
	uint64_t frees;
	uint64_t freed_bytes;
};

#define STORE_COUNTERS_PER_PAGE 256u /* stacks in one page of counters */
#define STORE_COUNTER_PAGES 4096u

/*
 * One thread's area.  A thread that ends leaves its area to a later one, which
 * adds to the same counters: sums over all areas are the process's.
 */
struct store_area {
	uint32_t tid;    /* the present owner */
	uint32_t serial; /* index in the threads table */
	uint64_t allocations;
	uint64_t frees;
	uint64_t allocated_bytes;
	uint64_t freed_bytes;
	uint64_t base_allocations; /* of the area's former owners */
	uint64_t base_frees;
	uint64_t limits[32]; /* by enum rkn_limit_number */
	uint32_t counters[STORE_COUNTER_PAGES]; /* offset / 4096; 0: none */
};
static_assert(RKN_LIMITS <= 32, "no room for a limit");

enum store_table_number {
	STORE_FRAMES,  /* struct store_frame; 0 is the root */
	STORE_STACKS,  /* struct store_stack; 0: not known */
	STORE_MODULES, /* struct rkn_module; 0 is unused */
	STORE_THREADS, /* struct rkn_thread; 0: not known */
	STORE_AREAS,   /* struct store_area; 0: limits of the process */
	STORE_CHUNKS,  /* struct store_chunk; 0 is unused */
	STORE_TEXT,    /* bytes; 0 is the empty text */
	STORE_BLOCKS,  /* struct rkn_block, of the snapshot */
	STORE_EDGES,   /* struct rkn_edge, of the snapshot */
	STORE_ROOTS,   /* struct rkn_root, of the snapshot */
	STORE_TABLES
};

struct store_table {
	uint64_t offset;   /* in the file; 0: absent */
	uint64_t count;    /* records handed out; may exceed what is ready */
	uint64_t capacity; /* records */
	uint64_t record_size;
};

enum store_state {
	STORE_STARTING = 0,
	STORE_RUNNING = 1,
	STORE_OFF = 2,      /* switched itself off: see message */
	STORE_SNAPSHOT = 3, /* taking the exit snapshot */
	STORE_FINISHED = 4, /* the snapshot is complete */
};

struct store_header {
	char magic[8];
	uint32_t version;
	uint32_t size;       /* of this header, bytes */
	uint64_t file_bytes; /* mapped; more than the file may have at the end */
	uint64_t used_bytes; /* handed out so far, from the start of the file */
	uint32_t state;      /* enum store_state */
	uint32_t granule_shift;
	uint32_t depth; /* frames of a stack that were asked for; stacks may
			   have more, which readers leave away */
	uint32_t reserved;
	struct store_table tables[STORE_TABLES];
	uint64_t births;     /* handed out to threads in batches */
	int64_t live_bytes;  /* published by threads from time to time */
	uint64_t start_mono_ns;
	uint64_t end_mono_ns; /* 0: not ended */
	struct rkn_meta meta; /* counters and duration_ns unused */
};

#endif
