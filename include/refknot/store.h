/* SPDX-License-Identifier: MIT */
/*
 * The live store: the sparse file that the shim maps and writes while the
 * program runs.  Nobody closes it: what it holds when the process is gone is
 * the result.  `refknot run` turns it into a finished recording (format.h).
 *
 *   0          struct store_header: versions, state, where the tables are
 *   4096 ..    the tables of enum store_table_number, at fixed places in
 *              any order
 *   behind     pieces handed out in order of need: shadow chunks, pages of
 *              counters, the tables that the snapshot fills
 *
 * What holds of it at any time:
 *
 *  - Offsets are bytes from the start of the file.  Records refer to each
 *    other by index, to text by offset in STORE_TEXT.  Index and offset 0
 *    mean "none" or "not known"; every table says which.
 *  - One process writes, the one in meta.pid, with whatever shares its memory
 *    (a vfork child).  A forked child makes a store of its own.
 *  - Frames, stacks, names, modules and texts are only appended, so an index
 *    stays valid.  A frame's parent has a smaller index.
 *  - A table's count is raised before the record is written.  A reader takes
 *    a record of zeros for a hole.
 *  - Pieces are multiples of 4096 bytes and are never given back.
 *  - `state` only grows.  The snapshot's tables are whole if it is
 *    STORE_FINISHED and meta.flags has RKN_META_SNAPSHOT.
 *
 * The writer takes no lock and may be killed between any two instructions, so
 * a reader must expect every field to change while it reads and every index
 * to be out of range.  cli/recording/store_read.c is that reader.
 */
#ifndef REFKNOT_STORE_H
#define REFKNOT_STORE_H

#include <refknot/format.h>

/*
 * Notes: symbolic links beside the stores of a run.  A name with
 * STORE_EXECUTED notes that a program was executed (preload/hooks/executions.c
 * writes it), other names note how a process ended (preload/state/ends.c).  The
 * suffixes of a note's name:
 */
#define STORE_EXECUTED ".executed"
/* A filter of system calls keeps the executed program from being recorded. */
#define STORE_FILTERED "-filtered"
/* The program is there, and is not recorded because the gate leaves it out:
 * see preload/state/skipped.h. */
#define STORE_SKIPPED "-skipped"
/* The environment does not load the shim, or the program cannot load it. */
#define STORE_BARE "-bare"
/* A parent saw the end. The link leads to "SIGNAL PARENT"; 0 for an exit. */
#define STORE_ENDED "-ended"
/* The process was sent SIGKILL. The link leads to the sender's number. */
#define STORE_SENT "-sent"
/* The shim began and could not make a store. */
#define STORE_FAILED "-failed"

#define STORE_MAGIC   "RKNSTORE"
#define STORE_VERSION 18u

/*
 * The shadow: which blocks are alive.  Each chunk covers STORE_REGION bytes of
 * address space with one 64-bit slot for each granule of 1 << granule_shift
 * bytes.  A live block has a HEAD in the slot of its first granule and, if it
 * owns the next granule too, an EXTRA in the next slot:
 *
 *   HEAD   63        32 31      30      29          4 3    2        1   0
 *          | size     | noted | tamed | stack       | big| extra | freed | 1 |
 *   EXTRA  63      62      61      20 19              1  0
 *          | whole | moved | birth   | thread          | 0 |
 *
 *   size    bytes requested
 *   noted   STORE_OBJECTS has records for addresses in the block
 *   tamed   allocated while leaks were not wanted (__lsan_disable)
 *   whole   the program asked for the usable size (malloc_usable_size), so it
 *           may keep pointers behind the requested size
 *   moved   realloc() made it of an older block
 *   birth   its number in the order of allocation
 *
 * Invariants: only the thread that owns the address writes its slots, between
 * the real malloc's return and the real free's call; a HEAD is stored last.
 * A slot whose bit 0 is clear is not a HEAD.  A freed block keeps its HEAD with
 * `freed` set until another block overwrites it; its EXTRA then holds the
 * return address of the call of free, shifted left by one, if that is known.
 * A block of 4 GiB or more has `big` set: `size` holds the low half, and the
 * slot after the EXTRA holds the high half, shifted left by one.
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
#define STORE_THREAD_MAX   ((1u << 19) - 1) /* this one and above: unknown */
#define STORE_BIRTH_SHIFT  20
#define STORE_MOVED        (1ull << 62)
#define STORE_WHOLE        (1ull << 63)

static inline uint64_t store_birth(uint64_t extra)
{
	return (extra & ~(STORE_WHOLE | STORE_MOVED)) >> STORE_BIRTH_SHIFT;
}

/*
 * A block of the snapshot: its address and what its HEAD was. Its birth and
 * thread are in its EXTRA, if that has the same HEAD still: a thread that was
 * stopped inside a hook goes on when the snapshot is done. If threads ran all
 * the time, STORE_EXTRAS has it.
 */
struct store_block {
	uint64_t place; /* the address, and above STORE_PLACE_BITS of it the
			   high half of a size of 4 GiB or more */
	uint64_t head;
};
#define STORE_PLACE_BITS 48

static inline uint64_t store_block_address(const struct store_block *b)
{
	return b->place & ((1ull << STORE_PLACE_BITS) - 1);
}

static inline uint64_t store_block_size(const struct store_block *b)
{
	return b->place >> STORE_PLACE_BITS << 32 | b->head >> STORE_SIZE_SHIFT;
}

struct store_chunk {
	uint64_t region; /* address >> STORE_REGION_SHIFT */
	uint64_t offset; /* of its slots in the file; 0: not ready */
};

#define STORE_FRAME_GONE (1ull << 63) /* in an address: module unloaded */

/* A node of the tree of call stacks: a return address under its caller's. */
struct store_frame {
	uint64_t address; /* 0: a hole, no frame */
	uint32_t parent;
	uint32_t reserved;
	uint32_t module; /* RKN_NONE: none */
	uint32_t stack;  /* 1 + index in the stacks table; 0: none ends here */
};
static_assert(sizeof(struct store_frame) == 24, "frame changed size");

/* A call stack that some allocation or call of refknot.h had. */
struct store_stack {
	uint32_t frame; /* the innermost */
	uint32_t flags; /* enum rkn_stack_flag */
};

/*
 * Counters of one thread and one stack; only that thread writes them.  What they
 * were when most was alive: if `peak` is the header's, peak_blocks and
 * peak_bytes, noted before they first changed after that; else what they are now.
 */
struct store_counter {
	uint64_t allocations;
	uint64_t allocated_bytes;
	uint64_t frees;
	uint64_t freed_bytes;
	uint32_t peak;        /* the number of the peak that follows */
	uint32_t peak_blocks; /* allocations - frees, then, modulo 2^32 */
	uint64_t peak_bytes;  /* allocated_bytes - freed_bytes, then */
	/* What of the freed blocks lived how long, see struct rkn_lives;
	 * RKN_LIFE_BUCKETS. Each is how many, divided by 2 so often as
	 * store_lives_halved() says. */
	uint16_t lives[8];
};
static_assert(sizeof(struct store_counter) == 64, "a line of the cache");

#define STORE_LIFE_MOST 0x7fffu /* the bits of an element that count */

/* The other bits of lives[] are a number. One more changes one bit, so that a
 * process that is killed in between leaves one of both. */
static inline unsigned store_lives_halved(const uint16_t lives[8])
{
	unsigned gray = 0;

	for (unsigned i = 0; i < 8; i++)
		gray |= (unsigned)(lives[i] >> 15) << i;
	gray ^= gray >> 4;
	gray ^= gray >> 2;
	return gray ^ gray >> 1;
}

#define STORE_COUNTERS_PER_PAGE 128u /* stacks in one page of counters */
#define STORE_COUNTER_PAGES     8192u

#define STORE_LIMITS 48

/*
 * One thread's area; only its owner writes it.  An ended thread leaves its area
 * to a later one, which adds to the same counters: the process's numbers are
 * the sums over all areas.
 */
struct store_area {
	uint32_t tid;         /* the present owner */
	uint32_t serial;      /* index in the threads table */
	uint64_t allocations; /* of all stacks */
	uint64_t frees;       /* likewise; their bytes are only there */
	uint64_t allocated_bytes;
	struct store_counter rest; /* of the stacks that have none here */
	uint64_t base_allocations; /* of the area's former owners */
	uint64_t base_frees;
	uint64_t limits[STORE_LIMITS];          /* by enum rkn_limit_number */
	uint32_t counters[STORE_COUNTER_PAGES]; /* offset / 4096; 0: none */
};
static_assert(RKN_LIMITS <= STORE_LIMITS, "no room for a limit");

/*
 * A name that the program gave to a type, a field, a mark or a region. Number 0
 * is not a name; number 1 means all names that found no room.
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
	STORE_OBJECT_MAKER = 1u << 2,   /* its maker still has a reference */
	/* 1u << 3: LEDGER_KEPT. Only collections use the next two: */
	STORE_OBJECT_GARBAGE = 1u << 4, /* the list of garbage holds it */
	STORE_OBJECT_WAITING = 1u << 5, /* an automatic check found it */
	/* From here on: enum refknot_taming, shifted. */
	STORE_OBJECT_TAMING_SHIFT = 8,
};

/*
 * An object: an address in a block that the program named. Only the owner of
 * `lock` changes the fields after it. Lists are linked by number; 0 ends them.
 */
struct store_object {
	uint64_t address;
	uint64_t counter; /* address of its own counter; 0: it has none */
	int64_t bias;     /* to add to the counter's value */
	int64_t read;     /* the counter at the snapshot, bias added */
	uint64_t made_order;
	uint64_t ended_order;
	uint32_t made_stack;
	uint32_t made_thread;
	uint32_t ended_stack;
	uint32_t ended_thread;
	uint32_t type;        /* name */
	uint32_t serial;      /* of its type, from 1 */
	uint32_t next;        /* another in the same granule; or free */
	uint32_t lock;        /* area of the owner; 0: not locked */
	uint16_t flags;       /* enum store_object_flag */
	uint8_t width;        /* of the counter, bytes */
	uint8_t generation;   /* 0, 1, 2; 3: frozen */
	int32_t count;        /* references, as the calls said */
	uint32_t references;  /* the newest reference to it */
	uint32_t holds;       /* the newest reference of its own */
	uint32_t events;      /* the newest of a ring; its next is the oldest */
	uint32_t event_count; /* of all events, kept or not */
	uint32_t place;       /* scratch of a collection */
	uint32_t size;        /* bytes to its block's end, when it began */
};
static_assert(sizeof(struct store_object) == 112, "object changed size");

/* A kind_stack has a kind in the bits above the number of a stack. */
#define STORE_KIND_SHIFT 26

/* A reference that was not given back, or an edge. It is in two lists: of what
 * leads to `to`, and of what `from` holds. Both objects are locked to change
 * them. */
struct store_reference {
	uint64_t order;
	uint32_t to;   /* object; 0: the record is free */
	uint32_t from; /* the holder, if it is an object; else 0 */
	uint32_t to_next, to_previous; /* in the list of what leads to `to` */
	union {
		struct { /* in the list of what `from` holds */
			uint32_t from_next, from_previous;
		};
		uint64_t holder; /* address; 0: the call named none */
	};
	uint32_t field;      /* name */
	uint32_t kind_stack; /* of enum rkn_reference_kind */
	uint32_t thread;
	uint32_t scope; /* only the shim uses it: see struct walk_leaf */
};
static_assert(sizeof(struct store_reference) == 48, "reference changed size");

/* Kinds of an event and of an error that only a store has: see "Wrong holders"
 * in docs/ledger.md. A move from a holder that has no reference, which is
 * reported as an error; readers take it for a move. */
#define STORE_EVENT_WRONG_MOVE 6u
/* A release by a holder without a reference, where no call ever named one. */
#define STORE_ERROR_ACCOUNTED 7u

/* One of the last STORE_EVENTS_KEPT things that happened to an object. */
#define STORE_EVENTS_KEPT 32u
struct store_event {
	uint64_t order;
	uint32_t kind_stack; /* of enum rkn_event_kind */
	uint32_t thread;
	uint32_t holder; /* object; 0: none */
	uint32_t field;
	int32_t count; /* of references, after it */
	uint32_t next; /* in the object's ring */
};
static_assert(sizeof(struct store_event) == 32, "event changed size");

/* A mapping that the program made and that is there still. Only the thread that
 * has the lock of preload/snapshot/mapped.c changes it. */
struct store_mapped {
	uint64_t start;
	uint64_t end;
	uint32_t site;   /* 0: the record is free */
	uint32_t flags;  /* enum rkn_mapped_flag */
	uint32_t thread; /* that made it */
	uint32_t next;   /* that is free */
	/* Pages that were unmapped of what was one mapping with it. */
	uint32_t before, behind;
};
static_assert(sizeof(struct store_mapped) == 40, "mapped changed size");

/* Where such a record is in the shim's tree of them, by address. Readers have no
 * use for it. */
struct store_mapped_place {
	uint32_t less, more; /* records; 0: none */
	uint64_t born;       /* in this order the mappings were made */
};
static_assert(sizeof(struct store_mapped_place) == 16,
	      "mapped place changed size");

/* What realloc() copied, by the stack of its call. Any thread adds to it. */
struct store_copies {
	uint64_t count;
	uint64_t bytes;
};

/*
 * The timeline. Of two lists one is valid, while the other may be written: a
 * word says which, and how many records it has. A key frame's rows are in a
 * place of their own, which no valid list has when it is written.
 */
#define STORE_POINTS_MOST   1024u
#define STORE_KEYS_MOST     32u
#define STORE_KEY_PLACES    (STORE_KEYS_MOST + 1)
#define STORE_KEY_ROWS_MOST 7424u /* with that the timeline has 4 MiB at most */
#define STORE_LIST_SECOND   (1u << 31)

/* Memory outside the heap that the program asked to be searched. */
struct store_span {
	uint64_t start;
	uint64_t size;
};

enum store_table_number {
	STORE_FRAMES,       /* struct store_frame; 0 is the root */
	STORE_STACKS,       /* struct store_stack; 0: not known */
	STORE_MODULES,      /* struct rkn_module; 0 is unused */
	STORE_THREADS,      /* struct rkn_thread; 0: not known */
	STORE_AREAS,        /* struct store_area; 0 is unused */
	STORE_CHUNKS,       /* struct store_chunk; 0 is unused */
	STORE_TEXT,         /* bytes; 0 is the empty text */
	STORE_BLOCKS,       /* struct store_block, of the snapshot */
	STORE_EDGES,        /* bytes, of the snapshot: see edge_stream.h */
	STORE_ROOTS,        /* struct rkn_root, of the snapshot */
	STORE_NAMES,        /* struct store_name; 0: no name, 1: no room */
	STORE_OBJECTS,      /* struct store_object; 0 is unused */
	STORE_REFERENCES,   /* struct store_reference; 0 is unused */
	STORE_EVENTS,       /* struct store_event; 0 is unused */
	STORE_ERRORS,       /* struct rkn_error; an open-addressed hash table */
	STORE_SPANS,        /* struct store_span; size 0: free */
	STORE_PASSES,       /* struct rkn_region; 0 is unused */
	STORE_MARKS,        /* struct rkn_mark; 0 is unused */
	STORE_CENSUS,       /* struct rkn_census; 0 is unused */
	STORE_WIDE,         /* struct rkn_wide, of the snapshot */
	STORE_FREES,        /* struct rkn_free; 0 is unused */
	STORE_PLACES,       /* struct rkn_place, of the snapshot */
	STORE_FIRST,        /* of the snapshot, for each block: see
			     RKN_CHUNK_FIRST */
	STORE_COUNTS,       /* struct rkn_count, of the snapshot */
	STORE_LIVE_FRAMES,  /* struct rkn_live_frame, of the snapshot */
	STORE_LIVE_THREADS, /* struct rkn_live_thread, likewise */
	STORE_TLS,          /* struct rkn_tls, likewise */
	STORE_POINTS,       /* struct rkn_point, two lists of STORE_POINTS_MOST;
			     header.points says which is valid */
	STORE_KEYS,         /* struct rkn_key, likewise, header.keys */
	STORE_KEY_ROWS,     /* struct rkn_key_row: of each STORE_KEY_PLACES
			     places STORE_KEY_ROWS_MOST */
	STORE_COPIES,       /* struct store_copies, by stack */
	STORE_EXTRAS,       /* of the snapshot, if threads ran: the EXTRA of
			     each block; 0: it has none */
	STORE_MAPPINGS,     /* struct rkn_mapping, of the snapshot */
	STORE_PAGES,        /* struct rkn_pages, likewise */
	STORE_ARENAS,       /* struct rkn_arena, likewise */
	STORE_SLACK,        /* struct rkn_slack, likewise */
	STORE_CONTENTS,     /* struct rkn_content, likewise */
	STORE_SITES,        /* struct rkn_mapped_site; 0: the sums of all */
	STORE_MAPPED,       /* struct store_mapped; 0 is unused */
	STORE_MAPPED_PLACES, /* struct store_mapped_place, likewise */
	STORE_TABLES
};

struct store_table {
	uint64_t offset;   /* in the file; 0: absent */
	uint64_t count;    /* records handed out; some may not be written yet */
	uint64_t capacity; /* records */
	uint64_t record_size;
};

enum store_state {
	STORE_STARTING = 0, /* the program's own code has not begun, and no
			       fatal signal is caught */
	STORE_RUNNING = 1,
	STORE_OFF = 2,      /* switched itself off: see message */
	STORE_SNAPSHOT = 3, /* taking the exit snapshot */
	STORE_FINISHED = 4, /* the snapshot is complete */
};

struct store_header {
	char magic[8];
	uint32_t version;
	uint32_t size;       /* of this header, bytes */
	uint64_t file_bytes; /* mapped; the file may be shorter at the end */
	uint64_t used_bytes; /* handed out so far, from the start of the file */
	uint32_t state;      /* enum store_state */
	uint32_t granule_shift;
	uint32_t depth;    /* frames of a stack to show; stacks may have more,
			   which readers cut */
	uint32_t children; /* forked, and not recorded */
	struct store_table tables[STORE_TABLES];
	uint64_t births;    /* numbers handed out to threads, in batches */
	int64_t live_bytes; /* threads publish it after 64 KiB of change */
	uint32_t peak;      /* how often there was a new one, at which
				   meta.peak_bytes were alive */
	uint32_t points;    /* of the valid list, and STORE_LIST_SECOND if
				   that is the second */
	uint32_t keys;      /* likewise */
	uint32_t reserved;
	uint64_t peak_ns;       /* about when that was, since the start .. */
	uint64_t peak_births;   /* .. and what `births` was */
	uint64_t start_mono_ns; /* set last: 0 means that nothing is known */
	uint64_t end_mono_ns;   /* 0: not ended */
	struct rkn_meta meta;   /* its counters and duration_ns are unused */
	uint64_t limits[STORE_LIMITS]; /* of no one thread */
	uint64_t edges;                /* how many STORE_EDGES has */
};

#endif
