/* SPDX-License-Identifier: MIT */
/*
 * What is wrong, from one recording's blocks, edges and roots; the steps are in
 * docs/architecture.md. Each block belongs to at most one finding.
 *
 * Roots reach a block over exact pointers (to a block's start) and over
 * pointers past a header (findings_reach.c finds out which those are). A block
 * that only other interior pointers hold may have leaked. All else is lost: the
 * source components of what is lost are the findings; they hold what they
 * reach.
 */
#ifndef FINDINGS_H
#define FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "obstacle.h"
#include "reading.h"

/* clang-format off */
/*
 * The kinds, worst first, each with the columns of struct finding_kind_row. What
 * a format or another table knows of a kind is a switch without a default, so that
 * it does not compile while a kind is not in it.
 */
#define FINDING_KIND_ROWS(ROW) \
	ROW(FINDING_CYCLE, "orphaned-cycle", "ORPHANED CYCLE", \
	    "orphaned cycle", "orphaned cycles", "high", "medium") \
	/* a release is missing */ \
	ROW(FINDING_REFERENCE, "leaked-reference", "LEAKED REFERENCE", \
	    "leaked reference", "leaked references", "high", "medium") \
	ROW(FINDING_LEAK, "leak", "LEAK", \
	    "leak", "leaks", "high", "medium") \
	/* in use, but its count exceeds the pointers to it */ \
	ROW(FINDING_OVER, "over-retained", "OVER-RETAINED", \
	    "over-retained type", "over-retained types", "high", "medium") \
	/* more holders than counted */ \
	ROW(FINDING_UNDER, "under-retained", "UNDER-RETAINED", \
	    "under-retained type", "under-retained types", "high", "high") \
	ROW(FINDING_RELEASED_AT_ZERO, "release-at-zero", "RELEASE AT ZERO", \
	    "release at zero", "releases at zero", "high", "high") \
	ROW(FINDING_ON_FREED, "reference-on-freed", "REFERENCE ON A FREED OBJECT", \
	    "reference on a freed object", "references on freed objects", "high", "high") \
	ROW(FINDING_FREED_HELD, "freed-while-held", "FREED WHILE HELD", \
	    "object freed while held", "objects freed while held", "high", "high") \
	/* gave away what it did not have */ \
	ROW(FINDING_WRONG_HOLDER, "wrong-holder", "WRONG HOLDER", \
	    "wrong holder", "wrong holders", "high", "medium") \
	ROW(FINDING_ZERO, "zero-not-freed", "ZERO BUT NOT FREED", \
	    "type at zero but not freed", "types at zero but not freed", "high", "high") \
	/* held by an interior pointer only */ \
	ROW(FINDING_POSSIBLE, "possible-leak", "POSSIBLE LEAK", \
	    "possible leak", "possible leaks", "low", "low")

/* clang-format on */
#define FINDING_KIND_ENUM(kind, ...) kind,
#define FINDING_KIND_ONE(...)        +1

enum finding_kind { FINDING_KIND_ROWS(FINDING_KIND_ENUM) };

/* How many there are; no enumerator, since a switch has no case for it. */
#define FINDING_KINDS (FINDING_KIND_ROWS(FINDING_KIND_ONE))

struct finding_kind_row {
	const char *name;       /* "orphaned-cycle" */
	const char *title;      /* of a card */
	const char *noun;       /* "orphaned cycle": one, for people */
	const char *plural;     /* "orphaned cycles" */
	const char *confidence; /* see finding_confidence */
	const char *doubted;    /* the same when pointers may be unseen, or a
				   release meant for another reference */
};

extern const struct finding_kind_row finding_kinds[FINDING_KINDS];

enum finding_evidence {
	FINDING_BY_SCAN = 1,     /* pointers in memory */
	FINDING_BY_DECLARED = 2, /* what the program says about holders */
	FINDING_BY_COUNTS = 4,   /* numbers of references */
	FINDING_BY_LEDGER = 8,   /* calls that were made */
	FINDING_EVIDENCES = 4,   /* how many there are */
};

/*
 * Instances that are alike are one finding: leaks by call stack (as a reader
 * sees it, see stack_hash.h); cycles by the set of pointers that they
 * consist of, each as (stack, offset, stack pointed to, offset there), so that
 * rings and lists of any length are one finding.
 */
struct finding {
	enum finding_kind kind;
	uint32_t stack;   /* of the first member */
	uint64_t count;   /* instances */
	uint64_t objects; /* leaked blocks or cycle members, all instances */
	uint64_t bytes;   /* of them */
	uint64_t held_objects; /* what they keep, each block in one finding */
	uint64_t held_bytes;
	uint64_t shared_objects; /* of the held: other findings hold them too */
	uint64_t shared_bytes;
	bool elsewhere;       /* it holds blocks that are counted for another */
	uint64_t held_cycles; /* cycles among what is held */
	uint64_t held_cycle_objects; /* blocks in them */
	uint64_t least;    /* members of the smallest instance; of a leak 1 */
	uint64_t most;     /* of the largest */
	uint32_t shown;    /* head of the instance that is shown: the largest
				that is drawn whole, the oldest of these; if
				none can be, the oldest of all */
	uint32_t *members; /* blocks of the instance shown, its head first,
				then outwards along the pointers; a leak has
				one */
	size_t member_count;
	uint32_t *member_objects; /* the object that each member is; NULL: the
				     one that its block is, see finding_object */
	uint32_t *instances; /* head of every instance; of the first, the head
				was allocated first */
	/* What holds members[0] of a possible leak: an index into m->roots, or
	 * if that is RKN_NONE into m->edges; else both are RKN_NONE. */
	uint32_t held_by_root;
	uint32_t held_by_edge;
	unsigned evidence; /* enum finding_evidence */
	bool doubted; /* it rests on a guess about whose reference is left */
	bool twin;    /* another has the same functions and lines: its columns
		      tell it apart */
	bool pointed_at; /* a cycle by declared edges that pointers lead to */
	/* References: leaked; above the pointers to it, or missing; left when
	 * it was freed. Of all instances. */
	uint64_t references;
	/* Indices into the model's arrays; RKN_NONE if there is none. Of a
	 * cycle: the reference that closed it, or if no named reference did,
	 * the pointer (an edge) that may have, to an object with references
	 * without a named holder; the release that orphaned it (an event of
	 * `orphaned_object`), and the reference that is best given back, with
	 * what that would free. Of a leaked reference whose holder has ended:
	 * which it is. Of wrong use: the first error. */
	uint32_t reference;
	uint32_t undeclared;
	uint32_t orphaned;
	uint32_t orphaned_object;
	uint32_t hint;
	uint64_t hint_objects;
	uint64_t hint_bytes;
	uint32_t error;
	/* Objects that ended without giving back references on what this is
	 * about: how many, the first few, and how many references. */
	uint64_t ended_count;
	uint32_t ended[3]; /* FINDING_HOLDERS */
	uint64_t ended_references;
	uint32_t last;      /* of the objects counted, the newest number; 0 */
	char signature[32]; /* "4cf4fbe1a7df56a3.2"; "" until findings_sign */
};

#define FINDING_HOLDERS 3  /* that are named */
#define FINDING_DRAWN   12 /* most members of a cycle that are drawn */

struct findings {
	struct finding *list; /* worst first */
	size_t count;
	bool checked;    /* false: nothing could be judged */
	const char *why; /* one clause if not checked, else NULL; lives as long
			    as this, or in `text` */
	char text[OBSTACLE_SIZE];
	/* What only memory held that the program unmapped at its very end: not
	 * a finding, since it was in use until then. */
	uint64_t gone_objects, gone_bytes;
	uint32_t *owner; /* per block: 1 + index of its finding; 0: none */
};

/*
 * Judges `in->m`, which must outlive the result; needs no names. `in->symbols`
 * NULL: without symbols, which is quick but may count one finding as several.
 * Dies when out of memory.
 */
void findings_make(struct findings *f, const struct reading *in);
void findings_release(struct findings *f);

/*
 * Give each finding its signature, 16 hex digits: equal in two runs, builds or
 * machines for equal kinds, types of objects and functions on the stacks,
 * whatever the addresses, lines, offsets and counts; see findings_sign.c. No
 * two findings have the same one: those alike are numbered in the order of the
 * code, from the second on: ".2".
 */
void findings_sign(struct findings *f, const struct reading *in);

extern const char *const finding_evidence_names[FINDING_EVIDENCES];

/*
 * What is lost by `f` and nothing else: it itself and what only it holds, over
 * all instances. False if it loses nothing: what is in use, or used wrongly.
 */
bool finding_retains(const struct finding *f, uint64_t *objects,
		     uint64_t *bytes);

/* The object that member `i` is; 0: it is a block. */
uint32_t finding_object(const struct finding *f, const struct names *n,
			size_t i);

/*
 * The objects whose references `f` is about, of all its instances, `most` at
 * most: of a cycle those shown that have references without a named holder, if
 * it does not explain all of these. Returns their number.
 */
size_t finding_counted(const struct finding *f, const struct reading *in,
		       uint32_t *objects, size_t most);

/* The type of the first member, or of what was used wrongly; lives as long as
 * `in->names`. */
const char *finding_type(const struct finding *f, const struct reading *in);

/* "high"; "medium" if `m` says that pointers may not have been seen, as one of
 * them may hold the block, or if it rests on a guess; "low" for possible leaks.
 */
const char *finding_confidence(const struct finding *f, const struct model *m);

#endif
