/* SPDX-License-Identifier: MIT */
/*
 * A finding as a gate sees it: by itself, without the recording that it came
 * from, and one for all processes in which it was found at the same lines.
 * Texts are as the program has them: writers escape them.
 */
#ifndef ISSUE_H
#define ISSUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apart.h"
#include "findings.h"
#include "frame_lines.h"
#include "issue_stack.h"
#include "suppress.h"
#include "takers.h"

enum issue_state {
	ISSUE_NEW,
	ISSUE_KNOWN,      /* in the baseline */
	ISSUE_GROWN,      /* in the baseline, but there is more of it now */
	ISSUE_SUPPRESSED, /* see `by` */
};

struct issue_member {
	char *name; /* "Session#17", "malloc in node_new#1" */
	uint64_t bytes;
	uint64_t offset; /* of its pointer to the next one (the last's: to the
			    first) */
};

struct issue {
	char *signature;  /* as in refknot report; after baseline_apply as the
			    baseline has it. No two issues share one */
	size_t recording; /* the last that has it, from 1 */
	struct frame_lines lines;
	char *other;   /* how the nearest accepted one differs, a clause; NULL:
			none is near, or it is accepted itself */
	bool kin;      /* it is accepted, but its signature is another, or it is
			at other lines */
	char *differs; /* of kin: "yaml_malloc", only by what; NULL: by what
			  only debug information has */
	char *object_type; /* of an object of refknot.h; NULL: of others */
	struct takers
	    takers; /* of references that are left, in all processes */
	enum finding_kind kind;
	const char *confidence;
	char *type; /* "Session", "malloc in node_new" */
	/* As refknot report shows it, see report_card(). */
	char *heading, *card;
	uint64_t count, objects, bytes, held_objects, held_bytes;
	uint64_t references;
	/* [0]: where the block shown was allocated, or where the wrong call was
	 * made; then what else is known. */
	struct issue_stack *stacks;
	size_t stack_count;
	size_t place; /* the frame of stacks[0] that is to blame: the innermost
			 in the source tree, or no allocation wrapper */
	char *path;   /* its file within the source tree; NULL: outside */
	struct apart apart; /* from others that are shown; see gate_judge() */
	struct issue_member *members; /* of a cycle, those that are drawn */
	size_t member_count;
	size_t processes; /* in which it was found */
	bool unread;      /* calls are known by offset only: see unread.h */
	char *program;    /* of the first of them, path */
	char *name;       /* that it was started by */
	uint32_t pid;
	enum issue_state state;
	struct suppression *by;             /* NULL: not suppressed */
	bool by_own;                        /* its program's own, all of it */
	uint64_t known_count, known_bytes;  /* in the baseline */
	const struct baseline_entry *entry; /* in it; NULL: none */
	uint16_t *weights; /* scratch of baseline_kin.h, of each entry; NULL */
};

struct issues {
	struct issue *list; /* in the order of reports; after issues_sort the
			       worst first, the suppressed last */
	size_t count;
	size_t recordings;             /* that were added */
	const struct sources *sources; /* of the last; NULL: there are none */
};

/*
 * Adds the findings of a recording, which have their signatures; those in `s`
 * (NULL: nothing is suppressed) and in `own` (likewise), which the program
 * brings, as suppressed: in `own` what another program has, too, is not. An
 * issue that is there already is added up. `sources`: where the source tree is.
 */
void issues_add(struct issues *list, const struct findings *f,
		const struct reading *in, struct suppressions *s,
		struct suppressions *own, const struct sources *sources);
void issues_sort(struct issues *list);
/* "4cf4fbe1a7df56a3" of ".2" behind it: what says which functions; how many
 * characters of the signature. */
size_t issue_base(const char *signature);
void issues_release(struct issues *list);

/* "3 objects, 300 B, malloc in parse_header": what it is, in one clause. */
char *issue_summary(const struct issue *i);

/* Its type; where others have its line to blame, with what distinguishes it:
 * "malloc in make_copy at copy.c:4, called by load at main.c:12". */
char *issue_called(const struct issue *i);

/* As issue_summary(), with that. */
char *issue_headline(const struct issue *i);

/* The frame to blame; NULL: no frame is known. */
const struct issue_frame *issue_place(const struct issue *i);

/* Where to show it, and its file within the source tree (NULL: outside): the
 * place, or a caller of it if others have that place, too. */
const struct issue_frame *issue_site(const struct issue *i);
const char *issue_site_path(const struct issue *i);

#endif
