/* SPDX-License-Identifier: MIT */
/*
 * The finished recording: a file header, then chunks.
 *
 *   struct rkn_file_header | chunk | chunk | ... | END chunk
 *   chunk:  struct rkn_chunk | payload of stored_size bytes
 *
 * A file, PROG.PID.rkn, holds the recordings of one run, one after another and each
 * as it would be alone: that of the program first, then those of the processes that
 * it started.  The file has no list of them: the length in a header leads to the next.
 *
 * Invariants:
 *
 *  - Everything is little endian and of fixed width.
 *  - A chunk holds whole records of one type.  A type may take several chunks:
 *    their records are numbered on.  Known types come in the order of their
 *    numbers.
 *  - The END chunk is last.  A recording without it was cut short; all chunks
 *    before the cut are valid.
 *  - `length` is written when all else is.  What follows a recording of a minor
 *    version below 8 is none.
 *  - Records refer to each other by index, which is the position among all
 *    records of the type, from 0.  They refer to text by byte offset into the
 *    concatenated STRINGS chunks, where every text ends with NUL and offset 0
 *    is the empty text.
 *  - A payload has its records in columns: byte 0 of every record, then byte 1
 *    of every record, and so on; byte b of record i of n is at b * n + i.  In
 *    that order they are compressed with zstd, or stored plain if compression
 *    gains nothing.
 *  - Blocks ascend by address, edges by `from` and `from_word`, references by
 *    `to` and order.  A frame's parent has a smaller index.
 *  - FIRST has a record for each block, in the same order; if it has fewer,
 *    nothing is known of the last blocks.
 *  - COUNTS, SLACK and CONTENTS ascend by block, with one record of a block at
 *    most.
 *  - POINTS and KEYS ascend by time, the rows of a key frame and LIVES by stack.
 *  - MAPPINGS and PAGES ascend by address, and no two overlap.
 *  - META is the first chunk and stored plain, since minor version 7: it can be
 *    read, and what a run says of its processes be noted, without the rest.
 *
 * A reader skips chunk types that it does not know.  It refuses another major
 * version; that keeps the form of the file header.  In a newer minor version
 * records may be longer: new fields are at their end.  The reader is
 * cli/recording/recording_read.c, the writer recording_write.c beside it, and
 * refknot-recording(5) describes the format with an example.
 */
#ifndef REFKNOT_FORMAT_H
#define REFKNOT_FORMAT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define RKN_MAGIC "\x89RKN\r\n\x1a\n" /* 8 bytes; a text transfer breaks them */
#define RKN_MAJOR 1
#define RKN_MINOR 10

struct rkn_file_header {
	char magic[8];
	uint16_t major;
	uint16_t minor;
	uint32_t size;   /* of this header, bytes; chunks start here */
	uint32_t length; /* since minor version 8: bytes of this recording with
			    this header; 0: 4 GiB or more, or it was not
			    written to its end: its chunks say where that is */
	uint32_t crc;    /* CRC-32 (IEEE) of the bytes before this field */
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
	RKN_CHUNK_PLACES = 21, /* since minor version 5, like what follows */
	RKN_CHUNK_FIRST = 22,  /* one uint32_t a block: the place that its first
				  words lead to; RKN_NONE: there is none, or it
				  is not known */
	RKN_CHUNK_COUNTS = 23, /* since minor version 6, like what follows */
	RKN_CHUNK_LIVE_FRAMES = 24,
	RKN_CHUNK_LIVE_THREADS = 25,
	RKN_CHUNK_TLS = 26,
	RKN_CHUNK_POINTS = 27, /* since minor version 9, like what follows */
	RKN_CHUNK_KEYS = 28,
	RKN_CHUNK_KEY_ROWS = 29,
	RKN_CHUNK_LIVES = 30,
	RKN_CHUNK_MAPPINGS = 31,
	RKN_CHUNK_PAGES = 32,
	RKN_CHUNK_ARENAS = 33,
	RKN_CHUNK_SLACK = 34,
	RKN_CHUNK_MAPPED_SITES = 35,
	RKN_CHUNK_MAPPED = 36,
	RKN_CHUNK_CONTENTS = 37,
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
	RKN_META_NO_SNAPSHOT = 1u << 4, /* the user asked for none */
	RKN_META_AT_SIGNAL = 1u << 5,   /* the snapshot was taken as the signal
					 arrived that ended the process */
	RKN_META_AT_CALL = 1u << 6,     /* it was taken as the program asked */
	RKN_META_SANDBOX = 1u << 7,  /* a seccomp filter forbade a snapshot */
	RKN_META_UNWANTED = 1u << 8, /* the program turned leak checks off, by
					 LeakSanitizer's interface */
	RKN_META_CHECKING = 1u << 9, /* the process was gone before its
					 snapshot was complete */
	RKN_META_EARLY = 1u << 10,   /* the program's own code never began */
	RKN_META_JUDGED = 1u << 11, /* `run_cycles` to `run_lost_bytes` say what
					the run found in it */
	RKN_META_UNJUDGED = 1u << 12, /* no check was made; what they say is not
					 all */
	/* Since minor version 8, in the first recording of a run's file: refknot
	 * has not written all the others yet, or was ended before. */
	RKN_META_RUN_OPEN = 1u << 13,
	/* Since minor version 9: stacks have what was alive when most was. */
	RKN_META_PEAKS = 1u << 14,
	/* Mappings to which no word leads are flagged. */
	RKN_META_MAPPINGS = 1u << 15,
};

/* If meta.areas is above 1, bytes that each adds to how much more than at
 * meta.peak_bytes may have been alive at another moment. */
#define RKN_PEAK_THREAD (128 << 10)

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
			       assertion in the program failed, or "" */
	uint32_t page_size; /* bytes */
	uint32_t granule;   /* two blocks are at least so many bytes apart */
	uint32_t flags;     /* enum rkn_meta_flag */
	uint32_t end;       /* enum rkn_end */
	int32_t end_value;
	uint64_t allocations; /* successful calls; realloc counts as a free
				 and an allocation */
	uint64_t frees;
	uint64_t allocated_bytes; /* as requested */
	uint64_t freed_bytes;
	uint64_t peak_bytes;  /* most requested bytes alive at the same time */
	uint64_t own_bytes;   /* memory of refknot's own tables */
	uint64_t snapshot_ns; /* time that the exit snapshot took */
	uint64_t stop_ns;     /* part of it: waiting for threads to stop */
	uint64_t root_bytes;  /* bytes of roots that were searched */
	/* Since minor version 2. Text: the result of the program's own
	 * __lsan_default_suppressions(). */
	uint32_t suppressions;
	uint32_t unseen; /* text: which modules RKN_LIMIT_BYPASS counts, and
			    why, or "" */
	/* Since minor version 7. */
	uint32_t script; /* text: name of the script that the program is the
			    interpreter of, by its first line "#!", or "" */
	/* What `refknot run` notes at its end, in all recordings that it
	 * writes. */
	uint32_t run_pid; /* of the process that it started; 0: no run */
	uint64_t run_ns;  /* wall clock: when the run ended. The recordings of
			       one run have the same two numbers */
	uint32_t run_cycles;     /* findings: orphaned cycles */
	uint32_t run_leaks;      /* leaks */
	uint32_t run_others;     /* of any other kind but the next */
	uint32_t run_possible;   /* possible leaks */
	uint64_t run_lost_bytes; /* of what is lost, and what that holds */
	/* Since minor version 10: bytes of mappings that are lost, which are not
	 * findings; 0, too, where that is not known. */
	uint64_t run_lost_mapped;
	uint32_t areas; /* threads that counted at the same time, at most */
	uint32_t reserved;
};
static_assert(sizeof(struct rkn_meta) == 200, "meta changed size");
static_assert(offsetof(struct rkn_meta, script) == 144,
	      "what minor version 2 had of meta moved");

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

struct rkn_frame {        /* a node in the tree of call stacks */
	uint64_t address; /* return address */
	uint32_t parent;  /* the caller's, a smaller index; 0: the root */
	uint32_t module;  /* RKN_NONE: not in any module */
};
static_assert(sizeof(struct rkn_frame) == 16, "frame changed size");

enum rkn_stack_flag {
	RKN_STACK_TRUNCATED = 1u << 0, /* callers are missing */
	/* Since minor version 7: for it has more frames than are kept; without
	 * this one a function has no unwind rules. */
	RKN_STACK_DEEPER = 1u << 1,
};

struct rkn_stack {      /* record 0: the stack is not known */
	uint32_t frame; /* innermost: the caller of the allocation function */
	uint32_t flags; /* enum rkn_stack_flag */
	uint64_t allocations;
	uint64_t allocated_bytes;
	uint64_t frees; /* of blocks that this stack allocated */
	uint64_t freed_bytes;
	/* Since minor version 9, with RKN_META_PEAKS: what was alive when most
	 * was, meta.peak_bytes. */
	uint64_t peak_blocks;
	uint64_t peak_bytes;
};
static_assert(sizeof(struct rkn_stack) == 56, "stack changed size");

enum rkn_thread_flag {
	RKN_THREAD_ALIVE = 1u << 0,   /* at the snapshot */
	RKN_THREAD_STOPPED = 1u << 1, /* for the snapshot; registers known */
};

struct rkn_thread { /* record 0: the thread is not known */
	uint32_t tid;
	uint32_t flags; /* enum rkn_thread_flag */
	uint64_t allocations;
	uint64_t frees;
};
static_assert(sizeof(struct rkn_thread) == 24, "thread changed size");

struct rkn_limit {       /* see limits.def; only rows with a count above 0 */
	uint32_t number; /* enum rkn_limit_number */
	uint32_t reserved;
	uint64_t count;
};
static_assert(sizeof(struct rkn_limit) == 16, "limit changed size");

#define RKN_BYPASS_WHY                                                         \
	"they have a C library and a heap of their own (dlmopen, LD_AUDIT), "  \
	"or are bound to another malloc than the one that refknot watches"

enum rkn_limit_number {
#define RKN_LIMIT(name, ...) RKN_LIMIT_##name,
#include "limits.def"
#undef RKN_LIMIT
	RKN_LIMITS
};

struct rkn_block { /* one live allocation; records ascend by address */
	uint64_t address;
	uint64_t size;  /* bytes requested */
	uint64_t birth; /* number in the order of allocation; 0: not known */
	uint32_t stack;
	uint32_t thread;
};
static_assert(sizeof(struct rkn_block) == 32, "block changed size");

/* The number has no room in its field: struct rkn_wide has it. If there is no
 * such record, the number is this one or a greater one. */
#define RKN_SEE_WIDE 0xffffffffu

struct rkn_edge {           /* a word of a block that points into a block */
	uint32_t from;      /* block; records ascend by from, then from_word */
	uint32_t to;        /* block */
	uint32_t from_word; /* the word's offset, in units of 8 bytes;
			       RKN_SEE_WIDE */
	uint32_t to_offset; /* bytes; 0: it points at the start; the block's
			       size: one past the end; RKN_SEE_WIDE */
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
	RKN_ROOT_DECLARED = 7,  /* the program said that the block is in use,
				  or left behind on purpose */
	RKN_ROOT_GONE = 8,      /* memory that the program unmapped at its end,
				  after its last allocation, so it is not a
				  root any more. These records come last */
};

struct rkn_root {       /* a word outside the heap that points into a block */
	uint64_t where; /* its address; 0 for LOADER, DECLARED and GONE */
	uint32_t block;
	uint32_t to_offset; /* bytes; RKN_SEE_WIDE */
	uint32_t kind;      /* enum rkn_root_kind */
	uint32_t owner;     /* RKN_NONE: not known */
};
static_assert(sizeof(struct rkn_root) == 24, "root changed size");

/* A name that the program gave to a type, a field, a mark or a region. Record 0
 * is not a name. */
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
	RKN_OBJECT_MAKER = 1u << 0,   /* its maker still has a reference */
	RKN_OBJECT_COUNTED = 1u << 1, /* it has a counter: the snapshot read
					 `count` there */
	RKN_OBJECT_ENDED = 1u << 2,   /* its block is gone, but it holds
					 references that it did not give back */
};

/* An object that was alive; record 0 is unused. Records ascend by address;
 * ended ones are last. */
struct rkn_object {
	uint64_t address;
	uint64_t order; /* when it was made, see struct rkn_event */
	uint64_t ended_order;
	int64_t count;  /* references: from its own counter, else as declared */
	int64_t told;   /* references: as the calls of refknot.h said */
	uint32_t block; /* RKN_NONE: ended */
	uint32_t type;  /* name */
	uint32_t serial;
	uint32_t stack;
	uint32_t thread;
	uint32_t ended_stack;
	uint32_t flags;       /* enum rkn_object_flag */
	uint32_t generation;  /* 0, 1, 2; 3: frozen */
	uint32_t event_count; /* of all events, kept or not */
	uint32_t first_event; /* the oldest that is kept */
	uint32_t events;      /* that are kept */
	uint32_t reserved;
};
static_assert(sizeof(struct rkn_object) == 88, "object changed size");

enum rkn_reference_kind {
	RKN_REFERENCE = 0,      /* it counts */
	RKN_REFERENCE_LINK = 1, /* it does not count: it names the holder of
				   a reference that does */
	RKN_REFERENCE_WEAK = 2, /* it does not count, and keeps nothing alive */
};

/* A reference that was not given back, or an edge. Records ascend by `to`, then
 * by order. */
struct rkn_reference {
	uint64_t order;
	uint64_t holder; /* address; 0: the call named none */
	uint32_t to;     /* object */
	uint32_t from;   /* the holder, if it is an object; else 0 */
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

/* What happened to an object, the oldest event first. `order` grows with time,
 * in all threads alike but for a drift of 64; it has no unit. */
struct rkn_event {
	uint64_t order;
	uint32_t kind; /* enum rkn_event_kind */
	uint32_t stack;
	uint32_t thread;
	uint32_t holder; /* object; 0: none */
	uint32_t field;
	int32_t count; /* references after it, as told */
};
static_assert(sizeof(struct rkn_event) == 32, "event changed size");

enum rkn_error_kind {
	RKN_ERROR_NONE = 0, /* the record is free */
	RKN_ERROR_RELEASE_AT_ZERO = 1,
	RKN_ERROR_REFERENCE_ON_FREED = 2,
	RKN_ERROR_FREED_WHILE_HELD = 3,
	/* Since minor version 4: a holder does not have the reference. */
	RKN_ERROR_RELEASE_BY_OTHER = 4,
	RKN_ERROR_MOVE_FROM_OTHER = 5,
	RKN_ERROR_UNLINK_NOTHING = 6,
};

enum rkn_error_flag {
	RKN_ERROR_DOUBTED = 1u << 0,    /* the maker's reference may be meant */
	RKN_ERROR_GAVE_AWAY = 1u << 1,  /* `who` moved its own to another; else
					  it gave it back */
	RKN_ERROR_FIRST_MOVE = 1u << 2, /* the other's stack is of a move */
	/* One holder is memory that is not an object: it may have been copied. */
	RKN_ERROR_COPIED = 1u << 3,
};

/* A holder, or what should be one. */
struct rkn_party {
	uint64_t address; /* 0: none is named */
	uint32_t type;    /* name; 0: it is not an object */
	uint32_t serial;
	uint32_t field; /* name */
	uint32_t stack; /* 0: there is none, or it is not known */
};

/* Wrong use of references. Errors that are alike share a record. */
struct rkn_error {
	uint64_t count;
	uint64_t order;   /* of the first one, as all fields below */
	uint64_t address; /* of the object */
	uint32_t kind;    /* enum rkn_error_kind */
	uint32_t type;    /* name */
	uint32_t serial;
	uint32_t stack; /* of the call */
	uint32_t made_stack;
	uint32_t ended_stack; /* 0: it had not ended */
	uint32_t thread;
	int32_t references; /* that are left on the object */
	/* Since minor version 4. */
	struct rkn_party who;   /* has no reference or edge. Its stack: where
				   it let go of the one that it had */
	struct rkn_party to;    /* of a move: the new holder, without a stack */
	struct rkn_party other; /* has one. Its stack: where that was taken, or
				   first moved there */
	uint32_t flags;         /* enum rkn_error_flag */
	uint32_t reserved;
};
static_assert(sizeof(struct rkn_error) == 136, "error changed size");
static_assert(offsetof(struct rkn_error, who) == 56,
	      "what minor version 1 had of an error moved");

#define RKN_UNKNOWN        INT64_MIN /* the number is not known */
#define RKN_REGION_VALUES  8
#define RKN_REGION_BUCKETS 16

/*
 * What the passes of a region in one thread did to the blocks of one stack, to
 * the objects of one type, or (if both are RKN_NONE) to all blocks. A block
 * that is an object counts with its type and not with its stack. `passes`
 * counts only those that changed the row; the row of all blocks counts every
 * pass.
 */
struct rkn_region {
	uint32_t name;
	uint32_t thread;
	uint32_t stack;
	uint32_t type;   /* name */
	uint64_t begun;  /* row of all blocks: passes begun, ended or not */
	uint64_t passes; /* that ended */
	uint64_t made;
	uint64_t ended;
	uint64_t made_bytes;
	uint64_t ended_bytes;
	int64_t before; /* alive in the whole process before the first pass;
			   RKN_UNKNOWN */
	int64_t after;  /* and after the last pass */
	int64_t least;  /* least of made less ended, in one pass */
	int64_t most;
	int64_t values[8]; /* RKN_REGION_VALUES: the first different values of
			      made less ended */
	uint64_t times[8]; /* how many passes had each of them */
	uint64_t others;   /* passes with other values, between the next two */
	int64_t other_least;
	int64_t other_most;
	/* Since minor version 2. Passes are numbered from 0 among all passes of
	 * the region in this thread, whether they changed the row or not. The
	 * last run of passes that each made more than they ended: the first of
	 * them, and the one that follows the last; 0: there was none. */
	uint64_t grown_since;
	uint64_t grown_until;
	uint32_t series_shift; /* a bucket is 1 << series_shift passes; it grows
				  when the buckets are not enough */
	uint32_t buckets;   /* RKN_REGION_BUCKETS; 0: the series is not known */
	int64_t series[16]; /* made less ended, by bucket */
	/* Since minor version 4. The first and the last pass that changed the
	 * row, numbered from 1 among all passes of the process in the order of
	 * their ends; 0: not known. */
	uint64_t first;
	uint64_t last;
	int64_t top;  /* the highest sum of made less ended after any pass; 0 or
			 more */
	int64_t fall; /* how far the sum ever fell below its highest so far */
};
static_assert(sizeof(struct rkn_region) == 432, "region changed size");
static_assert(offsetof(struct rkn_region, first) == 400,
	      "what minor version 2 had of a region moved");
static_assert(offsetof(struct rkn_region, grown_since) == 248,
	      "what minor version 1 had of a region moved");

/* An instant that the program named. The census has what was alive then, in
 * rows first .. first+rows-1. */
struct rkn_mark {
	uint32_t name;
	uint32_t thread;
	uint64_t time_ns; /* since the recording's start */
	uint64_t birth;   /* of the last allocation before it */
	uint64_t blocks;  /* alive */
	uint64_t bytes;
	uint32_t number; /* of this name, from 1; there may be gaps */
	uint32_t first;
	uint32_t rows;
	uint32_t room; /* rows that it has room for */
};
static_assert(sizeof(struct rkn_mark) == 56, "mark changed size");

/* What was alive at a mark: a stack's blocks that are no objects, or a type's
 * objects. */
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
	/* A pointer to that offset of the block keeps the block, */
	RKN_WIDE_ARRAY = 2, /* if C++'s operator new made it: the word before is
			       the number of elements that fill the rest */
	RKN_WIDE_BASE = 3,  /* as a base class's part of a C++ object */
};

/* What edges and roots have no room for: offsets of 4 GiB and more, and what
 * the offset of a block is. Records ascend by kind, index, and of a block by
 * offset. */
struct rkn_wide {
	uint32_t kind;      /* enum rkn_wide_kind */
	uint32_t index;     /* of the root, edge or block */
	uint64_t from_word; /* of an edge, in units of 8 bytes; else 0 */
	uint64_t to_offset; /* bytes */
};
static_assert(sizeof(struct rkn_wide) == 24, "wide record changed size");

enum rkn_free_flag {
	RKN_FREE_MOVES = 1u << 0, /* it was a realloc */
	RKN_FREE_FATAL = 1u << 1, /* the process ended in it */
};

enum rkn_free_kind {
	RKN_FREE_UNKNOWN = 0, /* of a block that was not recorded, or nothing is
				 known */
	RKN_FREE_AGAIN = 1,   /* of a block that was freed before */
	RKN_FREE_INSIDE = 2,  /* of an address inside a live block */
	RKN_FREE_STACK = 3,   /* on the thread's stack */
	RKN_FREE_STATIC = 4,  /* in a module: a variable, a constant, code */
	RKN_FREE_MAPPING = 5, /* in a file's mapping, or the start of another */
	RKN_FREE_NOWHERE = 6, /* where nothing is mapped */
};

/*
 * Frees of what was no live block: one in which the process ended; one of a
 * block that was freed before; one of an address inside a block. The last two
 * are left out if the memory was handed out or freed in between by a way that
 * refknot does not see. Frees of the same place and kind share a record, which
 * describes the first.
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
	uint32_t freed_stack; /* of its former free, only the innermost frame;
				 0: not known */
};
static_assert(sizeof(struct rkn_free) == 56, "free changed size");

/*
 * A place in a module's file to which the first word of a block leads, or the
 * second or fourth behind what may be the reference count of a CPython object.
 * Each is there once for each word.
 */
struct rkn_place {
	uint64_t offset; /* of the place in the module: its ELF address */
	uint32_t module; /* RKN_NONE: not known */
	uint32_t word;   /* which word of the block leads there: 0, 1 or 3 */
};
static_assert(sizeof(struct rkn_place) == 16, "place changed size");

#define RKN_COUNT_MOST 0xffffu /* so many, or more */

/*
 * Two numbers near a block's start that may be counts of references: two ints
 * behind a first word that leads to what is constant in a module, as libstdc++
 * has them for a std::shared_ptr; there two words that are 1 less, as libc++ has
 * them; or the first two words, as Rust's Rc and Arc. Whether they are counts,
 * only the type of the block tells. All strong references together have one of
 * the weak ones.
 */
struct rkn_count {
	uint32_t block;
	uint16_t strong; /* 0 .. RKN_COUNT_MOST */
	uint16_t weak;   /* 1 .. RKN_COUNT_MOST */
};
static_assert(sizeof(struct rkn_count) == 8, "count changed size");

enum rkn_live_frame_flag {
	/* It was interrupted at pc - 1, and may use 128 bytes below `sp`. */
	RKN_LIVE_INTERRUPTED = 1u << 0,
};

/*
 * A frame of a thread that stood still for the snapshot. Those of a thread
 * follow each other, the innermost first: the CFA of each, where its caller's
 * frame begins, is the `sp` of the next. That of a thread's last is not known.
 */
struct rkn_live_frame {
	uint64_t pc;  /* return address; of interrupted code: its address + 1 */
	uint64_t sp;  /* as the return of its callee would leave it, like rbp */
	uint64_t rbp; /* 0: it may be not known */
	uint32_t module; /* RKN_NONE: not in any module */
	uint32_t flags;  /* enum rkn_live_frame_flag */
};
static_assert(sizeof(struct rkn_live_frame) == 32, "live frame changed size");

enum rkn_live_thread_flag {
	RKN_LIVE_MORE = 1u << 0, /* it has more frames than are recorded */
};

/* A thread that stood still for the snapshot. */
struct rkn_live_thread {
	uint64_t pointer;   /* the thread pointer; 0: not known */
	uint64_t registers; /* where the registers of its innermost frame are
			       on a stack, 8 bytes each, in the order of
			       x86-64's ucontext_t: r8 .. r15, rdi, rsi, rbp,
			       rbx, rdx, rax, rcx, rsp, rip; 0: nowhere */
	uint32_t thread;    /* RKN_NONE: it has no record */
	uint32_t first;     /* its innermost live frame */
	uint32_t frames;    /* that are recorded; 0: none is known */
	uint32_t flags;     /* enum rkn_live_thread_flag */
};
static_assert(sizeof(struct rkn_live_thread) == 32, "live thread changed size");

/* A module whose thread-local variables have a fixed place in each thread. */
struct rkn_tls {
	uint64_t below; /* where they begin: so many bytes below the thread
			   pointer */
	uint64_t size;  /* bytes */
	uint32_t module;
	uint32_t reserved;
};
static_assert(sizeof(struct rkn_tls) == 24, "tls changed size");

enum rkn_point_flag {
	RKN_POINT_PEAK = 1u << 0, /* most was alive, meta.peak_bytes */
	RKN_POINT_END = 1u << 1,  /* the last thing that is known */
};

/* What was alive at one time of the run, and what was handed out by then. The
 * first is the start. */
struct rkn_point {
	uint64_t time_ns; /* since the recording's start */
	uint64_t births;  /* numbers of blocks handed out, in the order of
			     allocation; see rkn_block.birth */
	uint64_t allocations;
	uint64_t allocated_bytes;
	uint64_t blocks; /* alive */
	uint64_t bytes;  /* of these */
	uint64_t most;   /* bytes that were seen alive since the point before */
	uint64_t least;
	uint32_t flags; /* enum rkn_point_flag */
	uint32_t reserved;
};
static_assert(sizeof(struct rkn_point) == 72, "point changed size");

/* A key frame: what each stack had alive then, in rows first .. first+rows-1. Of
 * one with a row of others point.least says which these are: those that have fewer
 * bytes. */
struct rkn_key {
	struct rkn_point point;
	uint32_t first;
	uint32_t rows;
};
static_assert(sizeof(struct rkn_key) == 80, "key frame changed size");

struct rkn_key_row {
	uint32_t stack;  /* RKN_NONE: all others that had something */
	uint32_t blocks; /* alive; 2^32 - 1: so many, or more */
	uint64_t bytes;
};
static_assert(sizeof(struct rkn_key_row) == 16, "key row changed size");

#define RKN_LIFE_BUCKETS 8
#define RKN_LIFE_SHIFT   3

/*
 * How long the blocks of a stack lived that were freed, by samples, and how often
 * calls of realloc with that stack copied a block. Bucket 0 has those that were
 * freed before another block was handed out; bucket n those that lived for less
 * than 1 << RKN_LIFE_SHIFT * n births, which are more than those of the bucket
 * before; the last has all others. A stack without either has no record.
 */
struct rkn_lives {
	uint32_t stack;
	uint32_t reserved;
	uint64_t copies;
	uint64_t copied_bytes;
	uint64_t freed[8]; /* RKN_LIFE_BUCKETS: shares, not counts */
};
static_assert(sizeof(struct rkn_lives) == 88, "lives changed size");

enum rkn_mapping_kind {
	RKN_MAPPING_OTHER = 0,  /* anonymous memory */
	RKN_MAPPING_HEAP = 1,   /* below the break */
	RKN_MAPPING_STACK = 2,  /* a thread's stack is in it */
	RKN_MAPPING_MODULE = 3, /* of a module's file, or data of its that
				   began as zeros */
	RKN_MAPPING_FILE = 4,   /* of another file, or shared */
	RKN_MAPPING_KERNEL = 5, /* the kernel's code and data for programs */
};

#define RKN_NOT_KNOWN UINT64_MAX /* so many bytes are not known */

/* What the kernel held of a mapping at the snapshot, or of a part: refknot's own
 * memory is left out. */
struct rkn_mapping {
	uint64_t start;
	uint64_t end;
	uint64_t resident; /* bytes in memory; RKN_NOT_KNOWN */
	uint64_t swapped;  /* bytes; as far as that is known */
	uint32_t kind;     /* enum rkn_mapping_kind */
	uint32_t name;     /* text: the end of a file's path, or what it is
			      called otherwise; of FILE and OTHER only */
};
static_assert(sizeof(struct rkn_mapping) == 40, "mapping changed size");

/* Pages in memory side by side, of private memory that is not a file's. There are
 * none if that is not known. */
struct rkn_pages {
	uint64_t start;
	uint64_t end;
};
static_assert(sizeof(struct rkn_pages) == 16, "pages changed size");

/* Memory in which one of glibc's arenas divides chunks. */
struct rkn_arena {
	uint64_t start;
	uint64_t end;
	uint64_t top;    /* where what was not handed out yet begins; 0: in
			    another part of the arena */
	uint32_t number; /* of the arena; 0: the first */
	uint32_t reserved;
};
static_assert(sizeof(struct rkn_arena) == 32, "arena changed size");

/*
 * A block to which glibc gave more than its size asks for: a chunk takes that
 * and 8 bytes, 32 at least and a multiple of 16.
 */
struct rkn_slack {
	uint32_t block;
	uint32_t more; /* bytes; UINT32_MAX: so many, or more */
};
static_assert(sizeof(struct rkn_slack) == 8, "slack changed size");

/* What the program mapped itself from one place, by mmap() and the like. */
struct rkn_mapped_site {
	uint32_t stack;      /* of record 0, which has the sums of all: 0 */
	uint32_t live;       /* mappings that were not unmapped */
	uint64_t calls;      /* that made one; mremap() too */
	uint64_t bytes;      /* of all these, in whole pages */
	uint64_t live_bytes; /* not unmapped */
	uint64_t peak_bytes; /* the most of them at the same time */
	uint64_t missed;     /* record 0: calls that could not be noted */
};
static_assert(sizeof(struct rkn_mapped_site) == 48, "mapped site changed size");

enum rkn_mapped_flag {
	RKN_MAPPED_FILE = 1u << 0, /* not anonymous */
	RKN_MAPPED_SHARED = 1u << 1,
	RKN_MAPPED_HIDDEN = 1u << 2, /* without access, when it was made */
	RKN_MAPPED_FIXED = 1u << 3,  /* where the program wanted it */
	RKN_MAPPED_BREAK = 1u << 4,  /* by brk() or sbrk() */
	RKN_MAPPED_NEAR = 1u << 5,   /* near an address that it named */
	RKN_MAPPED_UNHELD = 1u << 6, /* the snapshot found no word that may lead
					to it */
	RKN_MAPPED_BESIDE = 1u << 7, /* nor to this one, but it lies directly
					above one of the same call to which there
					is a word: it is not judged */
};

/* A mapping of the program's own, or what is left of one. */
struct rkn_mapped {
	uint64_t start;
	uint64_t end;
	uint32_t site;
	uint32_t flags; /* enum rkn_mapped_flag */
	uint32_t thread;
	uint32_t reserved;
};
static_assert(sizeof(struct rkn_mapped) == 32, "mapped changed size");

enum rkn_content_flag {
	RKN_CONTENT_TEXT = 1u << 0, /* `used` bytes of text, and then zeros */
};

/* What a block holds, if that was asked for. Equal hashes and `used` mean equal
 * bytes, in this recording only. */
struct rkn_content {
	uint64_t hash; /* of the first `used` bytes */
	uint64_t used; /* up to the last byte that is not 0 */
	uint32_t block;
	uint32_t flags; /* enum rkn_content_flag */
};
static_assert(sizeof(struct rkn_content) == 24, "content changed size");

#endif
