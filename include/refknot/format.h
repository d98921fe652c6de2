/* SPDX-License-Identifier: MIT */
/*
 * The finished recording, PROG.PID.rkn: a file header, then chunks.
 *
 * Everything is little endian and of fixed width.  A chunk holds whole records
 * of one type; a type may take several chunks, whose records follow on one
 * another.  Known types stand in the order of their numbers.  A file without
 * the END chunk, which comes last, was cut short; what stands before the cut is
 * valid.  Records refer to each other by index (their position among all
 * records of that type, from 0) and to text by byte offset into the
 * concatenated STRINGS chunks, where every text ends with NUL and offset 0 is
 * the empty text.
 *
 * A chunk's payload has the records in columns: byte 0 of every record, then
 * byte 1 of every record, and so on, so byte b of record i of n is at b * n + i.
 * In that order they are compressed with zstd, or stored plain where that gains
 * nothing.
 *
 * A reader skips chunk types that it does not know and refuses another major
 * version, which keeps the form of the file header.  Records of a known type
 * may be longer in a newer minor version: what is new stands at their end.
 * refknot-recording(5) describes the format with an example.
 */
#ifndef REFKNOT_FORMAT_H
#define REFKNOT_FORMAT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define RKN_MAGIC "\x89RKN\r\n\x1a\n" /* 8 bytes, damaged by text transfers */
#define RKN_MAJOR 1
#define RKN_MINOR 4

struct rkn_file_header {
	char magic[8];
	uint16_t major;
	uint16_t minor;
	uint32_t size;     /* of this header, bytes; chunks start here */
	uint32_t reserved; /* 0 */
	uint32_t crc;      /* CRC-32 (IEEE) of the bytes before this field */
};
static_assert(sizeof(struct rkn_file_header) == 24, "header changed size");

enum rkn_chunk_type {
	RKN_CHUNK_META = 1, /* one struct rkn_meta */
	RKN_CHUNK_STRINGS = 2,
	RKN_CHUNK_MODULES = 3,
	RKN_CHUNK_FRAMES = 4,
	RKN_CHUNK_STACKS = 5,
	RKN_CHUNK_THREADS = 6,
	RKN_CHUNK_LIMITS = 7,
	RKN_CHUNK_BLOCKS = 8,
	RKN_CHUNK_EDGES = 9,
	RKN_CHUNK_ROOTS = 10,
	RKN_CHUNK_NAMES = 11, /* since minor version 1, like what follows */
	RKN_CHUNK_OBJECTS = 12,
	RKN_CHUNK_REFERENCES = 13,
	RKN_CHUNK_EVENTS = 14,
	RKN_CHUNK_ERRORS = 15,
	RKN_CHUNK_REGIONS = 16,
	RKN_CHUNK_MARKS = 17,
	RKN_CHUNK_CENSUS = 18,
	RKN_CHUNK_WIDE = 19, /* since minor version 3, like what follows */
	RKN_CHUNK_FREES = 20,
	RKN_CHUNK_END = 255, /* no payload; the file is whole */
};

#define RKN_CHUNK_MAGIC 0x48434b52u /* "RKCH" */
#define RKN_CHUNK_MAX   (4u << 20)  /* most bytes of one payload, either form */

struct rkn_chunk {
	uint32_t magic;
	uint16_t type;
	uint16_t sequence; /* number of the chunk in the file, modulo 65536 */
	uint32_t record_size; /* bytes of one record; 1 for STRINGS */
	uint32_t raw_size;    /* bytes of the payload when unpacked */
	uint32_t stored_size; /* bytes in the file; == raw_size: stored plain */
	uint32_t payload_crc; /* CRC-32 of the stored bytes */
	uint32_t reserved;    /* 0 */
	uint32_t header_crc;  /* CRC-32 of the bytes before this field */
};
static_assert(sizeof(struct rkn_chunk) == 32, "chunk header changed size");

enum rkn_end {
	RKN_END_UNKNOWN = 0, /* killed, replaced by exec, or still running */
	RKN_END_EXIT = 1,    /* end_value is the exit status */
	RKN_END_SIGNAL = 2,  /* end_value is the signal's number */
};

enum rkn_meta_flag {
	RKN_META_FORKED = 1u << 0,   /* began by fork: memory was inherited */
	RKN_META_SNAPSHOT = 1u << 1, /* blocks, edges, roots are one picture */
	RKN_META_FOREIGN_MALLOC = 1u << 2, /* the allocator is not glibc's */
	RKN_META_OFF = 1u << 3, /* recording switched itself off; see message */
	RKN_META_NO_SNAPSHOT = 1u << 4, /* none was wanted at the exit */
	RKN_META_AT_SIGNAL = 1u << 5, /* the snapshot is of when the signal that
					 ended the process arrived, */
	RKN_META_AT_CALL = 1u << 6,   /* or of when the program asked for it */
	RKN_META_SANDBOX = 1u << 7,   /* a seccomp filter forbade it */
	RKN_META_UNWANTED = 1u << 8,  /* the program turned leak checks off, by
					 what it told LeakSanitizer */
	RKN_META_CHECKING = 1u << 9,  /* the snapshot had begun, and was not
					 complete when the process was gone */
	RKN_META_EARLY = 1u << 10,    /* it had not come to its own code */
};

struct rkn_meta {
	uint32_t pid;
	uint32_t parent_pid;
	uint64_t start_ns;    /* wall clock, nanoseconds since 1970 */
	uint64_t duration_ns; /* monotonic, to the last thing known */
	uint32_t program;     /* text: path of the executable */
	uint32_t directory;   /* text: working directory at the start */
	uint32_t arguments;   /* text: argument 0; the others follow at once */
	uint32_t argument_count;
	uint32_t message;   /* text: why recording switched itself off, or which
			       assertion of the program failed, or "" */
	uint32_t page_size; /* bytes */
	uint32_t granule;   /* bytes between blocks that can be told apart */
	uint32_t flags;     /* enum rkn_meta_flag */
	uint32_t end;       /* enum rkn_end */
	int32_t end_value;
	uint64_t allocations; /* successful calls; realloc counts as both */
	uint64_t frees;
	uint64_t allocated_bytes; /* as requested */
	uint64_t freed_bytes;
	uint64_t peak_bytes;  /* most requested bytes alive at one time */
	uint64_t own_bytes;   /* memory of refknot's own tables */
	uint64_t snapshot_ns; /* time that the exit snapshot took */
	uint64_t stop_ns;     /* of it, waiting for threads to stop */
	uint64_t root_bytes;  /* searched for pointers */
	/* Since minor version 2: text, what the program's own
	 * __lsan_default_suppressions() returned. */
	uint32_t suppressions;
	uint32_t unseen; /* text: which modules RKN_LIMIT_BYPASS counts, and
			    why, or "" */
};
static_assert(sizeof(struct rkn_meta) == 144, "meta changed size");

struct rkn_module {
	uint64_t start;         /* first address of its mappings */
	uint64_t end;           /* first address after them */
	uint64_t base;          /* address less base: the ELF file's address */
	uint32_t path;          /* text */
	uint32_t build_id_size; /* bytes used in build_id; 0: none */
	uint8_t build_id[32];
};
static_assert(sizeof(struct rkn_module) == 64, "module changed size");

#define RKN_NONE 0xffffffffu /* no such record */

struct rkn_frame {        /* a node of the tree of call stacks */
	uint64_t address; /* return address */
	uint32_t parent;  /* the caller's, a smaller index; 0: the root */
	uint32_t module;  /* RKN_NONE: not in any module */
};
static_assert(sizeof(struct rkn_frame) == 16, "frame changed size");

enum rkn_stack_flag {
	RKN_STACK_TRUNCATED = 1u << 0, /* callers are missing */
};

struct rkn_stack {      /* record 0: blocks whose stack is not known */
	uint32_t frame; /* innermost: the caller of the allocation function */
	uint32_t flags; /* enum rkn_stack_flag */
	uint64_t allocations;
	uint64_t allocated_bytes;
	uint64_t frees; /* of blocks that this stack had allocated */
	uint64_t freed_bytes;
};
static_assert(sizeof(struct rkn_stack) == 40, "stack changed size");

enum rkn_thread_flag {
	RKN_THREAD_ALIVE = 1u << 0,   /* at the snapshot */
	RKN_THREAD_STOPPED = 1u << 1, /* for the snapshot; registers known */
};

struct rkn_thread { /* record 0: threads that are not known */
	uint32_t tid;
	uint32_t flags; /* enum rkn_thread_flag */
	uint64_t allocations;
	uint64_t frees;
};
static_assert(sizeof(struct rkn_thread) == 24, "thread changed size");

struct rkn_limit {       /* see limits.def; rows with count 0 are left out */
	uint32_t number; /* enum rkn_limit_number */
	uint32_t reserved;
	uint64_t count;
};
static_assert(sizeof(struct rkn_limit) == 16, "limit changed size");

#define RKN_BYPASS_WHY                                                         \
	"they have a C library and a heap of their own (dlmopen, LD_AUDIT), "  \
	"or are bound to another malloc than the one that refknot watches"

enum rkn_limit_number {
#define RKN_LIMIT(name, what, why) RKN_LIMIT_##name,
#include "limits.def"
#undef RKN_LIMIT
	RKN_LIMITS
};

struct rkn_block { /* one live allocation; records ascend by address */
	uint64_t address;
	uint64_t size;  /* bytes requested */
	uint64_t birth; /* order of allocation; 0: not known */
	uint32_t stack;
	uint32_t thread;
};
static_assert(sizeof(struct rkn_block) == 32, "block changed size");

/* A number that has no room in its field: see rkn_wide. Where there is no such
 * record it is so much, or more. */
#define RKN_SEE_WIDE 0xffffffffu

struct rkn_edge {           /* a word in a block that points into a block */
	uint32_t from;      /* block; records ascend by from, then from_word */
	uint32_t to;        /* block */
	uint32_t from_word; /* where the word is, in units of 8 bytes;
			       RKN_SEE_WIDE */
	uint32_t to_offset; /* where it points, bytes; 0: the start; the block's
			       size: one past its end; RKN_SEE_WIDE */
};
static_assert(sizeof(struct rkn_edge) == 16, "edge changed size");

enum rkn_root_kind {
	RKN_ROOT_DATA = 0,      /* data or bss of a module; owner: module */
	RKN_ROOT_STACK = 1,     /* owner: thread */
	RKN_ROOT_REGISTER = 2,  /* owner: thread */
	RKN_ROOT_TLS = 3,       /* owner: thread */
	RKN_ROOT_MAP = 4,       /* any other mapping */
	RKN_ROOT_INHERITED = 5, /* memory that fork copied from the parent */
	RKN_ROOT_LOADER = 6,    /* allocated by the dynamic loader for itself */
	RKN_ROOT_DECLARED = 7,  /* the program said that it is in use, or left
				  behind on purpose */
	RKN_ROOT_GONE = 8,      /* memory that the program unmapped at its end,
				  after its last allocation. Behind all others;
				  where is 0, and it is no root any more */
};

struct rkn_root {       /* a word outside the heap that points into a block */
	uint64_t where; /* its address; 0 for LOADER and DECLARED */
	uint32_t block;
	uint32_t to_offset; /* bytes; RKN_SEE_WIDE */
	uint32_t kind;      /* enum rkn_root_kind */
	uint32_t owner;     /* RKN_NONE: not known */
};
static_assert(sizeof(struct rkn_root) == 24, "root changed size");

/* A name that the program gave: of a type, a field, a mark, a region. Record 0
 * is no name. */
enum rkn_name_flag {
	RKN_NAME_CLEAR = 1u << 0, /* a type: it has a clear function */
};
struct rkn_name {
	uint32_t text;
	uint32_t flags; /* enum rkn_name_flag */
	uint64_t made;  /* objects of this type */
	uint64_t ended; /* of them */
};
static_assert(sizeof(struct rkn_name) == 24, "name changed size");

enum rkn_object_flag {
	RKN_OBJECT_MAKER = 1u << 0,   /* its maker's reference is not ended */
	RKN_OBJECT_COUNTED = 1u << 1, /* it counts itself: `count` was read
					 there at the snapshot */
	RKN_OBJECT_ENDED = 1u << 2,   /* it is there as the holder of references
				       that it did not give back: no block */
};

/* An object that was alive; record 0 is unused. Ascending by address, ended
 * ones last. */
struct rkn_object {
	uint64_t address;
	uint64_t order; /* when it was made, see rkn_event */
	uint64_t ended_order;
	int64_t count;  /* references: read where it counts itself, else told */
	int64_t told;   /* as retain and release had it */
	uint32_t block; /* RKN_NONE: ended */
	uint32_t type;  /* name */
	uint32_t serial;
	uint32_t stack;
	uint32_t thread;
	uint32_t ended_stack;
	uint32_t flags;       /* enum rkn_object_flag */
	uint32_t generation;  /* 0, 1, 2; 3: frozen */
	uint32_t event_count; /* of all, kept or not */
	uint32_t first_event; /* of those kept, the oldest */
	uint32_t events;      /* kept */
	uint32_t reserved;
};
static_assert(sizeof(struct rkn_object) == 88, "object changed size");

enum rkn_reference_kind {
	RKN_REFERENCE = 0,      /* it counts */
	RKN_REFERENCE_LINK = 1, /* tells the holder of one that counts */
	RKN_REFERENCE_WEAK = 2,
};

/* A reference that was not given back, or an edge; by `to`, then order. */
struct rkn_reference {
	uint64_t order;
	uint64_t holder; /* address; 0: nobody was named */
	uint32_t to;     /* object */
	uint32_t from;   /* object that holds it; 0: it is none */
	uint32_t field;  /* name */
	uint32_t stack;
	uint32_t thread;
	uint32_t kind; /* enum rkn_reference_kind */
};
static_assert(sizeof(struct rkn_reference) == 40, "reference changed size");

enum rkn_event_kind {
	RKN_EVENT_RETAIN = 0,
	RKN_EVENT_RELEASE = 1,
	RKN_EVENT_MOVE = 2,
	RKN_EVENT_LINK = 3,
	RKN_EVENT_UNLINK = 4,
	RKN_EVENT_RENAME = 5,
};

/* What happened to an object, the oldest first. `order` grows with time, the
 * same for all threads but for a drift of 64; its unit is not known. */
struct rkn_event {
	uint64_t order;
	uint32_t kind; /* enum rkn_event_kind */
	uint32_t stack;
	uint32_t thread;
	uint32_t holder; /* object; 0: none */
	uint32_t field;
	int32_t count; /* as told, after it */
};
static_assert(sizeof(struct rkn_event) == 32, "event changed size");

enum rkn_error_kind {
	RKN_ERROR_NONE = 0, /* the record is free */
	RKN_ERROR_RELEASE_AT_ZERO = 1,
	RKN_ERROR_REFERENCE_ON_FREED = 2,
	RKN_ERROR_FREED_WHILE_HELD = 3,
	/* Since minor version 4: a holder has not what it is said to have. */
	RKN_ERROR_RELEASE_BY_OTHER = 4,
	RKN_ERROR_MOVE_FROM_OTHER = 5,
	RKN_ERROR_UNLINK_NOTHING = 6,
};

enum rkn_error_flag {
	RKN_ERROR_DOUBTED = 1u << 0,    /* the maker's reference may be meant */
	RKN_ERROR_GAVE_AWAY = 1u << 1,  /* `who` moved its own to another; else
					  it gave it back */
	RKN_ERROR_FIRST_MOVE = 1u << 2, /* the other's stack is of a move */
	/* One is held by memory that is no object: it may have been copied. */
	RKN_ERROR_COPIED = 1u << 3,
};

/* Who holds, or should. */
struct rkn_party {
	uint64_t address; /* 0: nobody is named */
	uint32_t type;    /* name; 0: it is no object */
	uint32_t serial;
	uint32_t field; /* name */
	uint32_t stack; /* 0: there is none, or it is not known */
};

/* Wrong use of references; those alike are one. */
struct rkn_error {
	uint64_t count;
	uint64_t order;   /* of the first, and what follows too */
	uint64_t address; /* of the object */
	uint32_t kind;    /* enum rkn_error_kind */
	uint32_t type;    /* name */
	uint32_t serial;
	uint32_t stack; /* of the call */
	uint32_t made_stack;
	uint32_t ended_stack; /* 0: it had not ended */
	uint32_t thread;
	int32_t references; /* that were left */
	/* Since minor version 4. */
	struct rkn_party who; /* has no reference, or no edge. Its stack: where
				   it let go of the one that it had */
	struct rkn_party to;  /* of a move: the new holder, without a stack */
	struct rkn_party other; /* has one. Its stack: where it was taken, or
				   first moved there */
	uint32_t flags;         /* enum rkn_error_flag */
	uint32_t reserved;
};
static_assert(sizeof(struct rkn_error) == 136, "error changed size");
static_assert(offsetof(struct rkn_error, who) == 56,
	      "what minor version 1 had of an error moved");

#define RKN_UNKNOWN        INT64_MIN /* of a number that may be negative */
#define RKN_REGION_VALUES  8
#define RKN_REGION_BUCKETS 16

/*
 * What the passes of a region in one thread did to the blocks of one stack, to
 * the objects of one type, or (both RKN_NONE) to all blocks. Blocks that are
 * objects of a type count there and not with their stack. A pass that changed
 * nothing of the row is not in its `passes`; the row of all blocks has each.
 */
struct rkn_region {
	uint32_t name;
	uint32_t thread;
	uint32_t stack;
	uint32_t type;   /* name */
	uint64_t begun;  /* of the row of all blocks: begun, ended or not */
	uint64_t passes; /* ended */
	uint64_t made;
	uint64_t ended;
	uint64_t made_bytes;
	uint64_t ended_bytes;
	int64_t before; /* alive in the whole process before the first pass;
			   RKN_UNKNOWN */
	int64_t after;  /* and after the last */
	int64_t least;  /* of made less ended, in one pass */
	int64_t most;
	int64_t values[8]; /* RKN_REGION_VALUES: made less ended, so far as
			      these are enough */
	uint64_t times[8]; /* in so many passes */
	uint64_t others;   /* passes with other values, between the next two */
	int64_t other_least;
	int64_t other_most;
	/* Since minor version 2, by the number that a pass has among all of the
	 * region in this thread, from 0: those that changed nothing of the row
	 * count here. */
	uint64_t grown_since; /* the first of the last ones in a row that each
				 made more than they ended, */
	uint64_t grown_until; /* and what follows the last; 0: there was none */
	uint32_t series_shift; /* a bucket is 1 << series_shift passes, made
				  wider when the buckets are not enough */
	uint32_t buckets;   /* RKN_REGION_BUCKETS; 0: the series is not known */
	int64_t series[16]; /* made less ended, by bucket */
	/* Since minor version 4: where the first and the last pass that changed
	 * the row stand among all passes of the process, which are numbered
	 * from 1 as they end; 0: not known. */
	uint64_t first;
	uint64_t last;
	int64_t top;  /* the most of made less ended after a pass, of all passes
			 so far together; 0 or more */
	int64_t fall; /* the deepest that this ever fell below it */
};
static_assert(sizeof(struct rkn_region) == 432, "region changed size");
static_assert(offsetof(struct rkn_region, first) == 400,
	      "what minor version 2 had of a region moved");
static_assert(offsetof(struct rkn_region, grown_since) == 248,
	      "what minor version 1 had of a region moved");

/* An instant that the program named. What was alive then is in the census,
 * rows first .. first+rows-1. */
struct rkn_mark {
	uint32_t name;
	uint32_t thread;
	uint64_t time_ns; /* since the recording's start */
	uint64_t birth;   /* the last allocation's before it */
	uint64_t blocks;  /* alive */
	uint64_t bytes;
	uint32_t number; /* of this name, from 1; some may be left out */
	uint32_t first;
	uint32_t rows;
	uint32_t room; /* rows that it could have there */
};
static_assert(sizeof(struct rkn_mark) == 56, "mark changed size");

/* Blocks of a stack that were no objects, or objects of a type. */
struct rkn_census {
	uint32_t stack; /* RKN_NONE: see type */
	uint32_t type;  /* name; RKN_NONE: see stack */
	uint64_t live;
	uint64_t bytes;
};
static_assert(sizeof(struct rkn_census) == 24, "census changed size");

enum rkn_wide_kind {
	RKN_WIDE_ROOT = 0,
	RKN_WIDE_EDGE = 1,
	/* A pointer to that place of the block is meant to keep it, */
	RKN_WIDE_ARRAY = 2, /* if C++'s operator new made it: the word before is
			       a number of elements that fills the rest */
	RKN_WIDE_BASE = 3,  /* as a C++ object's part of a base class */
};

/* What pointers have no room for: offsets of 4 GiB and more, which are rare, and
 * what the places are that they lead to. By ascending kind, then index, then, of
 * a block, offset. */
struct rkn_wide {
	uint32_t kind;      /* enum rkn_wide_kind */
	uint32_t index;     /* of the root, edge or block */
	uint64_t from_word; /* in units of 8 bytes; but of an edge 0 */
	uint64_t to_offset; /* bytes */
};
static_assert(sizeof(struct rkn_wide) == 24, "wide record changed size");

enum rkn_free_flag {
	RKN_FREE_MOVES = 1u << 0, /* it was a realloc */
	RKN_FREE_FATAL = 1u << 1, /* the process ended in it */
};

enum rkn_free_kind {
	RKN_FREE_UNKNOWN = 0, /* of a block that was not recorded, or not known
				 what of */
	RKN_FREE_AGAIN = 1,   /* of a block that was freed before */
	RKN_FREE_INSIDE = 2,  /* of an address inside a live block */
	RKN_FREE_STACK = 3,   /* on the thread's stack */
	RKN_FREE_STATIC = 4,  /* in a module: a variable, a constant, code */
	RKN_FREE_MAPPING = 5, /* in a file's mapping, or the start of another */
	RKN_FREE_NOWHERE = 6, /* where nothing is mapped */
};

/*
 * Frees of what was no live block: in which the process ended; or of a block that
 * was freed before, or an address inside one, unless its memory was handed out or
 * the block freed in between by a way that is not seen. Those of one place and
 * kind are one, which tells of the first.
 */
struct rkn_free {
	uint64_t count;
	uint64_t address; /* that was freed */
	uint64_t offset;  /* in its block: INSIDE */
	uint64_t size;    /* of the block: AGAIN, INSIDE */
	uint32_t kind;    /* enum rkn_free_kind */
	uint32_t flags;   /* enum rkn_free_flag */
	uint32_t stack;   /* of the call */
	uint32_t thread;
	uint32_t made_stack;  /* of the block; 0: there is none */
	uint32_t freed_stack; /* its former free, the innermost frame alone; 0:
				 not known */
};
static_assert(sizeof(struct rkn_free) == 56, "free changed size");

#endif
