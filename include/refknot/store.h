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

/* Beside the stores of a run: links, of which each tells of a program that was
 * executed, see the shim's executions.c, or of an end, see its ends.c. */
#define STORE_EXECUTED ".executed"
/* Ends the name of one that a filter of system calls keeps from being recorded, */
#define STORE_FILTERED "-filtered"
/* Ends the name of one by a program that is not recorded as nobody is to judge
 * it; see the shim's skipped.h. */
#define STORE_SKIPPED "-skipped"
/* that was not given an environment that loads the shim, or could not load it; */
#define STORE_BARE "-bare"
/* of an end that a parent saw: leads to "SIGNAL PARENT", signal 0 for an exit; */
#define STORE_ENDED "-ended"
/* of a process that was sent SIGKILL, by who that leads to; */
#define STORE_SENT "-sent"
/* of one whose shim began and could not make a store. */
#define STORE_FAILED "-failed"

#define STORE_MAGIC   "RKNSTORE"
#define STORE_VERSION 10u

/*
 * The shadow.  Each chunk covers STORE_REGION bytes of address space with one
 * 64-bit slot a granule (1 << granule_shift bytes).  A live block has a HEAD
 * in its first granule's slot and, if it owns the next granule too, an EXTRA
 * in that one's:
 *
 *   HEAD   63        32 31      30      29          4 3    2        1   0
 *          | size     | noted | tamed | stack       | big| extra | freed | 1 |
 *   EXTRA  63     62       20 19              1  0
 *          | whole | birth  | thread          | 0 |
 *
 * `noted`: there are records in STORE_OBJECTS for addresses in it. `tamed`: it
 * was allocated where leaks were not wanted (__lsan_disable). `whole`: the
 * program asked how many bytes it may use (malloc_usable_size), so that it may
 * keep pointers behind the size that it asked for.
 *
 * A freed block keeps its HEAD with `freed` set, until that is overwritten; its
 * EXTRA becomes the address that the call of free returns to, shifted left by
 * one, or stays if that is not known.  A block of 4 GiB or more has `big` set,
 * size holds the low half and the slot after the EXTRA holds the high half
 * shifted left by one.  Slots with bit 0 clear are never HEADs.
 */
#define STORE_REGION_SHIFT 26
#define STORE_REGION       (1ull << STORE_REGION_SHIFT)
#define STORE_ADDRESS_BITS 47
#define STORE_REGIONS      (1u << (STORE_ADDRESS_BITS - STORE_REGION_SHIFT))

#define STORE_HEAD         1ull
#define STORE_FREED        2ull
#define STORE_EXTRA        4ull
#define STORE_BIG          8ull
#define STORE_STACK_SHIFT  4
#define STORE_STACK_MAX    ((1u << 26) - 1)
#define STORE_TAMED        (1ull << 30)
#define STORE_NOTED        (1ull << 31)
#define STORE_SIZE_SHIFT   32
#define STORE_SIZE_MASK    (~0ull << STORE_SIZE_SHIFT)
#define STORE_THREAD_SHIFT 1
#define STORE_THREAD_MAX   ((1u << 19) - 1) /* this and above: not known */
#define STORE_BIRTH_SHIFT  20
#define STORE_WHOLE        (1ull << 63)

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
#define STORE_COUNTER_PAGES     4096u

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
	uint64_t limits[40];                    /* by enum rkn_limit_number */
	uint32_t counters[STORE_COUNTER_PAGES]; /* offset / 4096; 0: none */
};
static_assert(RKN_LIMITS <= 40, "no room for a limit");

/*
 * A name that the program gave: of a type, a field, a mark, a region. Number 0
 * is no name; number 1 stands for all that found no room.
 */
struct store_name {
	uint32_t text;
	uint32_t reserved;
	uint64_t made;  /* objects of this type */
	uint64_t ended; /* of them */
	uint64_t clear; /* address of the type's function; 0: none */
};

enum store_object_flag {
	STORE_OBJECT_LIVE = 1u << 0,
	STORE_OBJECT_TRACKED = 1u << 1, /* it has a type and references; else
					   the record only tames its block */
	STORE_OBJECT_MAKER = 1u << 2,   /* its maker's reference is not ended */
	/* 1u << 3: LEDGER_KEPT. For collections alone: */
	STORE_OBJECT_GARBAGE = 1u << 4, /* the list of garbage holds it */
	STORE_OBJECT_WAITING = 1u << 5, /* an automatic check found it */
	/* From here on: enum refknot_taming, shifted. */
	STORE_OBJECT_TAMING_SHIFT = 8,
};

/*
 * An address in a block that the program named. Only the owner of `lock`
 * changes what stands behind it. The lists are by number; 0 ends them.
 */
struct store_object {
	uint64_t address;
	uint64_t counter; /* address of its own counter; 0: it has none */
	int64_t bias;     /* what to add to it */
	int64_t read;     /* its value at the snapshot, bias added */
	uint64_t made_order;
	uint64_t ended_order;
	uint32_t made_stack;
	uint32_t made_thread;
	uint32_t ended_stack;
	uint32_t ended_thread;
	uint32_t type;       /* name */
	uint32_t serial;     /* of its type, from 1 */
	uint32_t next;       /* another in the same granule; or free */
	uint32_t lock;       /* area of the owner; 0: not locked */
	uint16_t flags;      /* enum store_object_flag */
	uint8_t width;       /* of the counter, bytes */
	uint8_t generation;  /* 0, 1, 2; 3: frozen */
	int32_t count;       /* as told */
	uint32_t references; /* the newest reference to it */
	uint32_t holds;      /* the newest reference of its own */
	uint32_t events;     /* the newest: they form a ring, next the oldest */
	uint32_t event_count; /* of all, kept or not */
	uint32_t place;       /* scratch of a collection */
	uint32_t size;        /* of its block from there on, when it began */
};
static_assert(sizeof(struct store_object) == 112, "object changed size");

/* enum rkn_reference_kind in the bits above a stack's number. */
#define STORE_KIND_SHIFT 26

/* A reference that was not given back, or an edge. */
struct store_reference {
	uint64_t order;
	uint32_t to;   /* object; 0: the record is free */
	uint32_t from; /* the holder, if it is an object; else 0 */
	uint32_t to_next, to_previous; /* in the list of what leads to `to` */
	union {
		struct { /* in the list of what `from` holds */
			uint32_t from_next, from_previous;
		};
		uint64_t holder; /* address; 0: nobody was named */
	};
	uint32_t field;      /* name */
	uint32_t kind_stack; /* kind << STORE_KIND_SHIFT | stack */
	uint32_t thread;
	uint32_t scope; /* see walk_leaf; for the shim alone */
};
static_assert(sizeof(struct store_reference) == 48, "reference changed size");

/* In the store alone, as kinds of events and errors. A move from one that has no
 * reference, which was told; readers take it for a move. */
#define STORE_EVENT_WRONG_MOVE 6u
/* A release by one that had no reference, where nobody was ever named for one:
 * see "Wrong holders" in docs/ledger.md. */
#define STORE_ERROR_ACCOUNTED 7u

/* One of the last things that happened to an object. */
#define STORE_EVENTS_KEPT 32u
struct store_event {
	uint64_t order;
	uint32_t kind_stack; /* enum rkn_event_kind, likewise */
	uint32_t thread;
	uint32_t holder; /* object; 0: none */
	uint32_t field;
	int32_t count; /* of references, after it */
	uint32_t next;
};
static_assert(sizeof(struct store_event) == 32, "event changed size");

/* Memory outside the heap that the program wants searched. */
struct store_span {
	uint64_t start;
	uint64_t size;
};

enum store_table_number {
	STORE_FRAMES,     /* struct store_frame; 0 is the root */
	STORE_STACKS,     /* struct store_stack; 0: not known */
	STORE_MODULES,    /* struct rkn_module; 0 is unused */
	STORE_THREADS,    /* struct rkn_thread; 0: not known */
	STORE_AREAS,      /* struct store_area; 0: limits of the process */
	STORE_CHUNKS,     /* struct store_chunk; 0 is unused */
	STORE_TEXT,       /* bytes; 0 is the empty text */
	STORE_BLOCKS,     /* struct rkn_block, of the snapshot */
	STORE_EDGES,      /* struct rkn_edge, of the snapshot */
	STORE_ROOTS,      /* struct rkn_root, of the snapshot */
	STORE_NAMES,      /* struct store_name; 0 and 1: see there */
	STORE_OBJECTS,    /* struct store_object; 0 is unused */
	STORE_REFERENCES, /* struct store_reference; 0 is unused */
	STORE_EVENTS,     /* struct store_event; 0 is unused */
	STORE_ERRORS,     /* struct rkn_error; an open-addressed hash table */
	STORE_SPANS,      /* struct store_span; size 0: free */
	STORE_PASSES,     /* struct rkn_region; 0 is unused */
	STORE_MARKS,      /* struct rkn_mark; 0 is unused */
	STORE_CENSUS,     /* struct rkn_census; 0 is unused */
	STORE_WIDE,       /* struct rkn_wide, of the snapshot */
	STORE_FREES,      /* struct rkn_free; 0 is unused */
	STORE_TABLES
};

struct store_table {
	uint64_t offset;   /* in the file; 0: absent */
	uint64_t count;    /* records handed out; may exceed what is ready */
	uint64_t capacity; /* records */
	uint64_t record_size;
};

enum store_state {
	STORE_STARTING = 0, /* before the program's own code, and before
			       signals that end it are caught */
	STORE_RUNNING = 1,
	STORE_OFF = 2,      /* switched itself off: see message */
	STORE_SNAPSHOT = 3, /* taking the exit snapshot */
	STORE_FINISHED = 4, /* the snapshot is complete */
};

struct store_header {
	char magic[8];
	uint32_t version;
	uint32_t size;       /* of this header, bytes */
	uint64_t file_bytes; /* mapped; the file may have fewer at the end */
	uint64_t used_bytes; /* handed out so far, from the start of the file */
	uint32_t state;      /* enum store_state */
	uint32_t granule_shift;
	uint32_t depth;    /* frames of a stack that were asked for; stacks may
			   have more, which readers leave away */
	uint32_t children; /* forked, and not recorded */
	struct store_table tables[STORE_TABLES];
	uint64_t births;    /* handed out to threads in batches */
	int64_t live_bytes; /* published by threads from time to time */
	uint64_t start_mono_ns;
	uint64_t end_mono_ns; /* 0: not ended */
	struct rkn_meta meta; /* counters and duration_ns unused */
};

#endif
